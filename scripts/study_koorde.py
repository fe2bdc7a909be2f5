"""Writes the table of docs/studies/koorde.md from results/koorde-vs-chord/cells.csv.

    torus-sim sweep scenarios/studies/koorde-vs-chord.toml
    python3 scripts/study_koorde.py
    python3 scripts/study_koorde.py --check    # exit code 1 if what is there is not what it would write

Needs nothing but Python.
"""

import csv
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CELLS = ROOT / "results" / "koorde-vs-chord" / "cells.csv"
PAGE = ROOT / "docs" / "studies" / "koorde.md"
BEGIN, END = "<!-- table: scripts/study_koorde.py -->\n", "<!-- end -->\n"
SESSIONS = ["bamboo-1.4m", "bamboo-5.8m", "bamboo-23m"]


def setting(cell):
    """A cell's protocol in words."""
    protocol = cell["protocol"]
    words = []
    if protocol == "koorde":
        pointers = cell["protocol.koorde.pointers"]
        words += [f"base {cell['protocol.koorde.base']}", f"{pointers} pointer{'' if pointers == '1' else 's'}"]
    words.append(f"{cell[f'protocol.{protocol}.successors']} successors")
    for key, text in (
        ("stabilize_every", "stabilisation every {}"),
        ("fix_pointers_every", "pointers every {}"),
        ("retries", "{} retries"),
    ):
        if value := cell.get(f"protocol.{protocol}.{key}"):
            words.append(text.format(value.replace("10s", "10 s")))
    return f"{protocol.capitalize()}, {', '.join(words)}"


def number(value, digits):
    """A number with so many digits after the point."""
    return f"{float(value):.{digits}f}"


def row(cell):
    """A line of the table."""
    failing = [number(100 * float(cell[key]), 2) for key in ("failure_rate", "failure_rate_low", "failure_rate_high")]
    columns = [
        cell["churn.preset"].removeprefix("bamboo-").replace("m", " min"),
        setting(cell),
        f"{failing[0]} [{failing[1]}, {failing[2]}]",
    ]
    for key, digits in (
        ("timeouts_mean", 3),
        ("hops_mean", 2),
        ("latency_ms_p50", 0),
        ("maintenance_bytes_per_node_s", 1),
        ("lookup_bytes_per_node_s", 1),
    ):
        columns.append(f"{number(cell[key], digits)} ± {number(cell[key + '_ci95'], digits)}")
    return "| " + " | ".join(columns) + " |\n"


def table():
    """The whole table."""
    with CELLS.open(newline="") as file:
        cells = list(csv.DictReader(file))
    head = ["median session", "setting", "failing [%]", "timeouts a lookup", "hops", "median latency [ms]"]
    head += ["upkeep [B/s]", "lookups [B/s]"]
    lines = ["| " + " | ".join(head) + " |\n", "|" + "---|" * len(head) + "\n"]
    for session in SESSIONS:
        lines += [row(cell) for cell in cells if cell["churn.preset"] == session]
    return "".join(lines)


def main():
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    written = before + BEGIN + table() + END + after
    if "--check" in sys.argv:
        sys.exit(0 if written == page else f"{PAGE.relative_to(ROOT)} is not what {CELLS.relative_to(ROOT)} says")
    PAGE.write_text(written)


if __name__ == "__main__":
    main()
