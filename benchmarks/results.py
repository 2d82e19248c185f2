"""A run's results as a file: every score of every clip, and what they were measured with.

Pages are made from these files, and two of them can be compared clip by clip.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
import platform
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.errors import DataError, InputError
from aeolia.evaluation.statistics import Interval, clustered_interval, paired_difference
from aeolia.evaluation.tables import format_interval
from aeolia.files import write_atomically
from aeolia.metrics import METRICS
from aeolia.pictures.table import Table
from benchmarks import ROOT, say

__all__ = [
    "ClipSet",
    "Entry",
    "Results",
    "Scores",
    "compare",
    "digest_of",
    "provenance",
    "publish",
    "read_kept",
]

#: Metric -> its value for every clip of a set, in the set's order; NaN where there is none.
Scores = dict[str, list[float]]


@dataclass(frozen=True)
class Entry:
    """A system in the comparison."""

    name: str
    #: That it works at, in Hz.
    sample_rate: int
    #: Changes whenever its output may: a hash of its files.
    key: str
    ours: bool = False


@dataclass(frozen=True)
class ClipSet:
    """The clips of one set, in order: each its name, and what is known of it."""

    #: Changes with any sample of any clip.
    hash: str
    clips: list[dict[str, Any]]

    def facts(self, name: str) -> list[Any]:
        """One fact of every clip, None where it is not known."""
        return [clip.get(name) for clip in self.clips]


@dataclass(frozen=True)
class Results:
    """What one run measured."""

    #: The command: "denoise", "separate", ...
    page: str
    #: From `provenance`.
    made: dict[str, str]
    systems: list[Entry] = field(default_factory=list)
    sets: dict[str, ClipSet] = field(default_factory=dict)
    #: Set -> system -> scores.
    scores: dict[str, dict[str, Scores]] = field(default_factory=dict)
    #: The page's own: speed, cost, what was left out.
    details: dict[str, Any] = field(default_factory=dict)

    def values(self, set_name: str, system: str, metric: str) -> np.ndarray:
        """A metric's value for every clip."""
        return np.array(self.scores[set_name][system][metric], np.float64)

    def has(self, set_name: str, system: str) -> bool:
        """Whether the system was scored on the set."""
        return system in self.scores.get(set_name, {})

    def write(self, path: Path) -> None:
        """As JSON, where NaN is null; numbers to six digits."""
        text = json.dumps(_strict(dataclasses.asdict(self)), indent=1, allow_nan=False)
        # A line for each list of numbers: the files are kept, and read by people.
        text = re.sub(r"\[[^][{}\"]*\]", _one_line, text)
        write_atomically(path, text + "\n")

    @classmethod
    def read(cls, path: Path) -> Results:
        """What `write` wrote.

        Raises:
            DataError: the file cannot be read, or is no such file.
        """
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            scores = {
                set_name: {
                    system: {name: _floats(values) for name, values in by.items()}
                    for system, by in systems.items()
                }
                for set_name, systems in found["scores"].items()
            }
            return cls(
                found["page"],
                found["made"],
                [Entry(**one) for one in found["systems"]],
                {name: ClipSet(**one) for name, one in found["sets"].items()},
                scores,
                found["details"],
            )
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{path} holds no results of `python -m benchmarks` ({error})"
            ) from error


def publish(results: Results, page: Callable[[Results], str], output: Path, kept: Path) -> None:
    """Write the results into the file `kept`, and the page that is made of them."""
    results.write(kept)
    write_atomically(output, page(Results.read(kept)))
    say(f"wrote {kept} and {output}")


def _one_line(numbers: re.Match[str]) -> str:
    """A list of numbers without its line breaks."""
    return "[" + " ".join(numbers[0][1:-1].split()) + "]"


def _floats(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else float(value) for value in values]


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _strict(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(one) for one in value]
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def digest_of(data: bytes) -> str:
    """A short name that changes with any byte."""
    return hashlib.sha256(data).hexdigest()[:16]


def provenance() -> dict[str, str]:
    """When, of which commit, and on which machine."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        source = done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        source = "unknown"
    busy = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "date": datetime.date.today().isoformat(),
        "source": source,
        "aeolia": _version("aeolia"),
        "machine": f"{_processor()}, {os.cpu_count()} cores, load {busy} at the end of the run",
        "software": f"{platform.system()}, Python {platform.python_version()}, ONNX Runtime "
        f"{_version('onnxruntime')}",
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


#: Facts of a clip that name what clips share, the first that a set has counts.
_SHARED = ("speaker", "target", "song", "speech")


def _by_group(clips: ClipSet, values: Sequence[float], others: Sequence[float]) -> Interval | None:
    """The interval of the difference over what clips share; None where that is not known."""
    for fact in _SHARED:
        groups = clips.facts(fact)
        if all(groups) and len(set(groups)) > 1:
            changes = [a - b for a, b in zip(values, others, strict=True)]
            return clustered_interval(changes, groups)
    return None


def compare(first: Results, second: Results) -> list[Table]:
    """Paired differences, second minus first, of each system that both runs have, a table a set.

    Raises:
        InputError: nothing to compare, or sets of one name that hold other clips.
    """
    tables = []
    for name, ours in first.sets.items():
        theirs = second.sets.get(name)
        if theirs is None:
            continue
        if ours.hash != theirs.hash:
            raise InputError(
                f"the set {name} holds other clips in the second file ({ours.hash}, then "
                f"{theirs.hash}); differences need the same clips"
            )
        rows: list[tuple[str, ...]] = []
        bold = set()
        for system, before in first.scores.get(name, {}).items():
            after = second.scores.get(name, {}).get(system, {})
            for metric in (metric for metric in before if metric in after):
                change = paired_difference(after[metric], before[metric])
                wider = _by_group(ours, after[metric], before[metric])
                known = METRICS.get(metric)
                better = known is None or known.higher_is_better
                judged = change if wider is None else wider
                if judged.excludes_zero:
                    bold.add((len(rows), 2 + (wider is not None)))
                rows.append(
                    (
                        system,
                        metric,
                        format_interval(change, 3, sign=True),
                        "" if wider is None else f"± {wider.half_width:.3f}",
                        judged.verdict(higher_is_better=better) if known else "",
                        str(change.n),
                    )
                )
        if rows:
            note = (
                "Second minus first, clip by clip: mean and 95 % interval; then the interval whose "
                "independent draws are speakers or songs, not clips, where they are known. The "
                "verdict is by that."
            )
            columns = ("system", "metric", "difference", "by voice", "the second is", "clips")
            tables.append(Table(name, columns, tuple(rows), 2, note, frozenset(bold)))
    if not tables:
        raise InputError("the two files share no system on a set; there is nothing to compare")
    return tables


def read_kept(path: Path) -> dict[str, Any]:
    """What earlier runs measured, of a page that grows run by run; nothing where there is no file.

    Raises:
        DataError: the file is damaged.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is damaged ({error}); move it away") from error
    return found
