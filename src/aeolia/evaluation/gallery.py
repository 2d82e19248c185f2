"""The clips that a system did worst on, to listen to and to look at."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from aeolia.errors import AeoliaError
from aeolia.evaluation.pairs import Pair
from aeolia.evaluation.report import HEADLINE, EvaluationReport
from aeolia.evaluation.scoring import ClipScores, System, read_pair, run_system
from aeolia.evaluation.tables import format_number
from aeolia.metrics import Score
from aeolia.pictures.page import Clip, Gallery, Version

__all__ = ["Sounds", "gallery", "pair_sounds", "worst_clips"]

#: A clip's name -> (version -> samples [T] or [T, C], their rate).
Sounds: TypeAlias = Callable[[str], tuple[dict[str, np.ndarray], int]]


def worst_clips(
    rows: Sequence[ClipScores],
    metric: Score,
    count: int,
    *,
    baseline: Sequence[ClipScores] | None = None,
) -> list[str]:
    """Names of the clips a system did worst on, worst first.

    With `baseline` rows (of the same clips, in the same order) the gain over them counts, so
    that the list shows where the system failed and not which clips are noisiest.
    """
    sign = 1 if metric.higher_is_better else -1
    against = [0.0] * len(rows) if baseline is None else [b.values[metric.name] for b in baseline]
    gains = {
        row.name: sign * (row.values[metric.name] - other)
        for row, other in zip(rows, against, strict=True)
    }
    finite = {name: gain for name, gain in gains.items() if math.isfinite(gain)}
    return sorted(finite, key=lambda name: finite[name])[:count]


def gallery(
    title: str, note: str, report: EvaluationReport, names: Sequence[str], sounds: Sounds
) -> Gallery:
    """Players and pictures of the named clips: each system's output beside the reference.

    The systems run again on these few clips: outputs of a whole set are never kept in memory.

    Args:
        sounds: a clip's name -> what is heard of it, and its rate; such as `pair_sounds`.
    """
    clips = []
    for name in names:
        try:
            outputs, sample_rate = sounds(name)
        except AeoliaError:
            continue  # its row in the table says why
        versions = tuple(Version(label, output) for label, output in outputs.items())
        clips.append(Clip(name, _caption(report, name), sample_rate, versions))
    return Gallery(title, note, tuple(clips))


def pair_sounds(pairs: Sequence[Pair], systems: Mapping[str, System]) -> Sounds:
    """The outputs of systems on pairs, and the clean references."""
    by_name = {pair.name: pair for pair in pairs}

    def sounds(name: str) -> tuple[dict[str, np.ndarray], int]:
        noisy, clean, sample_rate = read_pair(by_name[name])
        outputs = {
            label: run_system(system, noisy, sample_rate)[0] for label, system in systems.items()
        }
        return {**outputs, "clean": clean}, sample_rate

    return sounds


def _caption(report: EvaluationReport, name: str) -> str:
    """The clip's scores under each system, in one line."""
    parts = []
    for system, rows in report.scores.items():
        row = next(row for row in rows if row.name == name)
        scores = ", ".join(
            f"{metric.title} {format_number(row.values[metric.name], metric.digits)}"
            for metric in report.metrics
            if metric.name in HEADLINE or len(report.metrics) <= 3
        )
        parts.append(f"{system}: {scores}")
    return "; ".join(parts) + "."
