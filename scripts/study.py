"""Puts the results of scenarios/studies/chord-vs-kademlia*.toml into docs/studies/chord-vs-kademlia.md and pictures.

    torus-sim sweep scenarios/studies/chord-vs-kademlia.toml
    torus-sim sweep scenarios/studies/chord-vs-kademlia-long.toml
    torus-sim sweep scenarios/studies/chord-vs-kademlia-large.toml
    python3 scripts/study.py
    python3 scripts/study.py --check    # exit code 1 if what is there is not what it would write

Needs nothing but Python. The page's tables are written between their marks, the pictures to docs/pictures/.

The best of many noisy means is too good. So settings are chosen by the first half of the replicates, and every figure
that is shown comes from the second half, of which the choice knows nothing. The settings of the large network were
chosen by the first half of the small one, so all of its replicates are shown.
"""

import csv
import math
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results"
SMALL = ["chord-vs-kademlia", "chord-vs-kademlia-long"]
LARGE = "chord-vs-kademlia-large"
PAGE = ROOT / "docs" / "studies" / "chord-vs-kademlia.md"
PICTURES = ROOT / "docs" / "pictures"

SESSION = "churn.preset"
COLOURS = {"chord": "#0072b2", "kademlia": "#d55e00"}
NAMES = {"chord": "Chord", "kademlia": "Kademlia"}
MAINTENANCE, LOOKUPS = "maintenance_bytes_per_node_s", "lookup_bytes_per_node_s"
PINGS = "maintenance_ping_bytes_per_node_s"
USABLE = 0.02
"""Latency is compared among settings that fail at most so often: a wrong answer can be quick."""
COSTS = {
    "maintenance": "maintenance [bytes a node and s]",
    "total": "all traffic [bytes a node and s]",
}
BUDGETS = [5, 10, 20, 40, 80]


def mean_ci(values):
    """Mean, and the ends of its 95 % interval (Student t)."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    half = student_t(len(values) - 1) * math.sqrt(variance / len(values))
    return mean, mean - half, mean + half


def share_ci(rates, trials):
    """Mean of rates that may be 0, and the ends of its 95 % interval: that of cells.csv (src/sweep/rates.rs)."""
    count, mean = len(rates), sum(rates) / len(rates)
    all_trials = count * count / sum(1 / number for number in trials)
    nothing_seen = -math.expm1(math.log(0.025) / all_trials)
    if mean == 0:
        return 0.0, 0.0, nothing_seen
    if mean > 0.5:
        _, low, high = share_ci([1 - rate for rate in rates], trials)
        return mean, 1 - high, 1 - low
    chance = sum(mean * (1 - mean) / number for number in trials) / (count * count)
    spread = sum((rate - mean) ** 2 for rate in rates) / (count - 1) / count
    degrees, by_chance = count - 1, 10 * count * chance / (mean * mean * (1 - mean))
    variance = (by_chance * chance + degrees * spread) / (by_chance + degrees)
    stretch = student_t(degrees + 3 * by_chance) / 1.959963984540054
    trials = mean * (1 - mean) / (variance * stretch * stretch)
    events = mean * trials

    def rate_at(low, high, tail):
        """The rate at which the count has the probability `tail` from itself upwards, itself by half."""
        for _ in range(100):
            middle = (low + high) / 2
            above = sum(incomplete_beta(middle, events + more, trials - events - more + 1) for more in (0, 1)) / 2
            low, high = (low, middle) if above >= tail else (middle, high)
        return (low + high) / 2

    low = rate_at(0, mean, 0.05)
    low = low if low < nothing_seen else max(rate_at(0, mean, 0.025), nothing_seen)
    return mean, low, rate_at(mean, min(1.0, (events + 10 * math.sqrt(events) + 20) / trials), 0.975)


def student_t(degrees):
    """The 97.5 % quantile of Student's t distribution."""
    low, high = 1.9, 13.0
    for _ in range(100):
        middle = (low + high) / 2
        tail = incomplete_beta(degrees / (degrees + middle * middle), degrees / 2, 0.5) / 2
        low, high = (low, middle) if tail <= 0.025 else (middle, high)
    return (low + high) / 2


def incomplete_beta(x, a, b):
    """The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(1 - x, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, 20_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for coefficient in (even, odd):
            d = 1 / (1 + coefficient * d)
            c = 1 + coefficient / c
            fraction *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return math.exp(front) * fraction / a


class Half:
    """Runs of a setting that serve the same purpose."""

    def __init__(self, runs):
        self.replicates = [int(run["replicate"]) for run in runs]
        maintenance = [float(run[MAINTENANCE]) for run in runs]
        total = [cost + float(run[LOOKUPS]) for cost, run in zip(maintenance, runs)]
        self.values = {
            "maintenance": maintenance,
            "total": total,
            "ping": [float(run[PINGS] or 0) for run in runs],
            "failure": [float(run["failure_rate"]) for run in runs],
            "latency": [float(run["latency_ms_p50"] or "nan") for run in runs],
        }
        self.estimates = {name: mean_ci(values) for name, values in self.values.items()}
        self.estimates["failure"] = share_ci(self.values["failure"], [judged(run) for run in runs])

    def mean(self, figure):
        return self.estimates[figure][0]


class Cell:
    """A setting of a protocol at a session time: the runs by which it is chosen, and those that are shown."""

    def __init__(self, runs, keys, chosen_by=0.5):
        runs = sorted(runs, key=lambda run: int(run["replicate"]))
        self.protocol = runs[0]["protocol"]
        self.nodes = int(runs[0]["nodes"])
        self.session = runs[0][SESSION].removeprefix("bamboo-")
        self.setting = {key: runs[0][key] for key in keys if key.startswith("protocol.") and runs[0][key]}
        middle = int(chosen_by * len(runs))
        self.choice = Half(runs[:middle]) if middle else None
        self.shown = Half(runs[middle:])

    def describe(self):
        """The setting in few words."""
        value = {key.rsplit(".", 1)[1]: text for key, text in self.setting.items()}
        if self.protocol == "chord":
            words = [f"{value['stabilize_every']}/{value['fix_fingers_every']}/{value['check_predecessor_every']}"]
            words += [f"{value['successors']} successors"] if value["successors"] != "8" else []
            words += ["plain"] if value["confirm_owner"] == "false" else []
            words += ["recursive"] if value["routing"] == "recursive" else []
            return ", ".join(words)
        upkeep = [f"refresh {value['refresh_after']}"]
        upkeep += [f"ping {value['ping_every']}"] if value["ping_every"] != "never" else []
        narrow = f"/{value['answers']}" if value["answers"] != value["k"] else ""
        return f"k {value['k']}{narrow}, results {value['results']}, alpha {value['alpha']}, {', '.join(upkeep)}"


def judged(run):
    """Lookups of a run that were answered or failed."""
    return int(run["lookups"]) - int(run["aborted"])


def load(sweeps, chosen_by=0.5):
    rows = []
    for sweep in sweeps:
        with open(RESULTS / sweep / "failures.csv", newline="") as file:
            rows += csv.DictReader(file)
    keys = [key for key in rows[0] if key.startswith("protocol.")]
    groups = {}
    for row in rows:
        groups.setdefault((row[SESSION], *(row[key] for key in keys)), []).append(row)
    return [Cell(runs, keys, chosen_by) for runs in groups.values()]


def sessions(cells):
    return sorted({cell.session for cell in cells}, key=lambda text: float(text.rstrip("m")))


def hull(points):
    """The lower left of the convex hull, from the cheapest point to the lowest: indices of the points."""
    chain = []
    for index in sorted(range(len(points)), key=points.__getitem__):
        x, y = points[index]
        while len(chain) >= 2:
            (ax, ay), (bx, by) = points[chain[-2]], points[chain[-1]]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            chain.pop()
        chain.append(index)
    lowest = min(range(len(chain)), key=lambda place: points[chain[place]][1], default=0)
    return chain[: lowest + 1]


def of(cells, protocol, session, figure="failure"):
    """The cells that may be chosen for a figure."""
    cells = [cell for cell in cells if (cell.protocol, cell.session) == (protocol, session)]
    return [cell for cell in cells if figure != "latency" or cell.choice.mean("failure") <= USABLE]


def best(cells, protocol, session, figure, cost, budget):
    """The setting with the least of a figure among those that cost at most the budget, by the runs for choosing."""
    affordable = [cell for cell in of(cells, protocol, session, figure) if cell.choice.mean(cost) <= budget]
    return min(affordable, key=lambda cell: cell.choice.mean(figure), default=None)


# ---- tables ----------------------------------------------------------------------------------------------------------


def amount(figure, estimate, sign=False):
    """A mean and its interval in few digits."""
    factor, unit = {"failure": (100, " %"), "latency": (1, " ms")}.get(figure, (1, ""))
    mean, low, high = (factor * value for value in estimate)
    least = 0 if figure == "latency" else 1
    width = max(high - low, 1e-9) / 2
    digits = max(least, min(4, 1 - math.floor(math.log10(width))))
    plus = "+" if sign and mean > 0 else ""
    return f"{plus}{mean:.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"


def budget_table(cells, figure, cost):
    lines = [
        "| median session | bytes a node and second | Chord | Kademlia | Kademlia - Chord, in pairs |",
        "|---|---|---|---|---|",
    ]
    for session in sessions(cells):
        for budget in BUDGETS:
            pair = [best(cells, protocol, session, figure, cost, budget) for protocol in NAMES]
            if not any(pair):
                continue
            shown = [amount(figure, cell.shown.estimates[figure]) if cell else "" for cell in pair]
            difference = ""
            if all(pair):
                # Only what both have: a replicate faces the same churn and lookups in both.
                one, other = (dict(zip(cell.shown.replicates, cell.shown.values[figure])) for cell in pair)
                both = [other[replicate] - one[replicate] for replicate in one if replicate in other]
                difference = amount(figure, mean_ci(both), sign=True) if len(both) > 1 else ""
            lines.append(f"| {session[:-1]} min | {budget} | {shown[0]} | {shown[1]} | {difference} |")
    return "\n".join(lines) + "\n"


GOALS = {"1.4m": 0.03, "5.8m": 0.01, "23m": 0.003, "94m": 0.001}


def goal_table(cells):
    """What it costs to fail at most so often."""
    lines = [
        "| median session | failing at most | protocol | maintenance [B/s] | total [B/s] | failure rate | setting |",
        "|---|---|---|---|---|---|---|",
    ]
    for session in sessions(cells):
        goal = GOALS.get(session, USABLE)
        for protocol in NAMES:
            good = [cell for cell in of(cells, protocol, session, "failure") if cell.choice.mean("failure") <= goal]
            begin = f"| {session[:-1]} min | {100 * goal:g} % | {NAMES[protocol]} "
            # The same setting may be the cheapest by either cost.
            cheapest = {cost: min(good, key=lambda cell: cell.choice.mean(cost)) for cost in COSTS if good}
            for cell in dict.fromkeys(cheapest.values()):
                row = []
                for cost in COSTS:
                    mark = "**" if cheapest[cost] is cell else ""
                    row.append(f"{mark}{amount(cost, cell.shown.estimates[cost])}{mark}")
                row += [amount("failure", cell.shown.estimates["failure"]), cell.describe()]
                lines.append(f"{begin}| {' | '.join(row)} |")
            if not good:
                lines.append(f"{begin}| | | | none of the settings |")
    return "\n".join(lines) + "\n"


def size_table(small, large):
    """The same settings in a small and in a large network."""
    lines = [
        "| median session | protocol and setting | nodes | maintenance [B/s] | total [B/s] | failure rate | latency |",
        "|---|---|---|---|---|---|---|",
    ]
    for session in sessions(large):
        for cell in (cell for protocol in NAMES for cell in of(large, protocol, session)):
            same = [other for other in small if (other.session, other.setting) == (session, cell.setting)]
            for one in same + [cell]:
                names = ("maintenance", "total", "failure", "latency")
                figures = [amount(name, one.shown.estimates[name]) for name in names]
                what = f"{NAMES[one.protocol]}: {one.describe()}" if one is not cell or not same else ""
                time = f"{session[:-1]} min" if what else ""
                lines.append(f"| {time} | {what} | {one.nodes:,} | {' | '.join(figures)} |")
    return "\n".join(lines) + "\n"


def ping_table(cells):
    """What the pace at which predecessors are pinged costs, and brings: pairs of settings alike in all else."""
    lines = [
        "| median session | setting | pinged every | pings [B/s] | maintenance [B/s] | failure rate |",
        "|---|---|---|---|---|---|",
    ]
    key = "protocol.chord.check_predecessor_every"
    for session in sessions(cells):
        groups = {}
        for cell in of(cells, "chord", session, "failure"):
            rest = tuple((name, text) for name, text in cell.setting.items() if name != key)
            groups.setdefault(rest, []).append(cell)
        for group in groups.values():
            for cell in group if len(group) > 1 else []:
                figures = [amount(name, cell.shown.estimates[name]) for name in ("ping", "maintenance", "failure")]
                pace = cell.describe().split("/")[0]
                lines.append(f"| {session[:-1]} min | {pace} | {cell.setting[key]} | {' | '.join(figures)} |")
    return "\n".join(lines) + "\n"


def put(page, name, table):
    begin, end = f"<!-- table {name}: scripts/study.py -->\n", f"<!-- end of {name} -->\n"
    before, rest = page.split(begin)
    _, after = rest.split(end)
    return before + begin + table + end + after


# ---- pictures --------------------------------------------------------------------------------------------------------

WIDTH, HEIGHT = 230, 190
TICKS = [step * 10.0**power for power in range(-6, 6) for step in (1, 2, 5)]


class Scale:
    """A logarithmic axis: values to pixels."""

    def __init__(self, low, high, start, length):
        self.low, self.high, self.start, self.length = low, high, start, length

    def __call__(self, value):
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return self.start + self.length * min(share, 1.0)

    def ticks(self, most):
        inside = [tick for tick in TICKS if self.low * 0.999 <= tick <= self.high * 1.001]
        decades = [tick for tick in inside if math.isclose(math.log10(tick) % 1, 0, abs_tol=1e-9)]
        return inside if len(inside) <= most else decades


def label(figure, value):
    return f"{100 * value:g} %" if figure == "failure" else f"{value:g}"


def panel(cells, session, figure, cost, x, y):
    parts = []
    for tick in x.ticks(7):
        parts.append(f'<path d="M{x(tick):.1f} {y.start}v{y.length}" stroke="#ddd"/>')
        parts.append(f'<text x="{x(tick):.1f}" y="{y.start + 15}" text-anchor="middle">{tick:g}</text>')
    for tick in y.ticks(9):
        parts.append(f'<path d="M{x.start} {y(tick):.1f}h{x.length}" stroke="#ddd"/>')
        text = label(figure, tick)
        parts.append(f'<text x="{x.start - 5}" y="{y(tick) + 4:.1f}" text-anchor="end">{text}</text>')
    top = y.start + y.length
    parts.append(f'<rect x="{x.start}" y="{top}" width="{x.length}" height="{-y.length}" fill="none" stroke="#999"/>')
    parts.append(f'<text x="{x.start}" y="{top - 8}" font-weight="bold">sessions of {session[:-1]} min</text>')
    for protocol, colour in COLOURS.items():
        usable = of(cells, protocol, session, figure)
        # Which settings are on the edge the first half says, where they lie the second.
        points = [cell for cell in usable if cell.choice.mean(figure) > 0]
        chain = hull([(math.log(cell.choice.mean(cost)), math.log(cell.choice.mean(figure))) for cell in points])
        ends = [(points[index].shown.mean(cost), points[index].shown.mean(figure)) for index in chain]
        path = "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in ends)
        if path:
            parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for cell in of(cells, protocol, session, "failure"):
            (a, left, right), (b, low, high) = cell.shown.estimates[cost], cell.shown.estimates[figure]
            if not (b > 0 and y.low <= b <= y.high):
                continue
            fill = colour if cell in usable else "white"
            bars = f"M{x(left):.1f} {y(b):.1f}H{x(right):.1f}M{x(a):.1f} {y(low):.1f}V{y(high):.1f}"
            parts.append(f'<path d="{bars}" stroke="{colour}" stroke-opacity="0.5"/>')
            circle = f'cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" fill="{fill}" stroke="{colour}"'
            parts.append(f"<circle {circle}><title>{NAMES[protocol]}: {cell.describe()}</title></circle>")
    return parts


def draw(cells, figure, what):
    """A row of panels for each kind of cost, a column for each session time."""
    columns = sessions(cells)
    low = min(cell.shown.mean(cost) for cell in cells for cost in COSTS) / 1.3
    high = max(cell.shown.mean(cost) for cell in cells for cost in COSTS) * 1.3
    usable = [cell for protocol in NAMES for session in columns for cell in of(cells, protocol, session, figure)]
    values = [cell.shown.mean(figure) for cell in usable if cell.shown.mean(figure) > 0]
    bottom, top = min(values) / 1.5, max(values) * 1.3
    width, height = 70 + len(columns) * (WIDTH + 60), 40 + len(COSTS) * (HEIGHT + 80)
    font = 'font-family="sans-serif" font-size="12"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {font}>']
    parts.append(f'<rect width="{width}" height="{height}" fill="white"/>')
    left = 65
    for protocol, colour in COLOURS.items():
        parts.append(f'<circle cx="{left}" cy="18" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{left + 10}" y="22">{NAMES[protocol]}</text>')
        left += 100
    parts.append(f'<text x="{left}" y="22">{what}</text>')
    for row, (cost, title) in enumerate(COSTS.items()):
        base = 60 + row * (HEIGHT + 80) + HEIGHT
        for column, session in enumerate(columns):
            x = Scale(low, high, 65 + column * (WIDTH + 60), WIDTH)
            parts += panel(cells, session, figure, cost, x, Scale(bottom, top, base, -HEIGHT))
            parts.append(f'<text x="{x.start + WIDTH / 2:.0f}" y="{base + 32}" text-anchor="middle">{title}</text>')
    return "\n".join(parts) + "\n</svg>\n"


def made():
    """The page and the pictures: paths and what belongs there."""
    cells = load(SMALL)
    page = PAGE.read_text()
    page = put(page, "goals", goal_table(cells))
    page = put(page, "pings", ping_table(cells))
    page = put(page, "sizes", size_table(cells, load([LARGE], chosen_by=0)))
    for figure, cost in [("failure", "maintenance"), ("failure", "total"), ("latency", "total")]:
        page = put(page, f"{figure}-{cost}", budget_table(cells, figure, cost))
    failures = "share of lookups that failed, with 95 % intervals"
    latency = f"median latency [ms], with 95 % intervals; hollow: more than {100 * USABLE:g} % of the lookups fail"
    return {
        PAGE: page,
        PICTURES / "chord-vs-kademlia-failures.svg": draw(cells, "failure", failures),
        PICTURES / "chord-vs-kademlia-latency.svg": draw(cells, "latency", latency),
    }


def main():
    only_check = sys.argv[1:] == ["--check"]
    stale = 0
    for path, text in made().items():
        if not only_check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path.relative_to(ROOT)} is not what scripts/study.py makes of the results", file=sys.stderr)
            stale += 1
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
