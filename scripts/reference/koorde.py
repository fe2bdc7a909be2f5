"""Path lengths of Koorde in an ideal network, from the rules alone: no message, no clock, no line of the program.

    python3 scripts/reference/koorde.py                 # the rows of scenarios/validation/published.csv
    python3 scripts/reference/koorde.py 4 16 16 4096    # base, pointers, successors, nodes

Kaashoek and Karger, "Koorde" (IPTPS 2003), figure 2 and section 4; where the paper leaves a choice, p2psim's: a node
knows its successor list and consecutive nodes from the predecessor of K times its identifier on, and goes to the last
of them before the imaginary identifier. A hop is a node other than the initiator, up to the predecessor of the key.
"""

import bisect
import random
import statistics
import sys

BITS = 64
SPACE = 1 << BITS
ROWS = [(2, 1, 1), (2, 16, 16)]


def away(start, end):
    """Distance from one identifier to another, clockwise."""
    return (end - start) % SPACE


class Ring:
    """Nodes at random identifiers, each with the tables of a quiet network."""

    def __init__(self, base, pointers, successors, nodes, rng):
        self.digit = base.bit_length() - 1
        self.ids = sorted(rng.getrandbits(BITS) for _ in range(nodes))
        self.known = []
        for place, own in enumerate(self.ids):
            first = bisect.bisect_left(self.ids, own * base % SPACE) - 1
            image = [(first + offset) % nodes for offset in range(pointers)]
            self.known.append([(place + offset) % nodes for offset in range(1, successors + 1)] + image)

    def holds(self, place, identifier):
        """Whether an identifier lies after a node, up to its successor."""
        own, successor = self.ids[place], self.ids[(place + 1) % len(self.ids)]
        return 0 < away(own, identifier) <= away(own, successor)

    def start(self, place, key):
        """The identifier of the node's arc that ends with most of the key's first digits, and with how many bits."""
        taken = BITS - self.digit
        while taken > 0:
            upper = self.ids[place] >> taken
            for part in (upper, upper + 1):
                identifier = (part << taken | key >> (BITS - taken)) % SPACE
                if self.holds(place, identifier):
                    return identifier, taken
            taken -= self.digit
        return (self.ids[place] + 1) % SPACE, 0

    def hops(self, place, key):
        """Hops of a lookup."""
        imaginary, taken = self.start(place, key)
        count = 0
        while not self.holds(place, key):
            while self.holds(place, imaginary):
                width = min(self.digit, BITS - taken)
                digit = (key << taken) % SPACE >> (BITS - width)
                imaginary, taken = (imaginary << width | digit) % SPACE, taken + width
            own = self.ids[place]
            limit = away(own, imaginary)
            _, place = max(
                (away(own, self.ids[other]), other)
                for other in self.known[place]
                if 0 < away(own, self.ids[other]) < limit
            )
            count += 1
        return count


def mean_hops(base, pointers, successors, nodes, rings=40, lookups=1000):
    """Mean over rings of the mean over lookups, and its standard error."""
    means = []
    for seed in range(rings):
        rng = random.Random(f"{base} {pointers} {successors} {nodes} {seed}")
        ring = Ring(base, pointers, successors, nodes, rng)
        counts = [ring.hops(rng.randrange(nodes), rng.getrandbits(BITS)) for _ in range(lookups)]
        means.append(statistics.fmean(counts))
    return statistics.fmean(means), statistics.stdev(means) / rings**0.5


def main():
    if len(sys.argv) > 1:
        cases = [tuple(int(argument) for argument in sys.argv[1:])]
    else:
        cases = [(*row, nodes) for row in ROWS for nodes in (256, 1024, 4096)]
    for case in cases:
        mean, error = mean_hops(*case)
        what = "base {}, {} pointers, {} successors, {} nodes:".format(*case)
        print(what, f"{mean:.2f} +- {error:.2f} hops", flush=True)


if __name__ == "__main__":
    main()
