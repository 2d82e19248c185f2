"""The ledger of a job: a folder of Parquet files, with a row for every attempt at a file.

    LEDGER/job.json          the operation, and where the outputs go
    LEDGER/state.json        what a running job says of itself, every few seconds
    LEDGER/parts/N.parquet   rows; of two for one input the later counts, by name of part and row

Parts are only ever added, each whole or not at all, so a kill loses the last seconds at most, whose
files are done once more. At its end a job writes the latest rows into new parts and removes the
others. Any tool that reads Parquet reads LEDGER/parts.
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any, TypeVar

from aeolia.api.operations.operation import Operation
from aeolia.api.reports.report import Report
from aeolia.bulk.index import Index
from aeolia.bulk.stores import in_words, writable
from aeolia.errors import InputError, MissingExtraError

__all__ = ["DONE", "FAILED", "Ledger", "digest_of"]

Result = TypeVar("Result")

DONE, FAILED = "done", "failed"
_FORMAT = 1
#: Rows of a part, when it is not written earlier because of the time.
_PART_ROWS, _PART_SECONDS = 2000, 5.0
#: A job merges its parts once, at its end.
_MOST_READINGS = 5
#: What a job says of itself at least.
_STATE = {"host", "pid", "ended", "elapsed", "done", "failed", "workers", "heard"}
#: Rows of a part after the job.
_MERGED_ROWS = 20_000


def _schema() -> Any:
    import pyarrow as pa

    texts, reals = pa.list_(pa.string()), pa.float64()
    return pa.schema(
        {
            "input": pa.string(),
            "status": pa.string(),  # DONE or FAILED
            "attempt": pa.int32(),
            "error": pa.string(),
            "error_kind": pa.string(),
            "size": pa.int64(),  # of the input, in bytes
            "version": pa.string(),  # of the input: its size and its store's mark
            "outputs": texts,
            "sha256": texts,  # of each output's bytes
            "seconds": reals,  # of audio
            "sample_rate": pa.int32(),
            "channels": pa.int32(),
            "clipped_samples": pa.int64(),
            "peak_dbfs": reals,  # of all outputs together
            "rms_dbfs": reals,
            "warnings": texts,
            "wall_seconds": reals,
            "finished": pa.timestamp("ms", tz="UTC"),
            "worker": pa.string(),
            "operation_hash": pa.string(),
            "model_hash": pa.string(),
            "aeolia_version": pa.string(),
        }
    )


def digest_of(values: Any) -> str:
    """SHA-256 of plain values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


class _GoneError(InputError):
    """A part went while it was read."""


def _undisturbed(read: Callable[[], Result]) -> Result:
    """Read the parts; anew when the job that is at it merged them meanwhile."""
    for _ in range(_MOST_READINGS - 1):
        try:
            return read()
        except _GoneError:
            continue
    return read()


class Ledger:
    """The ledger at a URI.

    Raises:
        InputError: no such store; MissingExtraError: a package is missing.
    """

    def __init__(self, uri: str) -> None:
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise MissingExtraError(
                "a ledger needs pyarrow; install it with `pip install 'aeolia[cluster]'`"
            ) from error
        self.place = writable(uri)
        self._parts = self.place / "parts"
        self._rows: list[dict[str, Any]] = []
        self._written = time.monotonic()
        self._last = 0

    def job(self) -> dict[str, Any] | None:
        """What it is the ledger of; None where there is none.

        Raises:
            InputError: what is there is no ledger of this version.
        """
        job = self._json("job.json")
        if job is None:
            return None
        if job.get("format") != _FORMAT or not {"operation", "output"} <= job.keys():
            raise InputError(
                f"{self.place.uri}: a ledger of format {job.get('format')!r}, and {_FORMAT} is "
                f"needed; install the version of aeolia that wrote it, or name another ledger"
            )
        return job

    def begin(self, operation: Operation[Report], output: str) -> None:
        """Make a new ledger, or see that the one which is there is of the same work.

        Raises:
            InputError: it is of another operation or output, or cannot be written.
        """
        wanted = operation.as_dict()
        job = self.job()
        if job is None:
            began = datetime.now(timezone.utc).isoformat(timespec="seconds")
            values = {
                "format": _FORMAT,
                "operation": wanted,
                "output": output,
                "aeolia_version": _version(),
                "began": began,
            }
            self._put_json("job.json", values)
        elif job["operation"] != json.loads(json.dumps(wanted)):
            raise InputError(
                f"{self.place.uri}: the ledger of another operation, {json.dumps(job['operation'])}"
                f"; name another ledger, or repeat that operation"
            )
        elif job["output"] != output:
            raise InputError(
                f"{self.place.uri}: the ledger of another output, {job['output']}; name another "
                f"ledger, or repeat that output"
            )

    def state(self) -> dict[str, Any]:
        """What a running job last said of itself; empty for none."""
        state = self._json("state.json") or {}
        return state if state.keys() >= _STATE else {}

    def say(self, state: dict[str, Any]) -> None:
        """Say how the job stands, for who looks on."""
        self._put_json("state.json", {**state, "heard": time.time()})

    def add(self, row: dict[str, Any]) -> None:
        """Add a row; it is written with others, see `flush`."""
        self._rows.append(row)

    @property
    def is_due(self) -> bool:
        """Whether what was added should be written by now."""
        waited = time.monotonic() - self._written >= _PART_SECONDS
        return waited or len(self._rows) >= _PART_ROWS

    def flush(self) -> None:
        """Write what was added.

        Raises:
            InputError: it cannot be written.
        """
        self._written = time.monotonic()
        if self._rows:
            import pyarrow as pa

            schema = _schema()
            rows = [{key: row.get(key) for key in schema.names} for row in self._rows]
            self._write(pa.Table.from_pylist(rows, schema))
            self._rows = []

    def index(self) -> Index:
        """The latest row of every file.

        Raises:
            InputError: a part cannot be read.
        """
        return _undisturbed(self._index)

    def _index(self) -> Index:
        index = Index()
        columns = ["input", "status", "version", "model_hash", "attempt", "error_kind", "size"]
        columns += ["seconds", "wall_seconds", "finished"]
        place = 0
        for batch in self._batches(self._names(), columns):
            values = batch.to_pydict()
            stamps = [None if at is None else at.timestamp() for at in values["finished"]]
            places = range(place, place + len(stamps))
            place += len(stamps)
            facts = [values[name] for name in columns[1:-1]]
            index.add(zip(values["input"], places, *facts, stamps, strict=True))
        return index

    def failures(self, most: int) -> list[tuple[str, str]]:
        """URI and error of some files whose latest row is a failure.

        Raises:
            InputError: a part cannot be read.
        """
        return _undisturbed(lambda: self._failures(most))

    def _failures(self, most: int) -> list[tuple[str, str]]:
        found: dict[str, str] = {}
        for batch in self._batches(self._names(), ["input", "status", "error"]):
            for uri, status, error in zip(*batch.to_pydict().values(), strict=True):
                if status != FAILED:
                    found.pop(uri, None)
                elif len(found) < most:
                    found[uri] = error
        return list(found.items())

    def compact(self) -> None:
        """Leave one row for each file: the latest.

        Raises:
            InputError: it cannot be written.
        """
        import pyarrow as pa

        self.flush()
        old = self._names()
        if len(old) < 2:
            return
        index = self.index()
        place, kept, n_kept = 0, [], 0
        for batch in self._batches(old, None):
            inputs = batch.column("input").to_pylist()
            latest = [index.place(uri) == place + n for n, uri in enumerate(inputs)]
            place += len(inputs)
            kept.append(batch.filter(pa.array(latest, pa.bool_())))
            n_kept += sum(latest)
            if n_kept >= _MERGED_ROWS:
                self._write(pa.Table.from_batches(kept))
                kept, n_kept = [], 0
        if n_kept:
            self._write(pa.Table.from_batches(kept))
        index.close()
        for name in old:
            (self._parts / name).remove()

    def _names(self) -> list[str]:
        return [name for name in self._parts.names() if name.endswith(".parquet")]

    def _batches(self, names: list[str], columns: list[str] | None) -> Iterator[Any]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        for name in names:
            part = self._parts / name
            try:
                with part.fs.open(part.path, "rb") as file:
                    yield from pq.ParquetFile(file).iter_batches(10_000, columns=columns)
            except FileNotFoundError as error:
                raise _GoneError(in_words(part.uri, error, "read")) from error
            except (OSError, pa.ArrowInvalid) as error:
                raise InputError(in_words(part.uri, error, "read")) from error

    def _write(self, table: Any) -> None:
        import pyarrow.parquet as pq

        data = io.BytesIO()
        pq.write_table(table, data, compression="zstd")
        # Names sort by time; a clock that was set back must not bring new rows before old ones.
        if not self._last:
            self._last = max((int(name.split("-")[0]) for name in self._names()), default=0)
        self._last = max(time.time_ns(), self._last + 1)
        name = f"{self._last:020d}-{secrets.token_hex(4)}.parquet"
        (self._parts / name).write(data.getvalue())

    def _json(self, name: str) -> dict[str, Any] | None:
        data = (self.place / name).read()
        if data is None:
            return None
        try:
            values = json.loads(data)
            if not isinstance(values, dict):
                raise ValueError("no object")
        except ValueError as error:
            raise InputError(
                f"{self.place.uri}/{name}: not of a ledger ({error}); name another folder"
            ) from error
        return values

    def _put_json(self, name: str, values: dict[str, Any]) -> None:
        (self.place / name).write(json.dumps(values, indent=1).encode())


def _version() -> str:
    import aeolia

    return str(aeolia.__version__)
