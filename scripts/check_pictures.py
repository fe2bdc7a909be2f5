#!/usr/bin/env python3
"""Draws pictures with a program that is no browser, and checks that they show what they should.

    scripts/check_pictures.py PICTURE.svg...

Needs rsvg-convert (Debian: apt-get install librsvg2-bin), and nothing but Python's own library. For each picture: at
least two thirds of it are white, next to nothing is black, and every colour that it names for a series is to be seen.

Exit code 0 if all is well, 1 if not (each finding on a line).
"""

import re
import struct
import subprocess
import sys
import zlib


def pixels(png):
    """The pixels of a PNG with 8 bits for each of red, green, blue and perhaps alpha, as triples over white."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    size = {2: 3, 6: 4}.get(kind)
    if depth != 8 or size is None:
        raise ValueError(f"a PNG of another kind: {depth} bits, type {kind}")
    data, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    data, stride, above, found = zlib.decompress(data), size * width, bytearray(size * width), []
    for y in range(height):
        row = bytearray(data[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        undo(data[y * (stride + 1)], row, above, size)
        for x in range(0, stride, size):
            alpha = row[x + 3] if size == 4 else 255
            found.append(tuple((channel * alpha + 255 * (255 - alpha)) // 255 for channel in row[x : x + 3]))
        above = row
    return found


def undo(filter_type, row, above, size):
    """Takes the filter of a PNG's row back; a pixel has `size` bytes."""
    for i in range(len(row)):
        left, up, corner = (row[i - size], above[i], above[i - size]) if i >= size else (0, above[i], 0)
        if filter_type == 1:
            row[i] = (row[i] + left) & 255
        elif filter_type == 2:
            row[i] = (row[i] + up) & 255
        elif filter_type == 3:
            row[i] = (row[i] + (left + up) // 2) & 255
        elif filter_type == 4:
            guess = left + up - corner
            nearest = min((left, up, corner), key=lambda value: abs(guess - value))
            row[i] = (row[i] + nearest) & 255


def is_colour(code):
    """Whether a colour is none of the greys of lines and labels."""
    red, green, blue = (int(code[i : i + 2], 16) for i in (1, 3, 5))
    return max(red, green, blue) - min(red, green, blue) > 40


def findings(path):
    """What is wrong with a picture."""
    with open(path, encoding="utf-8") as file:
        svg = file.read()
    drawn = pixels(subprocess.run(["rsvg-convert", path], check=True, capture_output=True).stdout)
    share = lambda condition: sum(map(condition, drawn)) / len(drawn)
    white, black = share(lambda p: min(p) > 250), share(lambda p: max(p) < 40)
    if white < 0.66:
        yield f"only {white:.0%} are white"
    if black > 0.05:
        yield f"{black:.0%} are black"
    seen = set(drawn)
    for code in sorted(set(filter(is_colour, re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', svg)))):
        wanted = [int(code[i : i + 2], 16) for i in (1, 3, 5)]
        if not any(sum(abs(a - b) for a, b in zip(p, wanted)) < 24 for p in seen):
            yield f"{code} is not to be seen"
    if not re.search(r'(?:fill|stroke)="#', svg):
        yield "it names no colours"


def main():
    wrong = [f"{path}: {finding}" for path in sys.argv[1:] for finding in findings(path)]
    print("\n".join(wrong) or f"{len(sys.argv) - 1} pictures are drawn as they should be")
    sys.exit(1 if wrong or len(sys.argv) < 2 else 0)


if __name__ == "__main__":
    main()
