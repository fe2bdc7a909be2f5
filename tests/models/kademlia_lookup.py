"""Kademlia's node lookup, from the paper alone (Maymounkov and Mazieres, IPTPS 2002, 2.3 and 2.4).

    python3 tests/models/kademlia_lookup.py NODES K ALPHA

A page that shares no line with the program. Tables are full: a node knows all members of a subtree beside its own, or K
of them at random. All requests take one round trip, so rounds are what the paper says that they are: ALPHA of the K
nearest known that have not been asked, or all of those if the last round has brought nobody nearer. Prints the mean
number of round trips and of requests over three networks with 1,000 lookups each, with that step, without, and in the
steps of OverSim (IterativeLookup.cc), where only the first answer of a step counts.
"""

import random
import sys

BITS = 64


def networks(nodes, k, draw):
    members = [draw.getrandbits(BITS) for _ in range(nodes)]
    tables = {}
    for own in members:
        rest = [other for other in members if other != own]
        table, bit = [], BITS
        while len(rest) > k:
            beside = [other for other in rest if (other ^ own).bit_length() == bit]
            rest = [other for other in rest if (other ^ own).bit_length() < bit]
            table += beside if len(beside) <= k else draw.sample(beside, k)
            bit -= 1
        tables[own] = table + rest
    return members, tables


def lookup(own, key, tables, k, alpha, has_final_step):
    def nearest(known):
        return sorted(known, key=lambda other: other ^ key)[:k]

    heard, asked, round_trips = set(nearest(tables[own])), set(), 0
    best = min(other ^ key for other in heard)
    asks_all = False
    while True:
        left = [other for other in nearest(heard) if other not in asked]
        if not left:
            return round_trips, len(asked)
        batch = left if asks_all else left[:alpha]
        asked.update(batch)
        round_trips += 1
        for other in batch:
            heard.update(nearest([third for third in tables[other] if third != own]))
        nearer = min(other ^ key for other in heard)
        asks_all = has_final_step and nearer == best
        best = nearer


def lookup_in_steps(own, key, tables, k, alpha):
    def nearest(known):
        return sorted(known, key=lambda other: other ^ key)[:k]

    heard, asked, answered = set(nearest(tables[own])), set(), set()
    step, now, coming = 0, 0, []

    def send(count):
        for other in [other for other in nearest(heard) if other not in asked][:count]:
            asked.add(other)
            coming.append((now + 1, step, other))

    send(alpha)
    while not answered.issuperset(nearest(heard)):
        now, asked_in, other = coming.pop(0)
        answered.add(other)
        new = 0
        if asked_in == step:
            step += 1
            for third in nearest([third for third in tables[other] if third != own]):
                if third not in heard:
                    heard.add(third)
                    new += third in nearest(heard)
        if answered.issuperset(nearest(heard)):
            break
        send(min(new, alpha) if new or coming else alpha)
    return now, len(asked)


def main():
    nodes, k, alpha = (int(word) for word in sys.argv[1:4])
    rules = {
        "final step": lambda *lookup_of: lookup(*lookup_of, True),
        "no final step": lambda *lookup_of: lookup(*lookup_of, False),
        "first answer": lookup_in_steps,
    }
    for name, rule in rules.items():
        draw = random.Random(1)
        found = []
        for _ in range(3):
            members, tables = networks(nodes, k, draw)
            for _ in range(1000):
                own, key = draw.choice(members), draw.getrandbits(BITS)
                found.append(rule(own, key, tables, k, alpha))
        trips, requests = (sum(column) / len(found) for column in zip(*found))
        print(f"{name}: {trips:.3f} round trips, {requests:.2f} requests")


main()
