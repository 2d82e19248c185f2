"""Run over many files in threads, with some failing, until the user interrupts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from aeolia.bulk.plan import Job
from aeolia.errors import AeoliaError, InputError

__all__ = ["Outcome", "run_jobs"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What became of a job: a result, an error, or neither, for one that is skipped."""

    job: Job
    result: Result | None
    error: AeoliaError | None


class _Cancelled(BaseException):
    """Raised in a worker when the user interrupted: not an Exception, so nothing keeps it."""


def run_jobs(
    jobs: list[Job],
    work: Callable[[Job, Callable[[], None]], Result],
    *,
    workers: int = 1,
    done: Callable[[Outcome[Result]], None] = lambda outcome: None,
) -> list[Outcome[Result]]:
    """Do every job that is not skipped, in `workers` threads; a user error fails its job alone.

    `work` gets a job and a function to call now and then, by which an interrupt in the main
    thread reaches it. `done` is called with each outcome as it comes.
    """
    cancelled = threading.Event()
    lock = threading.Lock()

    def check() -> None:
        if cancelled.is_set():
            raise _Cancelled

    def attempt(job: Job) -> Outcome[Result]:
        check()
        outcome: Outcome[Result]
        try:
            if job.error:
                raise job.error
            outcome = Outcome(job, None if job.skipped else work(job, check), None)
        except AeoliaError as error:
            outcome = Outcome(job, None, error)
        except OSError as error:  # such as a folder that may not be looked into
            reason = error.strerror or str(error)
            failed = InputError(f"{error.filename or job.source}: {reason}; check the path")
            outcome = Outcome(job, None, failed)
        with lock:
            done(outcome)
        return outcome

    if workers <= 1 or len(jobs) <= 1:
        return [attempt(job) for job in jobs]
    with ThreadPoolExecutor(min(workers, len(jobs))) as pool:
        futures = [pool.submit(attempt, job) for job in jobs]
        try:
            return [future.result() for future in futures]
        except BaseException:
            cancelled.set()
            for future in futures:
                future.cancel()
            raise
