"""Workers of a job of millions, here or in processes of this machine; `ray_crew` has others."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aeolia.bulk.batches import BatchCrew, Result, Worker, do_batch
from aeolia.bulk.station import Station, Work
from aeolia.bulk.workers import end_with_parent
from aeolia.errors import AeoliaError

__all__ = ["Crew", "Here", "Processes", "n_cores"]

_GRACE_SECONDS = 3.0
_PAUSE_SECONDS = 0.05


class Crew(Protocol):
    """What does the work."""

    #: What the user may want to know of it, such as the address of a page.
    remark: str

    def room(self) -> int:
        """How many files could be sent now."""

    def send(self, work: Work) -> None:
        """Let a worker begin with a file; there is room."""

    def results(self, seconds: float) -> list[Result]:
        """What was done meanwhile; waits so long for the first.

        Raises:
            AeoliaError: no worker can begin.
        """

    def running(self) -> Sequence[tuple[Work, float]]:
        """The files in work, and for how many seconds."""

    def n_workers(self) -> int:
        """How many there are just now."""

    def close(self) -> None:
        """End all, in the middle of their work too."""


def n_cores() -> int:
    """Of this machine, as far as this process may use them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Here:
    """No worker but this process: for stores that no other sees, and for a look."""

    remark = ""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._results: list[Result] = []
        station.open()

    def room(self) -> int:
        return 1 - len(self._results)

    def send(self, work: Work) -> None:
        self._results.append((work, self._station.do(work)))

    def results(self, seconds: float) -> list[Result]:
        found, self._results = self._results, []
        if not found:  # only tries that wait for their time are left
            time.sleep(min(seconds, _PAUSE_SECONDS))
        return found

    def running(self) -> Sequence[tuple[Work, float]]:
        return ()

    def n_workers(self) -> int:
        return 1

    def close(self) -> None:
        pass


@dataclass(kw_only=True)
class _Process(Worker):
    process: Any
    pipe: Any


class Processes(BatchCrew[_Process]):
    """Processes of this machine, each with its own model; one that dies is replaced."""

    remark = ""

    def __init__(self, station: Station, n_workers: int) -> None:
        super().__init__()
        self._station = station
        self._context = multiprocessing.get_context("spawn")  # ONNX Runtime survives no fork
        try:
            for _ in range(n_workers):
                self._workers.append(self._hired())
        except BaseException:
            self.close()
            raise

    def results(self, seconds: float) -> list[Result]:
        self._assign(complete=False)
        found: list[Result] = []
        pipes = {worker.pipe: worker for worker in self._workers}
        for pipe in multiprocessing.connection.wait(list(pipes), seconds):
            worker = pipes[pipe]
            try:
                message = worker.pipe.recv()
            except (EOFError, OSError):
                found += self._replaced(worker)
                continue
            if isinstance(message, AeoliaError):
                raise message
            if worker.works:
                found += self._answered(worker, message)
            else:
                self._begun(worker)
        return found

    def _hand(self, worker: _Process) -> None:
        try:
            worker.pipe.send(worker.works)
        except OSError:
            pass  # it died; `results` will find out

    def close(self) -> None:
        for worker in self._workers:
            worker.process.terminate()
        until = time.monotonic() + _GRACE_SECONDS
        for worker in self._workers:
            worker.process.join(max(0.0, until - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.pipe.close()
        self._workers = []

    def _hired(self) -> _Process:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._station))
        process.start()
        theirs.close()
        return _Process(process=process, pipe=ours)

    def _replaced(self, worker: _Process) -> list[Result]:
        worker.process.join()
        worker.pipe.close()
        code = worker.process.exitcode
        if not worker.ready:
            self._not_begun(
                f"exit code {code}", "see what they printed, and whether memory is left"
            )
        self._workers[self._workers.index(worker)] = self._hired()
        return self._lost(worker, f"exit code {code}")


def _serve(pipe: Any, station: Station) -> None:
    """The life of a worker process."""
    end_with_parent()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # partials go
    try:
        pipe.send(station.open())
    except AeoliaError as error:
        pipe.send(error)
        return
    while True:
        try:
            works = pipe.recv()
        except EOFError:
            return
        pipe.send(do_batch(station, works))
