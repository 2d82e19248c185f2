"""Run the same operations under two checkouts in turn, and compare samples and cost.

Both versions are processes that stay open, so each answers a moment after the other and a load on
the machine meets both. The time is the processor's, for the same reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from aeolia.errors import DataError, InputError
from aeolia.evaluation.tables import print_table
from aeolia.pictures.table import Table
from benchmarks import ROOT
from benchmarks.versions.operations import OPERATIONS

__all__ = ["TOLERANCE", "Outcome", "Version", "compare_arrays", "compare_versions", "table_of"]

#: Outputs are the same when no sample differs by more (full scale is 1).
TOLERANCE = 1e-6
_WORKER = Path(__file__).with_name("operations.py")


class Version:
    """A process that runs operations with the package of a checkout."""

    def __init__(self, checkout: Path, examples: Path, out: Path) -> None:
        package = checkout.resolve() / "src" / "aeolia"
        if not (package / "__init__.py").is_file():
            raise DataError(f"{checkout} holds no src/aeolia; name a checkout of this repository")
        out.mkdir()
        self.out = out
        self._process = subprocess.Popen(
            [sys.executable, str(_WORKER), str(examples.resolve()), str(out.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(package.parent)},
        )
        used = Path(self._answer()["package"])
        if used != package:
            self.close()
            raise DataError(f"the package of {checkout} was to be run, and {used} was found")

    def __enter__(self) -> Version:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def run(self, operation: str) -> dict[str, Any]:
        """What the operation answers: `seconds` and `units`, or `failed` and the reason."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(operation + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise DataError(f"a version has ended before {operation!r}: {error}") from error
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise DataError("a version under test has ended; its message stands above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@dataclass(frozen=True)
class Outcome:
    """One operation under both versions."""

    operation: str
    #: Largest difference of two samples; infinite where outputs cannot be compared.
    difference: float
    #: Where it is, or why they cannot be compared.
    remark: str
    units: int = 1
    #: Processor seconds of each round.
    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether the outputs agree."""
        return self.difference <= TOLERANCE

    def ratios(self) -> np.ndarray:
        """After over before, round by round."""
        return np.divide(self.after, self.before)


def compare_versions(
    before: Path,
    after: Path = ROOT,
    *,
    operations: Sequence[str] = (),
    rounds: int = 5,
    examples: Path = ROOT / "examples",
) -> list[Outcome]:
    """Run every operation once to compare samples, then `rounds` times in turn for its cost.

    Raises:
        InputError: an unknown operation.
        DataError: a folder that is no checkout, or whose package cannot be imported.
    """
    unknown = [name for name in operations if name not in OPERATIONS]
    if unknown:
        raise InputError(f"there is no operation {unknown[0]!r}; there are {', '.join(OPERATIONS)}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        first = stack.enter_context(Version(before, examples, folder / "before"))
        second = stack.enter_context(Version(after, examples, folder / "after"))
        return [_outcome(first, second, name, rounds) for name in operations or OPERATIONS]


def _outcome(first: Version, second: Version, name: str, rounds: int) -> Outcome:
    warm = first.run(name), second.run(name)
    for title, answer in zip(("before", "after"), warm, strict=True):
        if "failed" in answer:
            return Outcome(name, np.inf, f"{title}: {answer['failed']}")
    difference, remark = compare_arrays(first.out / f"{name}.npz", second.out / f"{name}.npz")
    outcome = Outcome(name, difference, remark, warm[1]["units"])
    for k in range(rounds):
        # The one that goes first changes, so that a machine that grows slower favours neither.
        turns = [(first, outcome.before), (second, outcome.after)]
        for version, seconds in turns if k % 2 == 0 else turns[::-1]:
            seconds.append(version.run(name)["seconds"])
    return outcome


def compare_arrays(before: Path, after: Path) -> tuple[float, str]:
    """Largest absolute difference between two .npz files of arrays, and where; NaN equals NaN."""
    with np.load(before) as old, np.load(after) as new:
        if set(old) != set(new):
            missing = ", ".join(sorted(set(old) ^ set(new)))
            return np.inf, f"only one version gives {missing}"
        worst, where = 0.0, ""
        for name in old:
            a, b = old[name].astype(np.float64), new[name].astype(np.float64)
            if a.shape != b.shape:
                return np.inf, f"{name}: shape {list(a.shape)} became {list(b.shape)}"
            if (np.isnan(a) != np.isnan(b)).any():
                return np.inf, f"{name}: NaN in other samples"
            difference = float(np.nanmax(np.abs(a - b), initial=0.0))
            if difference > worst:
                worst, where = difference, name
        return worst, where


def table_of(outcomes: Sequence[Outcome]) -> Table:
    """Difference and cost of each operation."""
    rows = []
    for outcome in outcomes:
        name = outcome.operation
        verdict = "same" if outcome.same else "DIFFERS"
        largest = f"{outcome.difference:.1e} {outcome.remark}".strip()
        if not outcome.before:
            rows.append((name, verdict, largest, "–", "–", "–"))
            continue
        cost = [1000 * float(np.median(x)) / outcome.units for x in (outcome.before, outcome.after)]
        low, middle, high = np.quantile(outcome.ratios(), (0.25, 0.5, 0.75))
        ratio = f"{middle:.3f} ({low:.3f} to {high:.3f})"
        rows.append((name, verdict, largest, f"{cost[0]:.3f}", f"{cost[1]:.3f}", ratio))
    note = (
        "Processor milliseconds per file, or per hop of what is live: medians. The ratio is after "
        "over before, round by round: median and quartiles."
    )
    columns = ("operation", "samples", "largest difference", "before", "after", "after / before")
    return Table("", columns, tuple(rows), 3, note)


def run(before: Path, after: Path, operations: Sequence[str], rounds: int) -> int:
    """Compare, print; 1 if outputs differ or an operation failed, else 0."""
    outcomes = compare_versions(before, after, operations=operations, rounds=rounds)
    print_table(table_of(outcomes))
    return 0 if all(outcome.same for outcome in outcomes) else 1
