"""A short round of damaged files, and the harness itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

if os.name != "posix":
    pytest.skip("forks", allow_module_level=True)

from benchmarks.fuzz.harm import obeyed, problems
from benchmarks.fuzz.kinds import KINDS
from benchmarks.fuzz.mutations import hostile_name
from benchmarks.fuzz.run import Worker, fuzz, try_case
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
    assert data != KINDS[kind].make() or "{}" in KINDS[kind].file


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_is_its_seed(kind: str) -> None:
    data = KINDS[kind].make()
    once, again, other = (
        KINDS[kind].damage(data, np.random.default_rng(seed)) for seed in (7, 7, 8)
    )
    assert once == again and (once != other or "{}" in KINDS[kind].file)
    names = [hostile_name(np.random.default_rng(seed)) for seed in (7, 7, 8)]
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("fail", "exit code 70 (KeyError: 'a bug')"),
        ("crash", "exit code -6"),
        ("hang", "takes too long"),
        ("fill", "MB of memory"),
        ("mute", "exit code 2 without a word"),
    ],
)
def test_what_no_command_may_is_noticed(
    name: str, found: str, worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.fuzz.harm.MOST_MEGABYTES", 300.0)
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


def test_what_others_would_obey_is_noticed(tmp_path: Path) -> None:
    assert problems(Outcome(0, 0.1, 80.0, "", False, "\x1b[2Jx"), []) == [
        "sends a terminal what it would obey"
    ]
    table, page = tmp_path / "a.csv", tmp_path / "a.html"
    table.write_text("name,gain\n'=1+1,-2.5\nb,+3\n")
    page.write_text("&lt;img src=x onerror=alert(1)&gt;")
    assert list(obeyed([table, page])) == []
    table.write_text("name,gain\n=1+1,-2.5\n")
    page.write_text("<img src=x onerror=alert(1)>")
    assert len(list(obeyed([table, page]))) == 2


def test_a_run_names_what_repeats_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def falls(worker: Worker, name: str, seed: int, temporary: Path) -> object:
        return Outcome(70, 1.5, 80.0, "KeyError", False), ["exit code 70"], b"bytes"

    monkeypatch.setattr("benchmarks.fuzz.run.try_case", falls)
    page, keep = tmp_path / "fuzz.md", tmp_path / "fell"
    assert fuzz(10.0, [3, 4], ["npz"], keep, page) == 2
    assert "python -m benchmarks fuzz --only npz --seed 4" in capsys.readouterr().out
    assert "| npz | 2 | 0 | 0 | 0 | 3, 4 | 1.5 | 80 |" in page.read_text()
    assert (keep / "npz-3.npz").read_bytes() == b"bytes"
    assert fuzz(0.0, (), ["npz"]) == 0  # drawn, and the time is over


def test_a_kept_case_is_repeated(
    worker: Worker, temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, _, data = try_case(worker, "midi", 5, temporary)
    assert try_case(worker, "midi", 5, temporary)[2] == data
