"""A short round of damaged files, and the harness itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

if os.name != "posix":
    pytest.skip("forks", allow_module_level=True)

from benchmarks.fuzz.kinds import KINDS
from benchmarks.fuzz.run import Worker, problems, try_case
from benchmarks.fuzz.worker import Outcome, Request
from made.tiny_models import __file__ as made

#: Of each kind; `python -m benchmarks fuzz` goes on from there.
SEEDS = range(1)


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def worker(temporary: Path) -> Iterator[Worker]:
    with Worker(temporary, Path(made).parents[1]) as started:
        yield started


@pytest.mark.parametrize("kind", KINDS)
def test_the_sound_file_is_read(kind: str, worker: Worker, temporary: Path) -> None:
    outcome, found, _ = try_case(worker, kind, -1, temporary, seconds=60)
    assert (outcome.code, found) == (0, []), outcome.error


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_file_does_no_harm(kind: str, seed: int, worker: Worker, temporary: Path) -> None:
    outcome, found, data = try_case(worker, kind, seed, temporary, seconds=60)
    assert found == [], outcome.error
    assert data != KINDS[kind].make()


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_is_its_seed(kind: str) -> None:
    data = KINDS[kind].make()
    once, again, other = (
        KINDS[kind].damage(data, np.random.default_rng(seed)) for seed in (7, 7, 8)
    )
    assert once == again and once != other


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("fail", "exit code 70 (KeyError: 'a bug')"),
        ("crash", "exit code -6"),
        ("hang", "took longer than"),
        ("fill", "MB of memory"),
        ("mute", "exit code 2 without a word"),
    ],
)
def test_what_no_command_may_is_noticed(
    name: str, found: str, worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.fuzz.run.MOST_MEGABYTES", 300.0)
    seconds = 1.0 if name == "hang" else 30.0
    outcome = worker.run(
        Request([], str(tmp_path), call=f"made.bad_commands:{name}", seconds=seconds)
    )
    assert any(found in problem for problem in problems(outcome, []))


def test_what_is_left_is_noticed(worker: Worker, tmp_path: Path) -> None:
    outcome = worker.run(Request([], str(tmp_path), call="made.bad_commands:leave"))
    left = [path.name for path in tmp_path.iterdir()]
    assert problems(outcome, left) == ["left .out.partial-1.wav"]


def test_nothing_is_wrong_with_an_error_in_words() -> None:
    assert problems(Outcome(2, 0.1, 80.0, "aeolia: not a WAV\n", False), []) == []
    assert problems(Outcome(2, 0.1, 80.0, "Traceback ...", False), []) == ["a traceback"]
