"""What an evaluation has scored so far, beside its report: a second start goes on from there.

REPORT/unfinished.jsonl    a line a row, as it is finished; it goes when the report is there

A row is taken over only where all that it depends on is what it was: the model's file, or the
command and the files that it names; the clip's files, the metrics, this package's version. Clips
that could not be processed are tried again.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import aeolia
from aeolia.config import config_from_dict
from aeolia.errors import AeoliaError, DataError, InputError
from aeolia.evaluation.scoring import ClipScores
from aeolia.files import Paths, claimed, not_written, write_atomically

__all__ = ["Ledger", "file_facts", "going_on", "key_of"]

_NAME = "unfinished.jsonl"


class Ledger:
    """The rows of an evaluation that is under way, by key and name.

    Args:
        report: the folder of the report, which is made with the first row.
        inputs: the recordings: who may not read those may not read it.
    """

    def __init__(self, report: Path, inputs: Paths = ()) -> None:
        self.path = report / _NAME
        self._inputs = inputs
        self._rows = dict(_read(self.path))
        self._begun = False

    def known(self, key: str, names: Sequence[str]) -> list[ClipScores] | None:
        """The rows of these names that were scored under a key; None where one is missing."""
        found = [self._rows[key, name] for name in names if (key, name) in self._rows]
        return found if len(found) == len(names) else None

    def add(self, key: str, row: ClipScores) -> None:
        """Keep a row, on the disk, too; not that of a clip that failed.

        Raises:
            InputError: the folder cannot be written.
        """
        if not row.sample_rate:
            return
        if not self._begun:  # anew, without the end of a line that a kill has cut
            lines = [_line(of, known) for (of, _), known in self._rows.items()]
            write_atomically(self.path, "".join(lines), inputs=self._inputs)
            self._begun = True
        self._rows[key, row.name] = row
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(_line(key, row))
        except OSError as error:
            raise InputError(not_written(self.path, error)) from error

    def remove(self) -> None:
        """Nothing is left to go on with."""
        self._rows = {}
        self.path.unlink(missing_ok=True)


@contextmanager
def going_on(report: Path, inputs: Paths = ()) -> Iterator[Ledger]:
    """The ledger of a report, for one process at a time.

    Raises:
        InputError: another process evaluates into that folder.
    """
    ledger = Ledger(report, inputs)
    there = report.exists()
    try:
        with claimed(ledger.path):
            yield ledger
    except DataError:  # what cannot be evaluated, cannot be gone on with
        ledger.remove()
        raise
    finally:
        if not there:
            with suppress(OSError):  # it holds something, or was not made
                report.rmdir()


def _line(key: str, row: ClipScores) -> str:
    return json.dumps([key, _strict(vars(row))], allow_nan=False) + "\n"


def _read(path: Path) -> Iterator[tuple[tuple[str, str], ClipScores]]:
    """The rows of a ledger that can be read; none where there is no ledger."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return
    for line in lines:
        with suppress(ValueError, TypeError, KeyError, AttributeError, AeoliaError):
            key, values = json.loads(line)
            row = _row(values)
            yield (str(key), row.name), row


def _row(values: Mapping[str, Any]) -> ClipScores:
    numbers = ("seconds", "snr_db", "real_time_factor")
    own = {name: _number(values[name]) for name in numbers}
    scores = {name: _number(value) for name, value in values["values"].items()}
    return config_from_dict(ClipScores, {**values, **own, "values": scores})


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _strict(value: Any) -> Any:
    """Without NaN, which strict JSON has not."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _strict(one) for key, one in value.items()}
    return [_strict(one) for one in value] if isinstance(value, (list, tuple)) else value


def key_of(system: str, clip: object, files: Iterable[Path], metrics: Iterable[str]) -> str:
    """A name that changes with all that the scores of a clip depend on.

    Args:
        system: what identifies the system.
        clip: what is known of it; its `repr` counts.
        files: those of the clip.
        metrics: their names.
    """
    read = [file_facts(path) for path in files]
    facts = [aeolia.__version__, system, repr(clip), read, sorted(metrics)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def file_facts(path: Path) -> list[str | int]:
    """Path, length and time of change: another file has others."""
    try:
        found = path.stat()
    except OSError:
        return [str(path.resolve())]
    return [str(path.resolve()), found.st_size, found.st_mtime_ns]
