"""A job of millions: every input through one operation, some failing, until all is done.

Stopped anywhere, by kill -9 too, and started again, it goes on where it was.
"""

from __future__ import annotations

import heapq
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

import aeolia
from aeolia.api.operations.operation import Operation
from aeolia.api.operations.registry import operation_from_json
from aeolia.api.reports.report import Report
from aeolia.bulk.batches import MOVED, WORKER_LOST
from aeolia.bulk.choice import Choice, Tally, check_apart, endings_of
from aeolia.bulk.crew import Crew, Here, Processes, n_cores
from aeolia.bulk.index import Index
from aeolia.bulk.ledger import DONE, Ledger, digest_of
from aeolia.bulk.listing import Found, Source
from aeolia.bulk.ray_crew import Actors
from aeolia.bulk.station import FATAL, Station, Work, model_hash_of
from aeolia.bulk.stores import MEMORY, Place, writable
from aeolia.errors import InputError
from aeolia.files import sweep

__all__ = ["ENGINES", "BulkJob", "pause", "read_operation", "run_bulk"]

ENGINES = ("local", "ray")
#: More failures than these wait for no next try at a time.
_MOST_WAITING = 1000
_POLL_SECONDS = 1.0
#: A file whose node went so often may be why.
_MOST_MOVES = 10
#: A job on another machine that said nothing for so long is over.
_SILENCE_SECONDS = 60.0


@dataclass(frozen=True)
class BulkJob:
    """What is asked for.

    Raises:
        InputError: what cannot be.
    """

    operation: Operation[Report]
    inputs: tuple[str, ...]
    #: Folder or prefix for the outputs.
    output: str
    #: Folder or prefix of the ledger.
    ledger: str
    #: "local" or "ray".
    engine: str = "local"
    #: Of a Ray cluster: "auto", "ray://HOST:PORT", ...; None for one of this machine alone.
    address: str | None = None
    #: At most; None for one per CPU core.
    workers: int | None = None
    #: Tries for each file.
    retry: int = 3
    #: Do so many files at most; None for all.
    limit: int | None = None
    #: Begin although the output holds files.
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise InputError(f"no engine is called {self.engine!r}; {' or '.join(ENGINES)}")
        if self.address is not None and self.engine != "ray":
            raise InputError("an address came, and the engine is local; add --engine ray")
        if not self.operation.reads:
            raise InputError(f"{self.operation.name} reads no files; run it by itself")
        if getattr(self.operation, "residual", None) is not None:
            raise InputError("a residual came, which is one file for all; leave it out")
        if getattr(getattr(self.operation, "options", None), "all_tracks", False):
            raise InputError("all tracks came, which are several files for one; choose a track")
        if not self.inputs:
            raise InputError("no input came; name a file, a folder, a pattern or a list")


def run_bulk(
    job: BulkJob,
    watch: Callable[[Tally], None] = lambda tally: None,
    failure: Callable[[str], None] = lambda line: None,
    remark: Callable[[str], None] = lambda line: None,
) -> Tally:
    """Do all that is not done yet.

    Args:
        watch: called about every second.
        failure: called with a line for each file that is given up.
        remark: called with what else the user should know.

    Raises:
        AeoliaError: what is wrong with the whole job, before or in the middle of it; what was done
            is in the ledger.
    """
    run = _Run(job, watch, failure)
    try:
        run.open(remark)
        run.work()
    finally:
        run.close()
    Ledger(job.ledger).compact()
    return run.tally


def read_operation(uri: str) -> Operation[Report]:
    """The operation in a file of JSON, see `operation_from_json`.

    Raises:
        ConfigError: no such operation; InputError: no such file.
    """
    data = Place(uri).read()
    if data is None:
        raise InputError(f"{uri}: no such file; name an operation's JSON, denoise or separate")
    return operation_from_json(data.decode(errors="replace"))


def pause(attempt: int) -> float:
    """Seconds before the try that follows: a store may need them."""
    return float(min(30.0, 0.25 * 4.0**attempt))


class _Run:
    def __init__(
        self, job: BulkJob, watch: Callable[[Tally], None], failure: Callable[[str], None]
    ) -> None:
        self._job, self._watch, self._failure = job, watch, failure
        self.tally = Tally()
        self._facts = {
            "operation_hash": digest_of(job.operation.as_dict()),
            "aeolia_version": aeolia.__version__,
        }
        self._ledger: Ledger | None = None
        self._crew: Crew | None = None
        self._index: Index | None = None
        self._numbers = count()
        #: Tries that wait for their time: (when, number, work).
        self._waiting: list[tuple[float, int, Work]] = []
        #: Folders in which workers that died may have left something.
        self._left: set[Path] = set()
        #: Whether more may be listed.
        self._more = True
        self._told = -_POLL_SECONDS
        self._ended = threading.Event()

    def open(self, remark: Callable[[str], None]) -> None:
        """See that the job can be done, and begin it."""
        job = self._job
        ledger, output = Ledger(job.ledger), writable(job.output)
        self._output = output
        endings = endings_of(job.operation)
        self._sources = [Source(uri, endings) for uri in job.inputs]
        for source in self._sources:
            check_apart(source, output)
        self._check_seen(output, ledger)
        found = self._found()
        first = next(found, None)
        if first is None:
            raise InputError(
                f"{', '.join(job.inputs)}: no files there ({' '.join(endings[:6])} ...); check the "
                f"folder, the pattern or the list"
            )
        job.operation.check()
        self._model_hash = model_hash_of(job.operation)
        if ledger.job() is None and not job.overwrite and not output.is_empty():
            raise InputError(
                f"{output.uri}: holds files, and the ledger is new; name an empty folder, or add "
                f"--overwrite"
            )
        self._check_alone(ledger)
        ledger.begin(job.operation, output.uri)
        self._index, self._ledger = ledger.index(), ledger
        works = Choice(job.operation, self._index, self._model_hash, job.retry, self.tally)
        todo = works.of(chain([first], found), self._give_up)
        self._todo: Iterator[Work] = islice(todo, job.limit)
        begin = next(self._todo, None)
        if begin is None:
            return
        self._todo = chain([begin], self._todo)
        self._crew = self._hired(output.uri)
        if self._crew.remark:
            remark(self._crew.remark)
        threading.Thread(target=self._count, daemon=True).start()

    def _check_seen(self, output: Place, ledger: Ledger) -> None:
        """Memory is this process's own."""
        uris = [output.uri, ledger.place.uri, *(source.root for source in self._sources)]
        self._here = any(f"{MEMORY}://" in uri for uri in uris)
        if self._here and self._job.engine == "ray":
            raise InputError("memory:// is seen by this process alone; name a store for Ray")

    def _check_alone(self, ledger: Ledger) -> None:
        state = ledger.state()
        if not state or state.get("ended"):
            return
        here = state.get("host") == socket.gethostname()
        silent = time.time() - state.get("heard", 0.0)
        alive = _runs(state.get("pid", -1)) if here else silent < _SILENCE_SECONDS
        if alive:
            raise InputError(
                f"{ledger.place.uri}: another job writes it, process {state.get('pid')} on "
                f"{state.get('host')}, heard {silent:.0f} s ago; wait for it, or stop it"
            )

    def _hired(self, output: str) -> Crew:
        station = Station(self._job.operation, output)
        n_workers = self._job.workers or n_cores()
        if self._job.engine == "ray":
            return Actors(station, self._model_hash, self._job.address, self._job.workers)
        return Here(station) if self._here else Processes(station, n_workers)

    def _found(self) -> Iterator[Found]:
        return (found for source in self._sources for found in source)

    def _count(self) -> None:
        """Learn how many there are, for the time left."""
        files, size = 0, 0
        try:
            for found in self._found():
                files, size = files + 1, size + (found.size or 0)
                if self._ended.is_set():
                    return
        except Exception:
            return  # the job itself meets the same, and says so
        self.tally.listed, self.tally.listed_bytes = files, size

    def work(self) -> None:
        """Send and receive until nothing is left."""
        if self._crew is None:
            return
        while True:
            while self._crew.room() > 0:
                work = self._next()
                if work is None:
                    break
                self._crew.send(work)
            busy = self._crew.running()
            results = self._crew.results(_POLL_SECONDS)
            for work, row in results:
                self._receive(work, row)
            if not self._more and not self._waiting and not busy and not results:
                return
            self._tell(busy)

    def _next(self) -> Work | None:
        if self._waiting and self._waiting[0][0] <= time.monotonic():
            return heapq.heappop(self._waiting)[2]
        if self._more and len(self._waiting) < _MOST_WAITING:
            work = next(self._todo, None)
            self._more = work is not None
            return work
        return None

    def _receive(self, work: Work, row: dict[str, Any]) -> None:
        fatal, moved = row.pop(FATAL, False), row.pop(MOVED, False)
        if row["status"] == DONE:
            self._add(work, row)
            self.tally.done += 1
            self.tally.seconds += row["seconds"]
            return
        if fatal:
            raise InputError(row["error"])
        if row["error_kind"] == WORKER_LOST and (path := (self._output / work.name).local):
            self._left.add(path.parent)
        if moved and work.moves < _MOST_MOVES:
            again = replace(work, moves=work.moves + 1)
            heapq.heappush(self._waiting, (time.monotonic(), next(self._numbers), again))
            return
        if work.attempt >= self._job.retry:
            self._give_up(work, row)
            return
        self._add(work, row)
        self.tally.retried += 1
        again = replace(work, attempt=work.attempt + 1)
        due = time.monotonic() + pause(work.attempt)
        heapq.heappush(self._waiting, (due, next(self._numbers), again))

    def _give_up(self, work: Work, row: dict[str, Any]) -> None:
        self._add(work, row)
        self.tally.failed += 1
        self._failure(row["error"])

    def _add(self, work: Work, row: dict[str, Any]) -> None:
        """Add a row; those of lost workers and of names come without what all have."""
        assert self._ledger is not None
        facts = {
            "input": work.uri,
            "attempt": work.attempt,
            "version": work.version,
            "size": work.size,
            "finished": datetime.now(timezone.utc),
            "model_hash": self._model_hash,
            **self._facts,
        }
        self._ledger.add({**facts, **row})

    def _tell(self, busy: Sequence[tuple[Work, float]], ended: bool = False) -> None:
        assert self._ledger is not None
        if time.monotonic() - self._told >= _POLL_SECONDS or ended:
            self._told = time.monotonic()
            self.tally.workers = self._crew.n_workers() if self._crew else 0
            running = [(work.uri, took) for work, took in busy]
            self.tally.longest = max(running, key=lambda one: one[1], default=("", 0.0))
            self._watch(self.tally)
        if self._ledger.is_due or ended:
            self._ledger.flush()
            self._say(busy, ended)

    def _say(self, busy: Sequence[tuple[Work, float]], ended: bool) -> None:
        """Tell who looks on from elsewhere."""
        assert self._ledger is not None
        state = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "ended": ended,
            "elapsed": self.tally.elapsed,
            "done": self.tally.done,
            "failed": self.tally.failed,
            "workers": self.tally.workers,
            "listed": self.tally.listed,
            "listed_bytes": self.tally.listed_bytes,
            "running": [[work.uri, took] for work, took in busy],
        }
        self._ledger.say(state)

    def close(self) -> None:
        """End the workers, and write what is known."""
        self._ended.set()
        if self._crew is not None:
            self._crew.close()
        for folder in self._left:
            sweep(folder)
        if self._ledger is not None:
            self._tell((), ended=True)
        if self._index is not None:
            self._index.close()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return process > 0
