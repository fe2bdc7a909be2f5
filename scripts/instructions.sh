#!/usr/bin/env bash
# Counts the instructions that the simulator executes for an operation, with valgrind, and fails if one takes more than
# its ceiling in scripts/instructions.txt. Unlike times, instructions do not depend on what else the machine does; they
# do depend on the compiler, so ceilings are a few percent above what was counted.
#
#   scripts/instructions.sh                   counts and compares
#   scripts/instructions.sh --update          counts, and writes ceilings 3 % above
#   PROFILE=quick scripts/instructions.sh     the same with another build than `release`
#
# TORUS_SIM and QUEUE name executables that are built already: the program, and the benchmark of the queue.
#
# Each operation is counted as a difference: the same workload is run for a short and for a long time, and what the long
# run executed more is divided by what it did more. So starting, reading the scenario and writing results cost nothing.
set -euo pipefail
# What fails in $(...) ends the script too.
shopt -s inherit_errexit
cd "$(dirname "$0")/.."
ceilings=scripts/instructions.txt
profile=${PROFILE:-release}

fail() { printf 'FAILED: %s\n' "$1" >&2; exit 1; }
command -v valgrind > /dev/null || fail "there is no valgrind"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The executable of target $1, built if need be: `cargo` names it in its messages, in the order in which it is done.
executable() {
    local name=$1
    shift
    cargo "$@" --locked --quiet --profile "$profile" --message-format json |
        sed -n '/"name":"'"$name"'"/s/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1
}
program=${TORUS_SIM:-$(executable torus-sim build --bin torus-sim)}
queue=${QUEUE:-$(executable queue bench --bench queue --no-run)}
[ -x "$program" ] && [ -x "$queue" ] || fail "the program or the benchmark of the queue was not built"

# Instructions of a command.
count() {
    valgrind --tool=callgrind --callgrind-out-file="$work/profile" "$@" 2> "$work/said" > /dev/null ||
        { cat "$work/said" >&2; fail "$*"; }
    sed -n 's/^.*Collected : \([0-9]*\)$/\1/p' "$work/said"
}

# Plays a scenario for so many seconds with changes to it; prints instructions and what the expression over columns of
# summary.csv says.
play() {
    local scenario=$1 seconds=$2 expression=$3 changes=() change
    shift 3
    for change in "$@" measurement.warmup=0s "measurement.window=${seconds}s" "measurement.duration=${seconds}s"; do
        changes+=(--set "$change")
    done
    count "$program" run "$scenario" --force --quiet --progress never --out "$work/run" "${changes[@]}"
    awk -F, -v expression="$expression" '
        NR == 1 { for (i = 1; i <= NF; i++) place[$i] = i }
        NR == 2 {
            count = split(expression, names, "*"); value = 1
            for (i = 1; i <= count; i++) value *= $(place[names[i]])
            printf "%.0f\n", value
        }' "$work/run/summary.csv"
}

# Instructions for one of what is counted, from a short and a long run: of each, instructions and count.
each() {
    local short long
    short=$("$1" "$2")
    long=$("$1" "$3")
    # Split into words on purpose.
    printf '%s %s\n' $short $long |
        awk '{ i[NR] = $1; n[NR] = $2 } END { printf "%.0f\n", (i[2] - i[1]) / (n[2] - n[1]) }'
}

declare -A counted
turns() { printf '%s %s\n' "$(count "$queue" --turns "$1")" "$1"; }
counted[queue_operation]=$(each turns 100000 400000)

# Nobody comes, goes or keeps its tables: lookups find their way, one request and its reply a step.
still=(protocol.chord.stabilize_every=never protocol.chord.fix_fingers_every=never
    protocol.chord.check_predecessor_every=never population.nodes=1000)
step() { play scenarios/quiet-ring.toml "$1" 'lookups*rpcs_mean' "${still[@]}" workload.lookups_every=2s; }
counted[routing_step]=$(each step 20 60)

# The rounds of a quiet ring: a thousand nodes, each every ten seconds.
round() {
    local played
    played=$(play scenarios/quiet-ring.toml "$1" events "${still[@]}" \
        protocol.chord.stabilize_every=10s protocol.chord.successors=16 workload.lookups_every=1000h)
    printf '%s %s\n' "${played%%$'\n'*}" $(($1 * 100))
}
counted[stabilisation_round]=$(each round 100 500)

# All of it, under churn.
whole() { play scenarios/churn20m.toml "$1" events population.nodes=1000; }
counted[event_of_a_run]=$(each whole 60 300)

bad=0
lines=()
for name in queue_operation routing_step stabilisation_round event_of_a_run; do
    ceiling=$(awk -v name="$name" '$1 == name { print $2 }' "$ceilings" 2> /dev/null || true)
    printf '%-20s %7d instructions, ceiling %7s\n' "$name" "${counted[$name]}" "${ceiling:-none}"
    lines+=("$(printf '%-20s %7d' "$name" $((counted[$name] * 103 / 100)))")
    [ -n "$ceiling" ] && [ "${counted[$name]}" -le "$ceiling" ] || bad=1
done
if [ "${1:-}" = --update ]; then
    printf '%s\n' "${lines[@]}" > "$ceilings"
elif [ $bad = 1 ]; then
    fail "an operation takes more instructions than its ceiling in $ceilings (mend it, or say why and --update)"
fi
