"""Kademlia's node lookup, from the paper alone (Maymounkov and Mazieres, IPTPS 2002, 2.3 and 2.4).

    python3 tests/models/kademlia_lookup.py NODES K ALPHA

A page that shares no line with the program. Tables are full: a node knows all members of a subtree beside its own, or K
of them at random. All requests take one round trip, so rounds are what the paper says that they are: ALPHA of the K
nearest known that have not been asked, or all of those if the last round has brought nobody nearer. Prints the mean
number of round trips and of requests over three networks with 1,000 lookups each, with that step and without.
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


def main():
    nodes, k, alpha = (int(word) for word in sys.argv[1:4])
    for has_final_step in (True, False):
        draw = random.Random(1)
        found = []
        for _ in range(3):
            members, tables = networks(nodes, k, draw)
            for _ in range(1000):
                own, key = draw.choice(members), draw.getrandbits(BITS)
                found.append(lookup(own, key, tables, k, alpha, has_final_step))
        trips, requests = (sum(column) / len(found) for column in zip(*found))
        print(f"final step {has_final_step}: {trips:.3f} round trips, {requests:.2f} requests")


main()
