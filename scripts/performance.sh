#!/usr/bin/env bash
# Measures how cost grows with the network, and writes docs/performance.csv, the table in docs/performance.md and the
# picture docs/pictures/performance.svg anew.
#
#   scripts/performance.sh                    a thousand to a million nodes; ten minutes or so
#   scripts/performance.sh 1e3,1e4,1e5,1e6,1e7    with ten million: half an hour more, and 14 GB of memory
#   PROGRAM="taskset -c 1 target/release/torus-sim" scripts/performance.sh    pinned to a core
#
# The tables that the program prints beside (time by kind of event, memory by part) go to standard output.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
program=${PROGRAM:-cargo run --locked --quiet --release --}
# Split into words on purpose: it may be a command with arguments.
bench="$program bench --nodes ${1:-1e3,1e4,1e5,1e6} --repeat ${REPEAT:-3}"
$bench --protocol chord --csv docs/performance.csv
$bench --protocol kademlia --set protocol.kademlia.k=8 --csv "$folder/kademlia.csv"
tail -n +2 "$folder/kademlia.csv" >> docs/performance.csv
python3 scripts/performance.py
