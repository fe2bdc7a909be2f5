#!/usr/bin/env bash
# Plays the experiments of other simulators (scenarios/peers/) and prints, as a Markdown table, how many seconds of one
# processor they take here and how many in the simulator that they come from (docs/peers.md says where those figures are
# from).
#
#     scripts/peers.sh [--runs N] [EXPERIMENT...]
#
# Each experiment is played N times (3), one after another, each on one processor; the median counts. EXPERIMENT is the
# beginning of a scenario's name. TORUS_SIM names the program (else one is built for release), CPU the processor (0).
set -euo pipefail
cd "$(dirname "$0")/.."

runs=3
if [ "${1:-}" = --runs ]; then
    runs=$2
    shift 2
fi
if [ -z "${TORUS_SIM:-}" ]; then
    cargo build --locked --quiet --release
    TORUS_SIM=$(cargo metadata --locked --offline --no-deps --format-version 1 |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release/torus-sim
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Experiment; the peer's seconds (the middle of a range); scenario; changes, on the line after.
experiments() {
    cat << 'LIST'
p2psim Chord, 1,024 nodes, 2 h|8.0|p2psim-chord

p2psim Chord, 3,000 nodes, 2 h|51.5|p2psim-chord
population.nodes=3000
p2psim Chord, 10,000 nodes, 30 min|318|p2psim-chord
population.nodes=10000 measurement.warmup=15min measurement.duration=15min
p2psim Kademlia, 1,024 nodes, 2 h|50.8|p2psim-kademlia

p2psim Kademlia, 3,000 nodes, 2 h|251|p2psim-kademlia
population.nodes=3000
OverSim Chord, 1,000 nodes, 700 s|18|oversim-chord
population.nodes=1000 population.join_every=200ms measurement.warmup=500s
OverSim Chord, 10,000 nodes, 500 s|254|oversim-chord

OverSim Chord, 10,000 nodes, churn, 500 s|254|oversim-chord-churn

OverSim Kademlia, 10,000 nodes, 500 s|405|oversim-kademlia

OverSim Kademlia, 10,000 nodes, churn, 500 s|445|oversim-kademlia-churn

SimGrid Chord, 1,000 nodes, 1000 s|6.35|simgrid-chord

SimGrid Chord, 10,000 nodes, 1000 s|121.5|simgrid-chord
population.nodes=10000
SimGrid Chord, 100,000 nodes, 100 s|144|simgrid-chord
population.nodes=100000 measurement.duration=100s
PeerSim Chord, 1,000 nodes|2.82|peersim-chord

PeerSim Chord, 10,000 nodes|7.7|peersim-chord
population.nodes=10000 event.0.crash.count=10
PeerSim Chord, 100,000 nodes|33|peersim-chord
population.nodes=100000 event.0.crash.count=100
LIST
}

# User and system seconds of one run; its results are in $work/out.
seconds() {
    local TIMEFORMAT='%U %S'
    rm -rf "$work/out"
    { time taskset -c "${CPU:-0}" "$TORUS_SIM" run "scenarios/peers/$1.toml" "${@:2}" \
        --quiet --progress never --out "$work/out" > "$work/log" 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}

summary() {
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i } NR == 2 { print $c }' \
        "$work/out/summary.csv"
}

printf '| experiment | theirs, CPU s | here, CPU s | times as fast | events |\n|---|---|---|---|---|\n'
experiments | while IFS='|' read -r title theirs scenario && read -r -a changes; do
    wanted=$([ $# = 0 ] && echo yes || true)
    for name in "$@"; do [[ $scenario == "$name"* ]] && wanted=yes; done
    [ -n "$wanted" ] || continue
    set=()
    for change in "${changes[@]}"; do set+=(--set "$change"); done
    taken=$(for _ in $(seq "$runs"); do seconds "$scenario" "${set[@]}"; done)
    middle=$(sort -n <<< "$taken" | sed -n "$(((runs + 1) / 2))p")
    printf '| %s | %s | %s | %s | %s |\n' "$title" "$theirs" "$middle" \
        "$(awk -v a="$theirs" -v b="$middle" 'BEGIN { printf "%.0f", a / b }')" "$(summary events)"
done
