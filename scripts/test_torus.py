"""Tests of torus.py, on small results that they write themselves.

    python -m unittest discover -s scripts

That the loader also agrees with what torus-sim writes is tested by check_notebooks.py, on fresh results.
"""

import json
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
import torus  # noqa: E402

# Hashes of the bytes 0, 1, ..., 250, 0, 1, ..., by the reference implementation.
BLAKE3 = {
    0: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    1: "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
    64: "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98",
    1023: "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
    1024: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
    1025: "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
    2049: "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030",
    3073: "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3",
    31744: "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47",
    102400: "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085",
}

MEAN = "churn.session.exponential.mean"
SCENARIO = {
    "name": "small",
    "event": [{"at": "5min", "crash": {"fraction": 0.3}}],
    "protocol": {"chord": {"successors": 16, "fingers_on_join": True, "stabilize_every": "1500ms"}},
    "population": {"start": "converged"},
    "workload": {"keys": {"uniform": {}}},
}


class Folder(unittest.TestCase):
    """A test with a folder of its own. Every warning that it does not expect is an error."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name)
        caught = warnings.catch_warnings()
        caught.__enter__()
        self.addCleanup(caught.__exit__, None, None, None)
        warnings.simplefilter("error")

    def write(self, tables, **manifest):
        files = []
        for name, text in tables.items():
            (self.path / name).write_text(text)
            files.append({"file": name, "bytes": len(text.encode()), "blake3": torus._blake3(self.path / name)})
        manifest = {"format": torus.FORMAT, "program": "torus-sim", "files": files} | manifest
        (self.path / "manifest.json").write_text(json.dumps(manifest))

    def write_run(self, **more):
        tables = {
            "summary.csv": "name,protocol,nodes,seed,replicate,fingerprint,rings,hops_p50,join_time_ms_mean\n"
            "small,chord,100,18446744073709551615,0,12345678901234567890123456789012,1,3,\n",
            "hops.csv": "hops,lookups\n0,2\n1,7\n",
            "timeseries.csv": "time_s,live_nodes,failure_rate\n0,100,\n10,99.5,0.1\n",
        }
        self.write(tables | more, name="small", scenario=SCENARIO, warnings=[{"kind": "k", "text": "look twice"}])

    def write_sweep(self, keys, values, **manifest):
        """A sweep with a cell for each of `values`, each with one run."""
        front = ",".join(keys)
        rows = [",".join(value) for value in values]
        tables = {
            "failures.csv": f"{front},protocol,seed,replicate,failure_rate\n"
            + "".join(f"{row},chord,7,0,0.1\n" for row in rows),
            "hops.csv": f"{front},replicate,seed,hops,lookups\n" + "".join(f"{row},0,7,1,5\n" for row in rows),
            "cells.csv": f"{front},replicates,failure_rate,failure_rate_ci95\n"
            + "".join(f"{row},1,0.1,\n" for row in rows),
        }
        jobs = [{"job": "x", "warnings": ["look twice"]} for _ in values]
        manifest = {"sweep": "small", "keys": keys, "jobs_needed": len(jobs), "jobs": jobs} | manifest
        self.write(tables, **manifest)

    def sweep(self, keys, values):
        self.write_sweep(keys, values)
        return torus.load(self.path)


class Runs(Folder):
    def test_tables_have_typed_columns_and_empty_cells_are_nan(self):
        self.write_run()
        run = torus.load(str(self.path))
        self.assertIsInstance(run, torus.Run)
        row = run.summary.iloc[0]
        self.assertEqual(len(run.summary), 1)
        self.assertEqual(row["seed"], 2**64 - 1, "a float would have rounded it")
        self.assertEqual(row["fingerprint"], "12345678901234567890123456789012", "text, though it looks like a number")
        self.assertTrue(pd.isna(row["join_time_ms_mean"]))
        kinds = {name: run.summary[name].dtype.kind for name in ["nodes", "rings", "hops_p50"]}
        self.assertEqual(kinds, {"nodes": "i", "rings": "f", "hops_p50": "f"})
        self.assertEqual(run.hops["lookups"].tolist(), [2, 7])
        self.assertTrue(pd.isna(run.timeseries["failure_rate"][0]))
        self.assertEqual(run.timeseries["failure_rate"][1], 0.1)
        self.assertIsNone(run.lookups)
        self.assertEqual((run.name, run.warnings), ("small", ["look twice"]))
        self.assertEqual(run.manifest["scenario"], SCENARIO)

    def test_the_summary_has_the_parameters(self):
        self.write_run()
        row = torus.load(self.path).summary.iloc[0]
        self.assertEqual(row["protocol.chord.successors"], 16)
        self.assertTrue(row["protocol.chord.fingers_on_join"])
        self.assertEqual(row["protocol.chord.stabilize_every"], "1500ms")
        self.assertEqual(row["protocol.chord.stabilize_every_s"], 1.5)
        self.assertEqual(json.loads(row["event"])[0]["at"], "5min")
        self.assertNotIn("population.start_s", row)

    def test_identifiers_of_lookups_are_exact_and_may_be_missing(self):
        text = "lookup,key,outcome,answer,owner,hops\n0,18446744073709551615,correct,9007199254740993,5,3\n"
        self.write_run(**{"lookups.csv": text + "1,2,failed,,,\n"})
        lookups = torus.load(self.path).lookups
        self.assertEqual(lookups["key"][0], 2**64 - 1)
        self.assertEqual(lookups["answer"][0], 2**53 + 1)
        self.assertTrue(pd.isna(lookups["answer"][1]) and pd.isna(lookups["hops"][1]))

    def test_several_runs_can_be_put_together(self):
        self.write_run()
        both = pd.concat([torus.load(self.path).summary] * 2)
        self.assertEqual(both["protocol.chord.stabilize_every_s"].tolist(), [1.5, 1.5])


class Sweeps(Folder):
    def test_durations_stay_and_get_a_column_in_seconds(self):
        sweep = self.sweep([MEAN], [["5min"], ["1500ms"], ["1d"]])
        for frame in (sweep.failures, sweep.hops, sweep.cells):
            self.assertEqual(list(frame.columns[:2]), [MEAN, f"{MEAN}_s"])
            self.assertEqual(frame[MEAN].tolist(), ["5min", "1500ms", "1d"])
            self.assertEqual(frame[f"{MEAN}_s"].tolist(), [300.0, 1.5, 86400.0])
        self.assertEqual(sweep.keys, [MEAN])
        self.assertTrue(sweep.cells["failure_rate_ci95"].isna().all())
        self.assertEqual((sweep.name, sweep.warnings), ("small", ["look twice"]))

    def test_numbers_and_booleans_are_typed_and_words_are_not(self):
        keys = ["population.nodes", "network.loss", "protocol.chord.fingers_on_join", "protocol.chord.routing"]
        cells = self.sweep(keys, [["10", "0", "true", "iterative"], ["20", "0.5", "false", "recursive"]]).cells
        self.assertEqual([cells[key].dtype.kind for key in keys[:3]], ["i", "f", "b"])
        self.assertEqual(cells["network.loss"].tolist(), [0.0, 0.5])
        self.assertEqual(cells["protocol.chord.fingers_on_join"].tolist(), [True, False])
        self.assertEqual(cells["protocol.chord.routing"].tolist(), ["iterative", "recursive"])
        self.assertEqual([name for name in cells if name.endswith("_s")], [])

    def test_a_key_with_words_among_its_durations_is_text(self):
        cells = self.sweep(["x"], [["5min"], ["never"]]).cells
        self.assertEqual(cells["x"].tolist(), ["5min", "never"])
        self.assertNotIn("x_s", cells)

    def test_a_large_seed_is_exact(self):
        cells = self.sweep(["s"], [["1"], [str(2**64 - 1)]]).cells
        self.assertEqual(cells["s"].tolist(), [1, 2**64 - 1])

    def test_keys_that_are_columns_of_runs_elsewhere_are_typed_as_keys(self):
        keys = ["name", "outcome", "seed"]
        cells = self.sweep(keys, [["5", "true", "7"]]).cells
        self.assertEqual([cells[key].dtype.kind for key in keys], ["i", "b", "i"])

    def test_an_unfinished_sweep_warns(self):
        self.write_sweep([MEAN], [["5min"]], jobs_needed=3)
        with self.assertWarnsRegex(torus.ResultsWarning, "1 of 3 jobs are done"):
            torus.load(self.path)

    def test_tables_without_rows_can_be_loaded(self):
        self.assertEqual(len(self.sweep([MEAN], []).cells), 0)


class NoResults(Folder):
    def refuses(self, text, path=None):
        with self.assertRaisesRegex(torus.ResultsError, text):
            torus.load(path or self.path)

    def test_what_is_not_a_results_folder_is_refused(self):
        self.refuses("does not exist", self.path / "nowhere")
        self.refuses("holds no results of torus-sim: there is no manifest.json")
        (self.path / "journal.jsonl").write_text("")
        self.refuses("only the journal of an unfinished sweep")
        self.refuses("is not a folder", self.path / "journal.jsonl")
        (self.path / "manifest.json").write_text("{")
        self.refuses("cannot be read")
        (self.path / "manifest.json").write_text('{"name": "package"}')
        self.refuses("was not written by torus-sim")

    def test_a_missing_file_is_named(self):
        self.write_run()
        (self.path / "hops.csv").unlink()
        self.refuses("hops.csv is missing")
        self.write({"summary.csv": "name\nsmall\n"})
        self.refuses("does not name hops.csv")

    def test_tables_of_another_sweep_are_refused(self):
        self.write_sweep([MEAN], [["5min"]])
        manifest = json.loads((self.path / "manifest.json").read_text())
        (self.path / "manifest.json").write_text(json.dumps(manifest | {"keys": ["population.nodes"]}))
        self.refuses("does not begin with the swept keys population.nodes")

    def test_a_changed_file_warns(self):
        self.write_run()
        (self.path / "hops.csv").write_text("hops,lookups\n0,2\n1,8\n")
        with self.assertWarnsRegex(torus.ResultsWarning, "hops.csv is not the file that manifest.json describes"):
            run = torus.load(self.path)
        self.assertEqual(run.hops["lookups"].tolist(), [2, 8])

    def test_another_version_warns(self):
        self.write_sweep([MEAN], [["5min"]], format=99)
        with self.assertWarnsRegex(torus.ResultsWarning, "format 99"):
            torus.load(self.path)


class Units(Folder):
    def test_durations_are_exact(self):
        cases = {
            "1ns": 1e-9,
            "3us": 3e-6,
            "500ms": 0.5,
            "0.3s": 0.3,
            "5min": 300.0,
            "1.5h": 5400.0,
            "1d": 86400.0,
            "1_000ms": 1.0,
            " 20 min ": 1200.0,
            "0s": 0.0,
            "0.000000001s": 1e-9,
        }
        self.assertEqual({text: torus.seconds(text) for text in cases}, cases)

    def test_what_is_not_a_duration_is_refused(self):
        for text in ["", "5", "min", "5m", "5 minutes", "-5s", "5.s", ".5s", "1e3s", "1__0s", "_1s", "5min 3s", "٣s"]:
            with self.assertRaises(ValueError, msg=text):
                torus.seconds(text)
        with self.assertRaisesRegex(ValueError, "finer than a nanosecond"):
            torus.seconds("0.5ns")


class Hashes(Folder):
    def test_files_of_all_shapes_have_the_reference_hash(self):
        file = self.path / "file"
        for length, expected in BLAKE3.items():
            file.write_bytes(bytes(index % 251 for index in range(length)))
            self.assertEqual(torus._blake3(file), expected, length)


if __name__ == "__main__":
    unittest.main()
