"""Loads results of torus-sim into pandas data frames.

    import torus

    sweep = torus.load("results/churn")
    sweep.cells.plot(x="churn.session.exponential.mean_s", y="failure_rate")

    run = torus.load("results/mass-failure")
    run.timeseries.plot(x="time_s", y="failure_rate")

It reads what `torus-sim run`, `torus-sim sweep` and `torus-sim merge` write, and changes nothing. docs/outputs.md
describes every file and column. Needs Python 3.11 or later and pandas, nothing else: the file can be copied.

Parameters become typed columns. Columns of swept keys keep the name that the key has in a scenario; whole numbers,
numbers and booleans get their type, and a key whose values are durations gets a column more: `mean = "5min"` stays as
text in `...mean`, and `...mean_s` has 300.0, for plotting and sorting.
"""

from __future__ import annotations

import csv
import json
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Results", "ResultsError", "ResultsWarning", "Run", "Sweep", "load", "seconds"]

FORMAT = 1
"""The version of the results' layout that this file was written for."""


class ResultsError(Exception):
    """A folder that holds no results, or not all of them. The message says what is missing where."""


class ResultsWarning(UserWarning):
    """Results that can be read but should not be trusted as they are: changed, unfinished, or of another version."""


@dataclass(frozen=True)
class Results:
    """What a run and a sweep have in common."""

    path: Path
    """The folder."""
    manifest: dict[str, Any]
    """`manifest.json`: what made the results."""

    @property
    def name(self) -> str:
        """The name of the scenario or of the sweep."""
        return self.manifest.get("name") or self.manifest.get("sweep", "")

    @property
    def warnings(self) -> list[str]:
        """Reasons that the simulator gave to look twice before trusting the results, in words; each once."""
        own = [warning["text"] for warning in self.manifest.get("warnings", [])]
        jobs = self.manifest.get("jobs", [])
        return list(dict.fromkeys(own + [text for job in jobs for text in job.get("warnings", [])]))


@dataclass(frozen=True)
class Run(Results):
    """The results of one run. Empty cells are NaN (`<NA>` among identifiers, which floats could not hold)."""

    summary: pd.DataFrame
    """One row: `summary.csv`, then every key of the effective scenario under its full name, as in
    `protocol.chord.successors`, typed like a swept key. So the summaries of several runs can be put together:
    `pd.concat([torus.load(path).summary for path in paths])`."""
    hops: pd.DataFrame
    """A row for each hop count: `hops`, `lookups`."""
    timeseries: pd.DataFrame
    """A row for each window; `time_s` is its start."""
    lookups: pd.DataFrame | None
    """A row for each lookup; None if the run was made without `--lookups`."""


@dataclass(frozen=True)
class Sweep(Results):
    """The results of a sweep, or of a shard of one. The swept keys are the first columns of every frame; a column
    `<key>_s` follows each key whose values are durations. Empty cells are NaN."""

    failures: pd.DataFrame
    """A row for each run: the swept keys, then all columns of the run's `summary.csv`."""
    hops: pd.DataFrame
    """A row for each run and hop count: the swept keys, `replicate`, `seed`, `hops`, `lookups`."""
    cells: pd.DataFrame
    """A row for each cell of the grid: the swept keys, `replicates`, and for each figure its mean over replicates and,
    as `<figure>_ci95`, half the width of its 95% interval, whose ends are `<figure>_low` and `<figure>_high`."""

    @property
    def keys(self) -> list[str]:
        """The swept keys, in the order of the sweep file."""
        return list(self.manifest["keys"])


def load(path: str | Path) -> Run | Sweep:
    """Loads a folder of results.

    Raises ResultsError if there are none, or if a file is missing. Warns (ResultsWarning) if a file is not the one that
    the manifest describes, if the sweep is not finished, and if the results are of another version.
    """
    path = Path(path)
    manifest = _read_manifest(path)
    present = _check_files(path, manifest)
    if "keys" in manifest:
        return _load_sweep(path, manifest, present)
    return _load_run(path, manifest, present)


def _load_run(path: Path, manifest: dict[str, Any], present: set[str]) -> Run:
    _need(path, present, "summary.csv", "hops.csv", "timeseries.csv")
    summary = _read_table(path / "summary.csv")
    parameters = _flat(manifest.get("scenario"))
    extra = {key: value for key, value in _typed_parameters(parameters).items() if key not in summary.columns}
    return Run(
        path=path,
        manifest=manifest,
        summary=pd.concat([summary, pd.DataFrame(extra, index=summary.index)], axis=1),
        hops=_read_table(path / "hops.csv"),
        timeseries=_read_table(path / "timeseries.csv"),
        lookups=_read_table(path / "lookups.csv") if "lookups.csv" in present else None,
    )


def _load_sweep(path: Path, manifest: dict[str, Any], present: set[str]) -> Sweep:
    _need(path, present, "failures.csv", "hops.csv", "cells.csv")
    done, needed = len(manifest.get("jobs", [])), manifest.get("jobs_needed", 0)
    if done < needed:
        _warn(f"{path}: {done} of {needed} jobs are done; cells may miss replicates, or be missing")
    keys = manifest["keys"]
    return Sweep(
        path=path,
        manifest=manifest,
        failures=_read_table(path / "failures.csv", keys),
        hops=_read_table(path / "hops.csv", keys),
        cells=_read_table(path / "cells.csv", keys),
    )


# ---- files -----------------------------------------------------------------------------------------------------------


def _read_manifest(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise ResultsError(f"{path} does not exist")
    if not path.is_dir():
        raise ResultsError(f"{path} is not a folder: give the folder that holds manifest.json")
    file = path / "manifest.json"
    if not file.is_file():
        unfinished = (path / "journal.jsonl").exists()
        what = "only the journal of an unfinished sweep" if unfinished else "no results of torus-sim"
        raise ResultsError(f"{path} holds {what}: there is no manifest.json")
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ResultsError(f"{file} cannot be read: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("program") != "torus-sim":
        raise ResultsError(f"{file} was not written by torus-sim")
    if manifest.get("format") != FORMAT:
        _warn(f"{path}: results of format {manifest.get('format')} are read as format {FORMAT}")
    return manifest


def _check_files(path: Path, manifest: dict[str, Any]) -> set[str]:
    """Compares the files with what the manifest says of them. Returns their names."""
    names = set()
    for record in manifest.get("files", []):
        name = record["file"]
        file = path / name
        if not file.is_file():
            raise ResultsError(f"{path} is not complete: {name} is missing")
        if file.stat().st_size != record["bytes"] or _blake3(file) != record["blake3"]:
            _warn(f"{file} is not the file that manifest.json describes: it was changed after it was written")
        names.add(name)
    return names


def _need(path: Path, present: set[str], *names: str) -> None:
    for name in names:
        if name not in present:
            raise ResultsError(f"{path}/manifest.json does not name {name}: these are no results of torus-sim")


def _warn(text: str) -> None:
    # The level of whoever called load().
    warnings.warn(text, ResultsWarning, stacklevel=4)


# ---- tables ----------------------------------------------------------------------------------------------------------

TEXT = ["name", "protocol", "fingerprint", "outcome"]
"""Columns that are text whatever they look like: a fingerprint can look like a number."""
IDENTIFIERS = ["seed", "key", "answer", "owner"]
"""Columns of unsigned 64-bit integers, which floats cannot hold."""
COUNTS = (
    "nodes replicate replicates events joins departures leaves lookups correct wrong_owner failed aborted not_started "
    "in_flight hops lookup node messages_sent messages_delivered messages_lost messages_dropped messages_in_flight "
    "requests"
).split()
"""Columns of whole numbers. All others are floats, also where every value happens to be whole: so a column has the same
type in all results."""
# From pandas 3.1 on floats are always read exactly, and saying so is deprecated.
_VERSION = tuple(int(part) for part in pd.__version__.split(".")[:2])
_EXACT_FLOATS: dict[str, Any] = {} if _VERSION >= (3, 1) else {"float_precision": "round_trip"}


def _read_table(file: Path, keys: Iterable[str] = ()) -> pd.DataFrame:
    """Reads a CSV file whose first columns are swept keys."""
    keys = list(keys)
    with file.open(newline="", encoding="utf-8") as text:
        header = next(csv.reader(text), [])
    if header[: len(keys)] != keys:
        raise ResultsError(f"{file} does not begin with the swept keys {', '.join(keys)}")
    types = {name: "str" for name in header if name in TEXT or name in keys}
    types |= {name: "UInt64" for name in header if name in IDENTIFIERS and name not in keys}
    frame = pd.read_csv(
        file,
        index_col=False,
        dtype=types,
        keep_default_na=False,
        na_values=[""],
        low_memory=False,
        **_EXACT_FLOATS,
    )
    columns: dict[str, Any] = {}
    for name in frame.columns:
        if name in keys:
            columns |= _typed(name, list(frame[name]))
        else:
            real = pd.api.types.is_integer_dtype(frame[name]) and name not in COUNTS + IDENTIFIERS
            columns[name] = frame[name].astype("float64") if real else frame[name]
    return pd.DataFrame(columns, index=frame.index)


def _typed(key: str, texts: list[Any]) -> dict[str, Any]:
    """The columns of a parameter from its values as text: one with its type, and one in seconds for durations."""
    known = [text for text in texts if isinstance(text, str)]
    if not known:
        return {key: pd.array(texts, dtype="float64") if texts else pd.array([], dtype="str")}
    if all(text in ("true", "false") for text in known):
        whole = len(known) == len(texts)
        values = [text == "true" if isinstance(text, str) else None for text in texts]
        return {key: pd.array(values, dtype="bool" if whole else "boolean")}
    if all(re.fullmatch(r"[+-]?\d+", text) for text in known) and len(known) == len(texts):
        numbers = [int(text) for text in texts]
        return {key: np.array(numbers, dtype="uint64" if max(numbers) >= 2**63 else "int64")}
    try:
        return {key: np.array([float(text) for text in texts], dtype="float64")}
    except ValueError:
        pass
    columns: dict[str, Any] = {key: pd.array(texts, dtype="str")}
    try:
        columns[f"{key}_s"] = np.array([seconds(text) if isinstance(text, str) else np.nan for text in texts])
    except ValueError:
        pass
    return columns


def _flat(scenario: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The keys of a scenario with their full names."""
    if not isinstance(scenario, dict):
        return
    for key, value in scenario.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        elif not isinstance(value, dict):
            yield f"{prefix}{key}", value


def _typed_parameters(parameters: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for key, value in parameters:
        # Lists (events, shares of a partition) stay readable, and can be compared.
        columns[key] = [json.dumps(value) if isinstance(value, list) else value]
        if isinstance(value, str):
            try:
                columns[f"{key}_s"] = [seconds(value)]
            except ValueError:
                pass
    return columns


# ---- units -----------------------------------------------------------------------------------------------------------

UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
"""Units of durations, and how many nanoseconds they have."""

_DURATION = re.compile(r"\s*(\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?)\s*(ns|us|ms|s|min|h|d)\s*", re.ASCII)


def seconds(text: str) -> float:
    """The length in seconds of a duration as scenarios write it: "5min", "500ms", "1.5h".

    The value is worked out exactly; only the result is rounded, to the nearest float. Raises ValueError for anything
    that a scenario would not take as a duration.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration: a number and a unit ({', '.join(UNITS)}) such as 500ms or 1.5h")
    nanoseconds = Fraction(match[1].replace("_", "")) * UNITS[match[2]]
    if nanoseconds.denominator != 1:
        raise ValueError(f"{text!r} is finer than a nanosecond")
    return float(nanoseconds / 10**9)


# ---- BLAKE3 ----------------------------------------------------------------------------------------------------------
# The manifest's hash is not in Python's hashlib. All chunks of a file are hashed at once, a word of each in one array.

_IV = np.array(
    [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19], dtype=np.uint32
)
_PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
_COLUMNS_AND_DIAGONALS = [
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
]  # fmt: skip
_CHUNK, _BLOCK = 1024, 64
_START, _END, _PARENT, _ROOT = 1, 2, 4, 8


def _compress(chaining, words, counter, length, flags):
    """BLAKE3's compression of many blocks: `chaining` is 8 x n words, `words` 16 x n; the rest one number or n."""
    count = words.shape[1]
    state = np.empty((16, count), dtype=np.uint32)
    state[:8] = chaining
    state[8:12] = _IV[:4, None]
    state[12] = counter
    state[13] = 0  # the upper half of the counter: files of 4 TiB and more
    state[14] = length
    state[15] = flags

    def rotate(word, bits):
        return (word >> np.uint32(bits)) | (word << np.uint32(32 - bits))

    order = list(range(16))
    for _ in range(7):
        for index, (a, b, c, d) in enumerate(_COLUMNS_AND_DIAGONALS):
            for word, turn_d, turn_b in ((order[2 * index], 16, 12), (order[2 * index + 1], 8, 7)):
                state[a] += state[b] + words[word]
                state[d] = rotate(state[d] ^ state[a], turn_d)
                state[c] += state[d]
                state[b] = rotate(state[b] ^ state[c], turn_b)
        order = [order[place] for place in _PERMUTATION]
    return state[:8] ^ state[8:]


def _chunk_values(data: bytes, first: int, alone: bool):
    """The chaining values of the chunks of `data`, of which only the last may be shorter than a chunk."""
    count = max(1, -(-len(data) // _CHUNK))
    padded = np.frombuffer(data.ljust(count * _CHUNK, b"\0"), dtype="<u4").astype(np.uint32)
    blocks = padded.reshape(count, 16, 16).transpose(1, 2, 0)
    lengths = np.full(count, _CHUNK)
    lengths[-1] = len(data) - (count - 1) * _CHUNK
    counters = np.arange(first, first + count).astype(np.uint32)
    values = np.repeat(_IV[:, None], count, axis=1)
    for block in range(16):
        last = np.maximum(lengths - 1, 0) // _BLOCK
        active = last >= block
        size = np.clip(lengths - block * _BLOCK, 0, _BLOCK).astype(np.uint32)
        flags = np.where(last == block, _END | (_ROOT if alone else 0), 0) | (_START if block == 0 else 0)
        new = _compress(values, blocks[block], counters, size, flags.astype(np.uint32))
        values = np.where(active, new, values)
    return values


def _blake3(file: Path) -> str:
    """The BLAKE3 hash of a file, in hexadecimal digits."""
    piece = 4096 * _CHUNK
    size = file.stat().st_size
    values = []
    with file.open("rb") as source:
        for first in range(0, max(size, 1), piece):
            values.append(_chunk_values(source.read(piece), first // _CHUNK, alone=size <= _CHUNK))
    level = np.concatenate(values, axis=1)
    while (count := level.shape[1]) > 1:
        # Neighbours are joined in pairs; one that is left over goes up a level as it is.
        pairs = count // 2
        words = np.concatenate([level[:, 0 : 2 * pairs : 2], level[:, 1 : 2 * pairs : 2]])
        flags = _PARENT | (_ROOT if count == 2 else 0)
        level = np.concatenate([_compress(_IV[:, None], words, 0, _BLOCK, flags), level[:, 2 * pairs :]], axis=1)
    return level[:, 0].astype("<u4").tobytes().hex()
