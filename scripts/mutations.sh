#!/usr/bin/env bash
# Breaks the program on purpose, one way at a time, and sees that something notices: checkers in runs of scenarios that
# ship, rows of `torus-sim validate`, and the swarm. What none of these can show (a lookup that asks too many, and finds
# the same) a test of what nodes do has to see: the patch names it. Other tests and fingerprints do not count: any
# change moves those, and they say nothing about what a user would see.
#
#   scripts/mutations.sh                        all of scripts/mutations/*.patch, and a table of what caught each
#   scripts/mutations.sh NAME...                some of them
#   scripts/mutations.sh --markdown FILE        writes the table as docs/mutations.md has it, too
#   scripts/mutations.sh --seeds A..B           other seeds for the swarm than 0..60
#
# Each patch is applied to a copy of the tree in a temporary folder and built with `--profile mutations`; only the crate
# itself is built anew. Exits with 0 if the tree as it is passes everything and each mutation is caught by something,
# with 1 if not, and with 2 if a patch does not apply or does not build. Needs a Rust toolchain and patch(1).
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

fail() { printf 'error: %s\n' "$1" >&2; exit "${2:-2}"; }

page=
seeds=0..60
names=()
while [ $# -gt 0 ]; do
    case $1 in
        --markdown) page=${2:?--markdown needs a file}; case $page in /*) ;; *) page=$OLDPWD/$page ;; esac; shift 2 ;;
        --seeds) seeds=${2:?--seeds needs a range such as 0..60}; shift 2 ;;
        -*) fail "unknown option $1; the head of scripts/mutations.sh says what there is" ;;
        *) names+=("$1"); shift ;;
    esac
done
[ -z "$page" ] || [ ${#names[@]} -eq 0 ] || fail "the page needs all mutations"
if [ ${#names[@]} -eq 0 ]; then
    for patch in scripts/mutations/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi
for name in "${names[@]}"; do [ -r "scripts/mutations/$name.patch" ] || fail "there is no mutation $name"; done

# What may notice the mutation $1, in this order; the first that does is named. A run that ends with a violation, an
# experiment with a row that is out, a panic and a program that does not come to an end all count. Mutations of Kademlia
# are looked for where Kademlia is played; the tree as it is has to pass everything.
catchers() {
    case $1 in
        kademlia-*) kademlia_catchers ;;
        koorde-*) koorde_catchers ;;
        '') chord_catchers && kademlia_catchers && koorde_catchers ;;
        *) chord_catchers ;;
    esac
}

koorde_catchers() {
    local churn="run scenarios/koorde20m.toml --set population.nodes=200"
    cat << CATCHERS
check $churn --set measurement.duration=10min --set measurement.warmup=0s --set network.loss=0.003 --check-every 5s
validate validate koorde-2 koorde-p2psim-2
swarm swarm --protocol koorde --seeds $seeds
CATCHERS
}

kademlia_catchers() {
    local quiet="run scenarios/quiet-ring.toml --set protocol=kademlia --set population.nodes=200"
    local churn="run scenarios/churn20m.toml --set protocol=kademlia --set population.nodes=200"
    cat << CATCHERS
check $quiet --set measurement.duration=5min --check-every 5s
check $quiet --set measurement.duration=5min --set network.behind_nat=0.3 --check-every 5s
check $churn --set measurement.duration=10min --set measurement.warmup=0s --set network.loss=0.003 --check-every 5s
validate validate kademlia-paths --at 256
validate validate gummadi-xor --at 0.3
swarm swarm --protocol kademlia --seeds $seeds
CATCHERS
}

chord_catchers() {
    local churn="run scenarios/churn20m.toml --set population.nodes=200 --set measurement.duration=10min"
    cat << CATCHERS
check run scenarios/zave/hearsay.toml --set protocol.chord.maintenance=corrected --check-every 1s
check run scenarios/quiet-ring.toml --set population.nodes=200 --set protocol.chord.identifier_bits=12 \
--set protocol.chord.lookup_deadline=1min --check-every 5s
check $churn --set measurement.warmup=0s --set network.loss=0.003 --set network.rpc_timeout=400ms --check-every 2s
check run scenarios/graceful-leaves.toml --set population.nodes=200 --set measurement.warmup=0s --check-every 5s
check run scenarios/mass-failure.toml --set population.nodes=200 --check-every 5s
check run scenarios/mass-failure.toml --set population.nodes=12 --set protocol.chord.successors=8 \
--set event.0.crash.fraction=0.5 --check-every 1s
check run scenarios/partition-and-heal.toml --set population.nodes=200 --check-every 5s
validate validate ton-fig10a --at 256
validate validate ton-table2 --at 0.2
validate validate farewells
swarm swarm --protocol chord --seeds $seeds
swarm swarm --protocol chord --mode crashes --seeds 0..10 --set protocol.chord.maintenance=corrected \
--set protocol.chord.check_predecessor_every=never
swarm swarm --protocol chord --mode crashes --seeds 0..16 --set protocol.chord.maintenance=original
validate validate sigcomm-fig12 --at 0.05
validate validate ton-table3 --at 0.25
validate validate krishnamurthy-successors --at 200
CATCHERS
}

# The test that has to see the mutation $1, if its patch names one.
test_of() {
    sed -n '/^--- a\//q; s/^`\(.*\)`\.$/\1/p' "scripts/mutations/$1.patch"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
copy=$work/tree
mkdir "$copy"
tar -c --exclude=./target --exclude=./results --exclude=./.git . | tar -x -C "$copy"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
program=$CARGO_TARGET_DIR/mutations/torus-sim

build() {
    (cd "$copy" && cargo build --locked --quiet --profile mutations --bin torus-sim) > "$work/build" 2>&1 || {
        cat "$work/build" >&2
        fail "$1 does not build"
    }
}

# Runs the tests $2... in the tree with the mutation $1. `caught` is empty if none fails; of several it names the first.
look_at_tests() {
    local name=$1 code=0 said
    shift
    caught=
    (cd "$copy" && timeout 900 cargo test --locked --quiet --profile mutations --lib -- --exact "$@") \
        > "$work/said" 2>&1 < /dev/null || code=$?
    said=$(sed -n 's/^test result: \(.*\) passed; \(.*\) failed;.*/\1 \2/p' "$work/said")
    case $code/$said in
        0/"ok. $# 0") ;;
        0/*) fail "not all tests that patches name are there: $*" ;;
        124/*) caught="does not end | \`cargo test --lib $1\`" ;;
        */FAILED*) caught="test \`${1##*::}\` | \`cargo test --lib $1\`" ;;
        *) cat "$work/said" >&2; fail "the tests of $name do not build" ;;
    esac
}

# Runs the catchers of the mutation $1 until one notices; sets `caught` to what did, empty if nothing did.
look() {
    local kind line code
    caught=
    while read -r kind line; do
        local arguments=($line)
        [ "$kind" = swarm ] || arguments+=(--quiet)
        [ "$kind" = check ] && arguments+=(--force --out "$work/out")
        code=0
        (cd "$copy" && timeout 300 "$program" "${arguments[@]}") > "$work/said" 2>&1 < /dev/null || code=$?
        [ $code = 0 ] && continue
        explain "$kind" "$line" $code
        return
    done < <(catchers "$1")
}

# What the program that ended with code $3 said, in a few words.
explain() {
    local kind=$1 line=$2 code=$3 how
    case $code in
        124) how="does not end" ;;
        101) how="panics: $(grep -m1 -A1 'panicked at' "$work/said" | tail -n1)" ;;
        3) how="checker \`$(sed -n 's/^error: \([a-z_]*\) does not hold.*/\1/p' "$work/said" | head -n1)\`" ;;
        1) how="row $(sed -n '/^error: not as published/{n;p}' "$work/said" | sed 's/^ *//; s/: / : /; s/.*/`&`/')" ;;
        *) how="exit code $code: $(grep -m1 '^error' "$work/said" || true)" ;;
    esac
    if [ "$kind" = swarm ]; then
        how="$(grep -m1 -o '[a-z_]* does not hold' "$work/said" | sed 's/\([a-z_]*\).*/checker `\1`/')"
    fi
    caught="$how | \`torus-sim $line\`"
}

printf 'building the tree as it is\n'
build "the tree as it is"
look ''
tests=()
for name in "${names[@]}"; do
    test=$(test_of "$name")
    [ -z "$test" ] || tests+=("$test")
done
if [ -z "$caught" ] && [ ${#tests[@]} -gt 0 ]; then
    mapfile -t tests < <(printf '%s\n' "${tests[@]}" | sort -u)
    look_at_tests "the tree as it is" "${tests[@]}"
fi
[ -z "$caught" ] || { cat "$work/said" >&2; fail "the tree as it is is caught: $caught" 1; }
printf 'the tree as it is passes everything (%d s)\n' "$SECONDS"

rows=()
survivors=()
for name in "${names[@]}"; do
    patch=scripts/mutations/$name.patch
    (cd "$copy" && patch --quiet --strip=1 --no-backup-if-mismatch) < "$patch" || fail "$patch does not apply"
    test=$(test_of "$name")
    if [ -n "$test" ]; then
        look_at_tests "$patch" "$test"
    else
        build "$patch"
        look "$name"
    fi
    (cd "$copy" && patch --quiet --strip=1 --reverse --no-backup-if-mismatch) < "$patch"
    printf '%-28s %s (%d s)\n' "$name" "${caught:-SURVIVES}" "$SECONDS"
    [ -n "$caught" ] || survivors+=("$name")
    rows+=("| \`$name\` | $(sed -n '1s/\.$//p' "$patch") | ${caught:-nothing |} |")
done

if [ -n "$page" ]; then
    {
        sed '/^| mutation/,$d' docs/mutations.md
        printf '| mutation | what is wrong | caught by | in |\n|---|---|---|---|\n'
        printf '%s\n' "${rows[@]}"
    } > "$work/page"
    cp "$work/page" "$page"
fi
[ ${#survivors[@]} -eq 0 ] || fail "nothing catches ${survivors[*]}" 1
printf 'all %d mutations are caught (%d s)\n' "${#names[@]}" "$SECONDS"
