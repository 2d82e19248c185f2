"""Batches of short files, which processes and Ray's actors take alike.

To hand a worker one file costs it a millisecond or more, of waiting and of CPU: much beside a
recording of a second. So short ones go by batches of about half a second of work, and what is
longer goes alone. Of a batch that is lost with its worker nobody knows whose fault it was: each of
its files then goes alone.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from aeolia.bulk.ledger import DONE
from aeolia.bulk.station import FATAL, Station, Work, failed
from aeolia.errors import InputError

__all__ = ["MOVED", "WORKER_LOST", "BatchCrew", "Queue", "Result", "Worker", "do_batch"]

#: A file, and its row in the ledger.
Result: TypeAlias = tuple[Work, dict[str, Any]]
#: Key of the row of a file whose node went, or that was lost with others: no fault of its own, as
#: far as is known.
MOVED = "moved"
#: Error kind of a file whose worker ended.
WORKER_LOST = "WorkerLost"
#: Of work in a batch, and files. Less would cost more calls; more, that at the end of a job one
#: worker has a batch and the others none, and more that a kill lets be done once more.
BATCH_SECONDS, BATCH_FILES = 0.5, 64
#: So many workers in a row may end before they begin.
_MOST_FALSE_STARTS = 3
#: How much of what was known of the pace stays with each batch.
_MEMORY = 0.9


class Queue:
    """Files that wait for a worker, and how many of them are a batch."""

    def __init__(self) -> None:
        self._works: deque[Work] = deque()
        self._wall, self._size = 0.0, 0.0

    def __len__(self) -> int:
        return len(self._works)

    def __iter__(self) -> Iterator[Work]:
        return iter(self._works)

    def add(self, work: Work) -> None:
        """Add a file."""
        self._works.append(work)

    def give_back(self, works: Sequence[Work]) -> None:
        """Take back what was not begun: it comes next."""
        self._works.extendleft(reversed(works))

    def learn(self, rows: Sequence[dict[str, Any]]) -> None:
        """See from a batch how long files of some size take."""
        done = [row for row in rows if row["status"] == DONE and row["size"]]
        if done:
            self._wall = _MEMORY * self._wall + sum(row["wall_seconds"] for row in done)
            self._size = _MEMORY * self._size + sum(row["size"] for row in done)

    def batch(self, *, complete: bool) -> list[Work]:
        """Take the next batch, if there is one: with `complete`, one that cannot grow."""
        number, seconds = 0, 0.0
        for work in self._works:
            needs = self._seconds(work)
            if number and seconds + needs > BATCH_SECONDS:
                break
            number, seconds = number + 1, seconds + needs
            if number == BATCH_FILES or seconds > BATCH_SECONDS:
                break
        else:
            if complete:
                return []
        return [self._works.popleft() for _ in range(number)]

    def _seconds(self, work: Work) -> float:
        """Of work for a file, about; without end for one not known, or suspected."""
        if work.size is None or not self._size or work.attempt > 1 or work.moves:
            return math.inf
        return self._wall / self._size * work.size


def do_batch(station: Station, works: Sequence[Work]) -> list[dict[str, Any]]:
    """What a worker does: files in turn, as many as there is time for; their rows."""
    began, rows = time.monotonic(), list[dict[str, Any]]()
    for work in works:
        if rows and (rows[-1].get(FATAL) or time.monotonic() - began > BATCH_SECONDS):
            break
        rows.append(station.do(work))
    return rows


@dataclass(kw_only=True)
class Worker:
    """What is known of a worker."""

    ready: bool = False
    #: What it has to do now, and since when.
    works: list[Work] = field(default_factory=list)
    since: float = 0.0


AnyWorker = TypeVar("AnyWorker", bound=Worker)


class BatchCrew(ABC, Generic[AnyWorker]):
    """What crews that work by batches have in common: see `aeolia.bulk.crew.Crew`."""

    def __init__(self) -> None:
        self._workers: list[AnyWorker] = []
        self._queue = Queue()
        self._false_starts = 0

    def room(self) -> int:
        return int(self._idle() is not None)

    def send(self, work: Work) -> None:
        self._queue.add(work)
        self._assign(complete=True)

    def running(self) -> Sequence[tuple[Work, float]]:
        """Of a batch its largest file: what takes long is mostly that, and alone."""
        now = time.monotonic()
        found = [(max(one.works, key=_size), now - one.since) for one in self._workers if one.works]
        return found + [(work, 0.0) for work in self._queue]

    def n_workers(self) -> int:
        return sum(worker.ready for worker in self._workers)

    @abstractmethod
    def _hand(self, worker: AnyWorker) -> None:
        """Let a worker begin with its `works`."""

    def _idle(self) -> AnyWorker | None:
        return next((one for one in self._workers if one.ready and not one.works), None)

    def _assign(self, *, complete: bool) -> None:
        """Hand out batches as long as there are some, and workers for them."""
        while (worker := self._idle()) and (works := self._queue.batch(complete=complete)):
            worker.works, worker.since = works, time.monotonic()
            self._hand(worker)

    def _begun(self, worker: AnyWorker) -> None:
        """Note that a worker can begin."""
        worker.ready, self._false_starts = True, 0

    def _answered(self, worker: AnyWorker, rows: Sequence[dict[str, Any]]) -> list[Result]:
        """Take what a worker did of its batch."""
        works, worker.works = worker.works, []
        self._queue.learn(rows)
        self._queue.give_back(works[len(rows) :])
        return list(zip(works[: len(rows)], rows, strict=True))

    def _not_begun(self, why: str, advice: str) -> None:
        """Note that a worker ended before it began.

        Raises:
            InputError: so did those before it.
        """
        self._false_starts += 1
        if self._false_starts >= _MOST_FALSE_STARTS:
            raise InputError(f"workers end before they begin ({why}); {advice}")

    def _lost(self, worker: AnyWorker, why: str, *, moved: bool = False) -> list[Result]:
        """Take what a worker that ended had in work; `moved` says that none of it is to blame."""
        moved = moved or len(worker.works) > 1
        return [(work, {**_lost_row(work, why), MOVED: moved}) for work in worker.works]


def _lost_row(work: Work, why: str) -> dict[str, Any]:
    row = failed(InputError(f"{work.uri}: its worker ended while it was at this file ({why})"))
    return {**row, "error_kind": WORKER_LOST}


def _size(work: Work) -> int:
    return work.size or 0
