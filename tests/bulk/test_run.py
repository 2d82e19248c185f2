"""Batches in which some fail, bugs that must not be swallowed, and interrupts."""

from __future__ import annotations

import os
import threading
import time

import pytest

from aeolia.bulk.plan import Job
from aeolia.bulk.run import run_jobs
from aeolia.errors import InputError


@pytest.mark.parametrize("workers", [1, 3])
def test_a_failing_job_fails_alone(workers: int) -> None:
    def work(job: Job, check: object) -> int:
        if job.source == "2":
            raise InputError("bad 2")
        return int(job.source)

    seen: list[str] = []
    jobs = [Job(str(n)) for n in range(5)] + [Job("5", error=InputError("bad 5"))]
    outcomes = run_jobs(jobs, work, workers=workers, done=lambda o: seen.append(o.job.source))
    assert [outcome.result for outcome in outcomes] == [0, 1, None, 3, 4, None]
    assert [str(o.error) for o in outcomes if o.error] == ["bad 2", "bad 5"]
    assert sorted(seen) == list("012345")


def test_bugs_are_not_swallowed() -> None:
    def work(job: Job, check: object) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_jobs([Job("1"), Job("2")], work, workers=2)


def test_an_interrupt_reaches_the_workers() -> None:
    ended = []

    def work(job: Job, check) -> int:
        try:
            while True:
                check()
                time.sleep(0.01)
        finally:
            ended.append(job.source)

    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), 2))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run_jobs([Job("1"), Job("2"), Job("3")], work, workers=2)
    assert sorted(ended) == ["1", "2"]
