"""Which of the files that are listed a job of millions does, and how it stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from aeolia.api.operations.operation import Operation
from aeolia.api.reports.report import Report
from aeolia.audio.formats import AUDIO_SUFFIXES, MEDIA_SUFFIXES
from aeolia.audio.media import has_pyav
from aeolia.bulk.index import Index
from aeolia.bulk.ledger import DONE
from aeolia.bulk.listing import Found, Source
from aeolia.bulk.station import Work, failed, output_name
from aeolia.bulk.stores import Place, version_of
from aeolia.errors import InputError

__all__ = ["Choice", "Tally", "check_apart", "endings_of"]

_CHUNK = 256
_HELPERS = 16


@dataclass
class Tally:
    """How a job stands."""

    done: int = 0
    failed: int = 0
    #: Done by an earlier run of the job, or named twice.
    skipped: int = 0
    #: Tries that failed and were followed by another.
    retried: int = 0
    #: Of audio, in what was done.
    seconds: float = 0.0
    #: Files in all, and their bytes where all are known; None until all are listed.
    listed: int | None = None
    listed_bytes: int | None = None
    workers: int = 0
    started: float = field(default_factory=time.monotonic)
    #: The file that takes longest just now, and for how many seconds.
    longest: tuple[str, float] = ("", 0.0)

    @property
    def elapsed(self) -> float:
        """Seconds since the job began."""
        return time.monotonic() - self.started


def endings_of(operation: Operation[Report]) -> tuple[str, ...]:
    """Of the files that it takes from a folder."""
    if operation.read_endings:
        return operation.read_endings
    return (*AUDIO_SUFFIXES, *MEDIA_SUFFIXES) if has_pyav() else AUDIO_SUFFIXES


def check_apart(source: Source, output: Place) -> None:
    """Refuse an output that a second run would take for inputs.

    Raises:
        InputError: it lies where inputs are looked for.
    """
    root, goal = source.root.rstrip("/") + "/", output.uri.rstrip("/") + "/"
    if not goal.startswith(root):
        return
    below = goal[len(root) :].count("/")
    if source.depth is None or below < source.depth:
        raise InputError(
            f"{output.uri}: the output lies inside the input {source.uri}, and would be read "
            f"itself; name a folder beside it"
        )


class Choice:
    """Chooses among the files that are found, and counts those it leaves out."""

    def __init__(
        self,
        operation: Operation[Report],
        index: Index,
        model_hash: str,
        retry: int,
        tally: Tally,
    ) -> None:
        self._operation = operation
        self._index = index
        self._model_hash = model_hash
        self._retry = retry
        self._tally = tally

    def of(
        self, found: Iterator[Found], refuse: Callable[[Work, dict[str, Any]], None]
    ) -> Iterator[Work]:
        """What is to be done, as it is asked for; `refuse` gets what never can be, with its row."""
        while chunk := list(islice(found, _CHUNK)):
            for one in self._with_versions(chunk):
                name = output_name(self._operation, one.name) if one.name else ""
                work = Work(one.uri, name, one.version, one.size)
                other = "" if one.error else self._index.take(name, one.uri)
                if one.error:
                    refuse(work, failed(InputError(one.error)))
                elif other == one.uri:
                    self._tally.skipped += 1
                elif other:
                    said = f"{other} and {one.uri} would both become {name}; rename one"
                    refuse(work, failed(InputError(said)))
                elif (attempt := self._attempt(one)) is not None:
                    yield replace(work, attempt=attempt)

    def _with_versions(self, chunk: list[Found]) -> list[Found]:
        """Names of a list come without versions, which are asked for where a file is known."""
        asked = [
            n
            for n, one in enumerate(chunk)
            if not one.version and not one.error and self._index.known(one.uri)
        ]
        if asked:
            with ThreadPoolExecutor(_HELPERS) as pool:
                infos = pool.map(lambda n: Place(chunk[n].uri).info(), asked)
                for n, info in zip(asked, infos, strict=True):
                    chunk[n] = replace(chunk[n], version=version_of(info))
        return chunk

    def _attempt(self, found: Found) -> int | None:
        """The number of the try that is due; None if the file is done or given up."""
        known = self._index.known(found.uri)
        if known is None or known.model_hash != self._model_hash:
            return 1
        if found.version and known.version and found.version != known.version:
            return 1
        if known.status == DONE:
            self._tally.skipped += 1
            return None
        if known.attempt >= self._retry:
            self._tally.failed += 1
            return None
        return known.attempt + 1
