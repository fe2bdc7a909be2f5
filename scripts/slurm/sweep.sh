#!/bin/bash
# Submits a sweep to Slurm: the shards as an array job, and a job that merges them when all have ended.
#
#     scripts/slurm/sweep.sh FILE OUT N [options of sbatch] [-- options of torus-sim sweep]
#
#     scripts/slurm/sweep.sh scenarios/sweeps/churn.toml results/churn 20 --cpus-per-task=4 --mem=8G --time=2:00:00
#
# The same line again, after the jobs have ended, goes on with what is missing. sweep.sbatch says what the arguments
# mean. Prints the numbers of the two jobs; their output is in OUT.shards/logs.

set -euo pipefail

if [[ $# -lt 3 || ! $3 =~ ^[1-9][0-9]*$ ]]; then
    echo "usage: $0 FILE OUT N [options of sbatch] [-- options of torus-sim sweep]" >&2
    exit 2
fi
file=$1 out=${2%/} shards=$3
shift 3
sbatch_options=()
while [[ $# -gt 0 && $1 != -- ]]; do
    sbatch_options+=("$1")
    shift
done
[[ $# -eq 0 ]] || shift

job=$(dirname "${BASH_SOURCE[0]}")/sweep.sbatch
torus_sim=${TORUS_SIM:-torus-sim}
if ! found=$(command -v "$torus_sim"); then
    echo "$torus_sim is not there: put torus-sim into PATH, or its place into TORUS_SIM" >&2
    exit 2
fi
TORUS_SIM=$(realpath "$found")
export TORUS_SIM

# A mistake in the sweep is found here, not in every task.
"$TORUS_SIM" sweep "$file" --dry-run --out "$out" "$@" >/dev/null

logs=$out.shards/logs
mkdir -p "$logs"
array=$(sbatch --parsable --array="1-$shards" --output="$logs/%A_%a.log" \
    ${sbatch_options[@]+"${sbatch_options[@]}"} "$job" shard "$file" "$out" "$shards" "$@")
array=${array%%;*} # a federation puts the cluster's name behind the number
merge=$(sbatch --parsable --dependency="afterany:$array" --output="$logs/%j_merge.log" \
    ${sbatch_options[@]+"${sbatch_options[@]}"} --cpus-per-task=1 "$job" merge "$file" "$out" "$shards")
echo "shards: job $array, tasks 1 to $shards"
echo "merge:  job ${merge%%;*}, after them"
echo "logs:   $logs"
