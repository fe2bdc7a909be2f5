#!/bin/bash
# Tests torus.py, and executes every notebook on freshly made, small results: check_notebooks.py says what must hold.
#
#     scripts/check_notebooks.sh
#
# The virtual environment, the results, and the plots (to be looked at) are in target/notebooks. The program is
# TORUS_SIM [default: target/release/torus-sim], Python is PYTHON [default: python3].

set -euo pipefail
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
TORUS_SIM=$(realpath "${TORUS_SIM:-$root/target/release/torus-sim}")
[[ -x $TORUS_SIM ]] || { echo "$TORUS_SIM is not there: build it, or set TORUS_SIM" >&2; exit 2; }
cd "$root"
work=$root/target/notebooks
mkdir -p "$work"

# An environment is kept until the pinned file changes.
pinned=$(sha256sum scripts/requirements.txt | cut -c1-16)
environment=$work/python-$pinned
if [[ ! -e $environment/complete ]]; then
    rm -rf "$work"/python-*
    "${PYTHON:-python3}" -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement scripts/requirements.txt
    "$environment/bin/pip" check
    touch "$environment/complete"
fi
python=$environment/bin/python

"$python" -W error -m unittest discover --start-directory scripts

# The page of the study shows what its tables have.
"$python" scripts/study.py --check

rm -rf "$work/results" "$work/plots"
"$TORUS_SIM" sweep scripts/notebooks/small-churn.toml --quiet --out "$work/results/churn"
"$TORUS_SIM" sweep scripts/notebooks/small-stabilize.toml --quiet --out "$work/results/stabilize"
"$TORUS_SIM" sweep scripts/notebooks/small-chord-vs-kademlia.toml --quiet --out "$work/results/chord-vs-kademlia"
"$TORUS_SIM" run scenarios/mass-failure.toml --quiet --lookups --out "$work/results/mass-failure" \
    --set population.nodes=1000 --set measurement.duration=15min

# What the simulator writes is what the loader takes, without a warning: the hashes in the manifests are the files'.
"$python" -W error - "$work/results" <<'PYTHON'
import sys
from pathlib import Path

sys.path.insert(0, "scripts")
import torus

results = Path(sys.argv[1])
churn = torus.load(results / "churn")
key = "churn.session.exponential.mean"
assert churn.keys[0] == "population.nodes" and key in churn.keys, churn.keys
assert sorted(churn.cells[f"{key}_s"].unique()) == [300, 1200, 3600, 14400]
assert len(churn.failures) == 24 and len(churn.cells) == 8
assert churn.hops["lookups"].sum() == churn.failures[["correct", "wrong_owner"]].sum().sum()
run = torus.load(results / "mass-failure")
assert len(run.lookups) == run.summary["lookups"].item() == run.timeseries["lookups"].sum()
assert run.lookups["key"].max() > 2**53, "keys are exact"
print("fresh results: loaded")
PYTHON

export TORUS_RESULTS=$work/results
export MPLCONFIGDIR=$work/matplotlib IPYTHONDIR=$work/ipython
"$python" scripts/check_notebooks.py "$work/plots" scripts/notebooks/*.ipynb
