"""Puts docs/performance.csv, as `torus-sim bench --csv` wrote it, into docs/performance.md and a picture.

Needs nothing but Python. Run by scripts/performance.sh.
"""

import csv
import math
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
BEGIN, END = "<!-- table: scripts/performance.sh -->\n", "<!-- end of table -->\n"
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"]


def rows():
    with open(DOCS / "performance.csv", newline="") as file:
        return list(csv.DictReader(file))


def table(rows):
    lines = [
        "| protocol | nodes | events/s | of the smallest | bytes/node | built in [s] | fingerprint |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        same = [other for other in rows if other["protocol"] == row["protocol"]]
        smallest = min(same, key=lambda other: int(other["nodes"]))
        ratio = float(row["events_per_s"]) / float(smallest["events_per_s"])
        memory = f"{float(row['bytes_per_node']):,.0f}" if row["bytes_per_node"] else ""
        lines.append(
            f"| {row['protocol']} | {int(row['nodes']):,} | {float(row['events_per_s']) / 1e6:.2f} M | {ratio:.2f} | "
            f"{memory} | {float(row['build_s']):.3g} | `{row['fingerprint'][:12]}` |"
        )
    return "\n".join(lines) + "\n"


def panel(rows, column, title, left, unit):
    """Points and lines of a column over nodes, both logarithmic, in a box of 300 by 220 at `left`."""
    points = [(row["protocol"], int(row["nodes"]), float(row[column]) / unit) for row in rows if row[column]]
    low_x, high_x = (f(nodes for _, nodes, _ in points) for f in (min, max))
    low_y, high_y = (f(value for _, _, value in points) for f in (min, max))
    low_y, high_y = low_y / 1.5, high_y * 1.5

    def x(nodes):
        return left + 300 * math.log(nodes / low_x) / (math.log(high_x / low_x) or 1)

    def y(value):
        return 250 - 220 * math.log(value / low_y) / math.log(high_y / low_y)

    parts = [f'<text x="{left}" y="20" font-weight="bold">{title}</text>']
    parts.append(f'<rect x="{left}" y="30" width="300" height="220" fill="none" stroke="#999"/>')
    for nodes in sorted({nodes for _, nodes, _ in points}):
        power = f"10^{math.log10(nodes):.0f}" if math.log10(nodes).is_integer() else f"{nodes:,}"
        parts.append(f'<text x="{x(nodes):.1f}" y="266" text-anchor="middle">{power}</text>')
    for power in range(math.floor(math.log10(low_y)), math.ceil(math.log10(high_y)) + 1):
        for value in (step * 10.0**power for step in (1, 2, 5)):
            if low_y <= value <= high_y:
                parts.append(f'<path d="M{left} {y(value):.1f}h300" stroke="#ddd"/>')
                parts.append(f'<text x="{left - 5}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
    # Names stand at the right, above lines that fall and below lines that rise.
    least, most = (max(value for _, nodes, value in points if nodes == end) for end in (low_x, high_x))
    names_y = 48 if least >= most else 222
    for number, protocol in enumerate(dict.fromkeys(protocol for protocol, _, _ in points)):
        colour = COLOURS[number % len(COLOURS)]
        own = sorted((nodes, value) for name, nodes, value in points if name == protocol)
        line = " ".join(f"{x(nodes):.1f},{y(value):.1f}" for nodes, value in own)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(nodes):.1f}" cy="{y(value):.1f}" r="3" fill="{colour}"/>' for nodes, value in own]
        place = f'x="{left + 290}" y="{names_y + 16 * number}"'
        parts.append(f'<text {place} text-anchor="end" fill="{colour}">{protocol}</text>')
    return "\n".join(parts)


def picture(rows):
    panels = [
        panel(rows, "events_per_s", "million events per second, by nodes", 50, 1e6),
        panel(rows, "bytes_per_node", "bytes a node, by nodes", 430, 1),
        panel(rows, "build_s", "seconds to build, by nodes", 810, 1),
    ]
    head = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1130 280" font-family="sans-serif" font-size="12">\n'
        '<rect width="1130" height="280" fill="white"/>\n'
    )
    return head + "\n".join(panels) + "\n</svg>\n"


def main():
    measured = rows()
    page = DOCS / "performance.md"
    text = page.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    page.write_text(before + BEGIN + table(measured) + END + after)
    (DOCS / "pictures" / "performance.svg").write_text(picture(measured))


if __name__ == "__main__":
    main()
