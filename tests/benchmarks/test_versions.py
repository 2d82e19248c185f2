"""Two checkouts compared: a package of a few lines stands in for Aeolia's past."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.errors import DataError, InputError
from benchmarks.__main__ import main
from benchmarks.versions.run import Outcome, compare_arrays, compare_versions, table_of

PAST = """
import numpy

def denoise(audio, sample_rate=None, model="denoise", attenuation_limit_db=None):
    if model != "denoise":
        raise ValueError("no such model")
    return numpy.full(100, {value}, numpy.float32)

class Stream:
    def __init__(self, model, sample_rate, channels=1, **settings):
        pass

    def push(self, block):
        return block[: len(block) // 2] * {value}

    def flush(self):
        return numpy.zeros(3, numpy.float32)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose denoise returns one constant, and whose stream another gain."""
    return make(tmp_path / "one", 0.25)


def make(folder: Path, value: float) -> Path:
    package = folder / "src" / "aeolia"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(PAST.format(value=value))
    return folder


def test_a_version_equals_itself_and_its_cost_is_measured(checkout: Path) -> None:
    operations = ["denoise", "live denoise"]
    outcomes = compare_versions(checkout, checkout, operations=operations, rounds=3)
    assert [outcome.operation for outcome in outcomes] == operations
    assert all(outcome.same and outcome.difference == 0 for outcome in outcomes)
    assert all(len(outcome.before) == len(outcome.after) == 3 for outcome in outcomes)
    assert outcomes[0].units == 1 and outcomes[1].units > 100  # hops


def test_samples_that_differ_are_found(checkout: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other", 0.25 + 1e-3)
    (outcome,) = compare_versions(checkout, other, operations=["denoise"], rounds=1)
    assert not outcome.same
    assert outcome.difference == pytest.approx(1e-3, rel=1e-3)


def test_an_operation_that_fails_is_said_and_the_others_go_on(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--only", "denoise-16k", "--only", "denoise", "--rounds", "1"]
    assert main(["versions", str(checkout), str(checkout), *chosen]) == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "DIFFERS" in printed and "same" in printed


def test_what_is_wrong_with_the_arguments_is_one_line(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["versions", str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(InputError, match="no operation 'sing'"):
        compare_versions(checkout, operations=["sing"])
    with pytest.raises(DataError, match=r"holds no src/aeolia"):
        compare_versions(tmp_path)


def test_arrays_that_cannot_be_compared(tmp_path: Path) -> None:
    def saved(name: str, **arrays: np.ndarray) -> Path:
        np.savez(tmp_path / name, **arrays)
        return tmp_path / f"{name}.npz"

    nan = np.array([1.0, np.nan])
    one = saved("one", a=np.zeros(4), b=nan)
    assert compare_arrays(one, one) == (0.0, "")
    assert compare_arrays(one, saved("shorter", a=np.zeros(3), b=nan))[0] == np.inf
    assert compare_arrays(one, saved("fewer", a=np.zeros(4)))[1] == "only one version gives b"
    assert "NaN" in compare_arrays(one, saved("finite", a=np.zeros(4), b=np.ones(2)))[1]
    assert compare_arrays(one, saved("moved", a=np.array([0, 0, 0.5, 0]), b=nan)) == (0.5, "a")


def test_the_table_has_ratios_with_their_spread() -> None:
    slower = Outcome("denoise", 0.0, "", 2, [1.0, 2.0, 4.0], [2.0, 4.0, 8.0])
    failed = Outcome("score", np.inf, "after: ValueError: it broke")
    first, second = table_of([slower, failed]).rows
    assert first == ("denoise", "same", "0.0e+00", "1000.000", "2000.000", "2.000 (2.000 to 2.000)")
    assert second[1:3] == ("DIFFERS", "inf after: ValueError: it broke")
