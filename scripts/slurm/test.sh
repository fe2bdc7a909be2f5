#!/bin/bash
# Plays a small sweep through sweep.sh on a real Slurm, and compares its tables byte for byte with a local sweep.
#
#     scripts/slurm/test.sh
#
# Controller, daemon and munge are started for the test, on loopback and in a temporary folder, and stopped after it
# whatever happens; a Slurm that is there already is left alone. Needs root and Debian: packages that are missing are
# installed. The program is TORUS_SIM [default: target/release/torus-sim]. Takes a minute or two; every wait
# has an end.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

PATIENCE_S=180
TORUS_SIM=$(realpath "${TORUS_SIM:-../../target/release/torus-sim}")
export TORUS_SIM
[[ -x $TORUS_SIM ]] || { echo "$TORUS_SIM is not there: build it, or set TORUS_SIM" >&2; exit 2; }

# ---- start and stop ----------------------------------------------------------------------------------------------

install_packages() {
    local package missing=()
    for package in slurmctld slurmd slurm-client munge parallel; do
        dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing+=("$package")
    done
    if (( ${#missing[@]} > 0 )); then
        echo "installing ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    fi
}

folder=$(mktemp -d)
chmod 755 "$folder"
export SLURM_CONF=$folder/slurm.conf
# Nothing of a surrounding job or cluster may leak in.
unset "${!SBATCH_@}" "${!SLURM_JOB@}" "${!SLURM_ARRAY@}" SLURM_CPUS_PER_TASK
started=()

# Tasks are no children of ours. They are known by the place of our configuration in their environment.
kill_tasks() {
    local pid
    for pid in $(grep -lsF "SLURM_CONF=$SLURM_CONF" /proc/[0-9]*/environ | cut -d/ -f3); do
        # This shell has it too, and so have the daemons and whatever this shell has just started.
        [[ $pid == "$$" || " ${started[*]} " == *" $pid "* || $(ps -o ppid= -p "$pid") -eq $$ ]] ||
            kill -KILL "$pid" 2>/dev/null
    done
}

stop() {
    local status=$?
    trap - EXIT INT TERM
    set +e
    if (( status != 0 )); then
        echo "---- FAILED (exit $status); jobs and logs:" >&2
        timeout 5 scontrol show job >&2
        tail -n 40 "$folder"/*.log "$folder"/*/logs/*.log "$folder"/*.shards/logs/*.log >&2 2>/dev/null
    fi
    if (( ${#started[@]} > 0 )); then
        timeout 5 scancel --user=root 2>/dev/null
        timeout 10 bash -c 'while [[ -n $(squeue --noheader 2>/dev/null) ]]; do sleep 0.2; done'
    fi
    # The daemons get a chance to end by themselves.
    kill "${started[@]}" 2>/dev/null
    timeout 10 bash -c 'while kill -0 "$@"; do sleep 0.1; done 2>/dev/null' - "${started[@]}"
    kill -KILL "${started[@]}" 2>/dev/null
    kill_tasks
    wait
    rm -rf "$folder"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM

free_ports() {
    # Two ports that nobody listens at, picked by the kernel.
    python3 - <<'PYTHON'
import socket
sockets = [socket.socket() for _ in range(2)]
for each in sockets:
    each.bind(("127.0.0.1", 0))
print(*[each.getsockname()[1] for each in sockets])
PYTHON
}

# Runs a command until it succeeds, for so many seconds.
await() {
    local patience_s=$1 end
    shift
    end=$((SECONDS + patience_s))
    until "$@" >/dev/null 2>&1; do
        (( SECONDS < end )) || { echo "gave up after $patience_s s: $*" >&2; return 1; }
        sleep 0.2
    done
}

start_slurm() {
    local controller_port daemon_port
    read -r controller_port daemon_port <<<"$(free_ports)"
    sed -e "s|@FOLDER@|$folder|; s|@SLURMCTLD_PORT@|$controller_port|; s|@SLURMD_PORT@|$daemon_port|" \
        slurm.conf.in >"$SLURM_CONF"
    mkdir -p "$folder/state" "$folder/spool"

    (umask 077; head -c 1024 /dev/urandom >"$folder/munge.key")
    munged --foreground --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
        --pid-file="$folder/munge.pid" --log-file="$folder/munged.log" --seed-file="$folder/munge.seed" \
        >"$folder/munged.out.log" 2>&1 &
    started+=($!)
    await 10 bash -c "munge -S $folder/munge.socket -n | unmunge -S $folder/munge.socket"
    slurmctld -D -i -f "$SLURM_CONF" >"$folder/slurmctld.out.log" 2>&1 &
    started+=($!)
    slurmd -D -N localhost -f "$SLURM_CONF" >"$folder/slurmd.out.log" 2>&1 &
    started+=($!)
    await 30 bash -c '[[ $(sinfo --noheader --format=%T) == idle ]]'
}

# ---- what is tested ----------------------------------------------------------------------------------------------

say() { echo "$(date +%T) $*"; }

die() { echo "$*" >&2; exit 1; }

state_of() { scontrol --oneliner show job "$1" | grep -o 'JobState=[A-Z_]*' | cut -d= -f2; }

ended() { [[ $(state_of "$1") =~ ^(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL|OUT_OF_MEMORY)$ ]]; }

# Submits the sweep: sets `array` and `merge`.
submit() {
    local said
    said=$(./sweep.sh test.toml "$folder/$1" 3 --mem=500M --time=5)
    array=$(sed -n 's/^shards: job \([0-9]*\),.*/\1/p' <<<"$said")
    merge=$(sed -n 's/^merge:  job \([0-9]*\),.*/\1/p' <<<"$said")
    [[ -n $array && -n $merge ]] || die "sweep.sh said: $said"
}

same_as_local() {
    local file
    for file in hops.csv failures.csv cells.csv manifest.json; do
        cmp "$folder/local/$file" "$folder/$1/$file" || die "$file of the cluster is not that of the local sweep"
    done
}

a_sweep_on_the_cluster_is_the_local_one() {
    submit plain
    await $PATIENCE_S ended "$merge"
    [[ $(state_of "$merge") == COMPLETED ]] || die "the merge is $(state_of "$merge")"
    same_as_local plain
    say "3 shards and their merge: the same bytes"
}

entries() { tail -n +2 "$1/journal.jsonl" | wc -l; }

a_killed_shard_is_seen_and_goes_on() {
    local shard=$folder/killed.shards/2-of-3 before
    submit killed
    await 60 bash -c "(( \$(wc -l <$shard/journal.jsonl) >= 2 ))"
    scancel --signal=KILL --full "${array}_2"
    await $PATIENCE_S ended "$merge"
    [[ $(state_of "${array}_2") != COMPLETED ]] || die "the killed shard counts as completed"
    [[ $(state_of "$merge") == FAILED ]] || die "a shard is missing, and the merge is $(state_of "$merge")"
    grep -q "not whole: shard 2 of 3" "$folder"/killed.shards/logs/"${merge}"_merge.log ||
        die "the merge does not say so"
    before=$(entries "$shard")
    (( before >= 1 && before < 4 )) || die "the shard was to be killed midway, and had $before of 4 results"
    cp "$shard/journal.jsonl" "$folder/before"

    submit killed
    await $PATIENCE_S ended "$merge"
    [[ $(state_of "$merge") == COMPLETED ]] || die "the merge is $(state_of "$merge")"
    same_as_local killed
    # What was there was kept, not played again. A last line without its end does not count.
    head -n $((before + 1)) "$shard/journal.jsonl" | cmp - <(head -n $((before + 1)) "$folder/before")
    say "a shard killed after $before of 4 runs, submitted again: the same bytes"
}

lost_results_are_played_again() {
    local shard=$folder/killed.shards/3-of-3
    truncate --size=-100 "$shard/journal.jsonl"
    rm -r "$folder/killed" "$shard/cells.csv" "$shard/manifest.json"
    submit killed
    await $PATIENCE_S ended "$merge"
    [[ $(state_of "$merge") == COMPLETED ]] || die "the merge is $(state_of "$merge")"
    same_as_local killed
    say "a journal cut short and tables lost, submitted again: the same bytes"
}

mistakes_are_found_before_anything_is_submitted() {
    local before
    before=$(squeue --noheader --states=all | wc -l)
    if ./sweep.sh test.toml "$folder/bad" 3 -- --set population.nodez=3 >"$folder/bad.out" 2>&1; then
        die "a sweep with a mistake was submitted"
    fi
    grep -q nodez "$folder/bad.out" || die "the mistake is not named"
    if TORUS_SIM=$folder/nowhere ./sweep.sh test.toml "$folder/bad" 3 >"$folder/bad.out" 2>&1; then
        die "a sweep without the program was submitted"
    fi
    (( $(squeue --noheader --states=all | wc -l) == before )) || die "something was submitted"
    [[ ! -e $folder/bad.shards ]] || die "something was written"
    say "mistakes: found before anything is submitted"
}

shards_under_gnu_parallel_are_the_local_sweep() {
    cp test.toml "$folder"
    (
        cd "$folder"
        PATH=$(dirname "$TORUS_SIM"):$PATH
        # The line of the README, but for the options in front.
        parallel --will-cite --timeout $PATIENCE_S \
            torus-sim sweep test.toml --jobs 1 --shard {}/3 ::: 1 2 3 && torus-sim merge results/slurm-test.shard-*-of-3
    ) >"$folder/parallel.log" 2>&1
    same_as_local results/slurm-test
    say "3 shards under GNU parallel: the same bytes"
}

install_packages
say "a local sweep, to compare with"
timeout $PATIENCE_S "$TORUS_SIM" sweep test.toml --jobs 2 --out "$folder/local" >"$folder/local.log" 2>&1
start_slurm
say "Slurm is up"
mistakes_are_found_before_anything_is_submitted
a_sweep_on_the_cluster_is_the_local_one
a_killed_shard_is_seen_and_goes_on
lost_results_are_played_again
shards_under_gnu_parallel_are_the_local_sweep
echo "5 passed, 0 failed"
