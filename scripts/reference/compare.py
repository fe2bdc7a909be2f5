"""Plays the same experiments with torus-sim and with the reference simulators, and holds their figures together.

    scripts/reference/compare.py target/release/torus-sim target/reference/release/torus-reference
    scripts/reference/compare.py PROGRAM REFERENCE chord-loss     # settings whose names begin so

A row for each figure: means over seeds, their difference, and its standard error. Exits with 1 if a figure differs by
more than the tolerance, if the seeds are too few to tell, or if another setting's figures would pass for a setting's.
"""

import argparse
import csv
import math
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile

from settings import DEFAULTS, SETTINGS

# How far means may lie apart, relative to the reference's.
TOLERANCE = 0.03
# The largest standard error of the difference with which that is a test.
LARGEST_ERROR = 0.01
# Rare events, named by a setting, may differ by so many standard errors, which may be so large.
RARE_ERRORS = 3.0
LARGEST_RARE_ERROR = 0.10

UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}


def seconds(text):
    """A duration of a scenario, in seconds."""
    number, unit = re.fullmatch(r"([0-9.]+)(ms|s|min|h)", text).groups()
    return float(number) * UNITS[unit]


def literal(value):
    """A value as a scenario has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {literal(inner)}" for key, inner in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value)


def plain(value):
    """A value as the reference simulators read it: durations in seconds, texts without quotes."""
    if isinstance(value, str) and re.fullmatch(r"[0-9.]+(ms|s|min|h)", value):
        return repr(seconds(value))
    return literal(value).strip('"')


def toml(table, path=()):
    """A scenario as text."""
    lines = [f"[{'.'.join(path)}]"] if path else []
    tables = []
    for key, value in table.items():
        if key == "event":
            tables += ["[[event]]\n" + "\n".join(f"{k} = {literal(v)}" for k, v in event.items()) for event in value]
        elif isinstance(value, dict):
            tables.append(toml(value, (*path, key)))
        else:
            lines.append(f"{key} = {literal(value)}")
    return "\n".join(lines + tables)


def options(scenario):
    """A scenario as options of the reference simulators."""
    (protocol, keys), = scenario["protocol"].items()
    network, measurement = scenario["network"], scenario["measurement"]
    (law, values), = network["latency"].items()
    given = dict(DEFAULTS[protocol], **keys, **scenario["population"], **scenario["workload"])
    given.update({key: value for key, value in network.items() if key != "latency"})
    given.update({key: measurement[key] for key in ("warmup", "duration")})
    given["delay"] = ",".join([law, *(str(seconds(value)) for value in values.values())])
    if "churn" in scenario:
        given["session"] = scenario["churn"]["session"]["exponential"]["mean"]
    for event in scenario.get("event", ()):
        given.update(crash_at=event["at"], crash_share=event["crash"]["fraction"])
    return [protocol, *(f"{key}={plain(value)}" for key, value in given.items())]


def play_reference(executable, scenario, seed):
    """The figures of a reference simulator for one seed."""
    command = [executable, *options(scenario), f"first_seed={seed}", "seeds=1"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    row, = csv.DictReader(text.splitlines())
    return {key: float(value) for key, value in row.items()}


def play_program(executable, scenario, seed):
    """The figures of torus-sim for one seed."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = os.path.join(folder, "scenario.toml"), os.path.join(folder, "out")
        with open(path, "w") as file:
            file.write(toml(scenario))
        command = [executable, "run", path, "--seed", str(seed), "--out", out, "--quiet", "--progress", "never"]
        subprocess.run(command, check=True)
        with open(os.path.join(out, "summary.csv")) as file:
            row, = csv.DictReader(file)
    return {key: float(value) for key, value in row.items() if re.fullmatch(r"-?[0-9.]+", value)}


def play(job):
    """One run of either."""
    player, *arguments = job
    return player(*arguments)


class Comparison:
    """A figure of one setting, over the seeds of both sides."""

    def __init__(self, program, reference, is_rare=False):
        self.program = statistics.fmean(program)
        self.reference = statistics.fmean(reference)
        variance = statistics.variance(program) / len(program) + statistics.variance(reference) / len(reference)
        self.error = math.sqrt(variance)
        self.is_rare = is_rare

    @property
    def difference(self):
        """Relative to the reference; of two zeros it is 0."""
        return self.relative(self.program - self.reference)

    @property
    def noise(self):
        """Standard error of the difference, relative to the reference."""
        return self.relative(self.error)

    def relative(self, value):
        return value / self.reference if self.reference else (math.copysign(math.inf, value) if value else 0.0)

    def verdict(self):
        """`same`, `differs`, or `noisy` if there are too few seeds to tell."""
        if self.noise > (LARGEST_RARE_ERROR if self.is_rare else LARGEST_ERROR):
            return "noisy"
        bound = RARE_ERRORS * self.noise if self.is_rare else TOLERANCE
        return "same" if abs(self.difference) <= bound else "differs"


def compare(program, reference, figures, rare=()):
    """A comparison for each figure; both sides are lists of figures by name, one for each seed."""
    return {name: Comparison([run[name] for run in program], [run[name] for run in reference], name in rare)
            for name in (*figures, *rare)}


def impostors(played, figures):
    """Pairs of settings such that the reference's figures of the second pass for the program's of the first."""
    return [(name, other) for name in played for other in played
            if name != other and figures[name] and set(figures[name]) <= set(played[other][1][0])
            and played[name][2] == played[other][2]
            and all(row.verdict() != "differs"
                    for row in compare(played[name][0], played[other][1], figures[name]).values())]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="path of torus-sim")
    parser.add_argument("reference", help="path of torus-reference")
    parser.add_argument("names", nargs="*", help="beginnings of names of settings; all without")
    arguments = parser.parse_args()
    chosen = [setting for setting in SETTINGS
              if setting["scenario"]["name"].startswith(tuple(arguments.names) or "")]
    jobs = [(player, executable, setting["scenario"], seed)
            for setting in chosen
            for player, executable in ((play_program, arguments.program), (play_reference, arguments.reference))
            for seed in range(1, setting["seeds"] + 1)]
    with multiprocessing.Pool() as pool:
        runs = pool.imap(play, jobs)
        played = {}
        for setting in chosen:
            sides = [[next(runs) for _ in range(setting["seeds"])] for _ in range(2)]
            played[setting["scenario"]["name"]] = (*sides, next(iter(setting["scenario"]["protocol"])))
    is_good = True
    for setting in chosen:
        name = setting["scenario"]["name"]
        print(f"\n{name}, {setting['seeds']} seeds")
        print(f"  {'figure':36} {'torus-sim':>12} {'reference':>12} {'difference':>11} {'error':>8}")
        rows = compare(*played[name][:2], setting["figures"], setting["rare"])
        for figure, row in rows.items():
            verdict = row.verdict()
            is_good &= verdict == "same"
            print(f"  {figure:36} {row.program:12.5f} {row.reference:12.5f} {row.difference:+10.2%} {row.noise:8.2%}"
                  f"{'  rare' if row.is_rare else ''}{'' if verdict == 'same' else '  ' + verdict.upper()}")
    for name, other in impostors(played, {setting["scenario"]["name"]: setting["figures"] for setting in chosen}):
        print(f"\n{name} would pass with the figures of {other}: NO TEST")
        is_good = False
    print("\nBoth agree." if is_good else "\nNot all is as it should be.")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
