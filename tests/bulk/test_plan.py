"""Planning of inputs and outputs, and batches in which some fail."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from aeolia.bulk.plan import Job, plan, run_jobs
from aeolia.errors import InputError

SUFFIXES = (".wav", ".flac")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a.wav", "in/b.WAV", "in/notes.txt", "in/.hidden.wav", "in/deep/er/c.flac"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    return tmp_path


def pairs(jobs: list[Job]) -> list[tuple[str, str]]:
    return [(job.source, job.target) for job in jobs]


def test_one_file(tree: Path) -> None:
    assert pairs(plan(["a.wav"], None, SUFFIXES)) == [("a.wav", "a.denoised.wav")]
    assert pairs(plan(["a.wav"], "b.flac", SUFFIXES)) == [("a.wav", "b.flac")]
    assert pairs(plan(["a.wav"], "new/", SUFFIXES)) == [("a.wav", "new/a.wav")]
    assert pairs(plan(["a.wav"], "in", SUFFIXES)) == [("a.wav", "in/a.wav")]
    assert pairs(plan(["a.wav"], "-", SUFFIXES)) == [("a.wav", "-")]


def test_folders(tree: Path) -> None:
    assert pairs(plan(["in"], "out", SUFFIXES)) == [("in/b.WAV", "out/b.WAV")]
    assert pairs(plan(["in", "a.wav"], "out", SUFFIXES, recursive=True)) == [
        ("in/b.WAV", "out/b.WAV"),
        ("in/deep/er/c.flac", "out/deep/er/c.flac"),
        ("a.wav", "out/a.wav"),
    ]
    assert pairs(plan(["in"], None, SUFFIXES)) == [("in/b.WAV", "in/b.denoised.WAV")]


def test_results_of_an_earlier_run_are_no_inputs(tree: Path) -> None:
    Path("in/b.denoised.wav").touch()
    Path("in/out").mkdir()
    Path("in/out/b.WAV").touch()
    assert len(plan(["in"], None, SUFFIXES)) == 1
    assert pairs(plan(["in"], "in/out", SUFFIXES, recursive=True)) == [
        ("in/b.WAV", "in/out/b.WAV"),
        ("in/b.denoised.wav", "in/out/b.denoised.wav"),
        ("in/deep/er/c.flac", "in/out/deep/er/c.flac"),
    ]


def test_pipes(tree: Path) -> None:
    assert pairs(plan(["-"], None, SUFFIXES)) == [("-", "-")]
    assert pairs(plan(["-"], "x.wav", SUFFIXES)) == [("-", "x.wav")]
    with pytest.raises(InputError, match="with other inputs"):
        plan(["-", "a.wav"], None, SUFFIXES)
    with pytest.raises(InputError, match="is a folder; name a file"):
        plan(["-"], "in", SUFFIXES)
    with pytest.raises(InputError, match="takes one input"):
        plan(["a.wav", "in"], "-", SUFFIXES)


def test_folder_without_audio(tree: Path) -> None:
    (job,) = plan(["in/deep"], "out", SUFFIXES)
    assert "folder without audio files (.wav .flac); add --recursive" in str(job.error)
    Path("empty").mkdir()
    (job,) = plan(["empty"], None, SUFFIXES, recursive=True)
    assert "name another folder" in str(job.error)


def test_outputs_that_collide(tree: Path) -> None:
    Path("deep").mkdir()
    Path("deep/a.wav").touch()
    with pytest.raises(InputError, match="a.wav and deep/a.wav would both become out/a.wav"):
        plan(["a.wav", "deep/a.wav"], "out", SUFFIXES)
    with pytest.raises(InputError, match="is a file, and a folder is needed"):
        plan(["a.wav", "in"], "a.wav", SUFFIXES)


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
