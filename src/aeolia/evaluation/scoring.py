"""Run a system over pairs and score each output: one row of numbers per clip.

A system is any callable `(audio, sample_rate) -> audio` of equal shape, so our models, models in
training, other people's denoisers and the untouched input are all judged by the same code.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import numpy as np

from aeolia.audio.files import read_samples
from aeolia.bulk.workers import worker_pool
from aeolia.errors import AeoliaError, DataError, InputError
from aeolia.evaluation.pairs import Pair
from aeolia.metrics import METRICS, Metric, choose_metrics, snr

__all__ = [
    "ClipScores",
    "OnRow",
    "Output",
    "System",
    "evaluate",
    "failed",
    "read_pair",
    "run_system",
    "same_shape",
    "score_audio",
    "score_outputs",
]

#: Audio [T] or [T, C] float32 and its sample rate in -> audio of the same shape out.
System = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class ClipScores:
    """What one system did to one clip. Metrics that could not judge it are NaN, with a reason."""

    name: str
    system: str
    seconds: float = math.nan
    sample_rate: int = 0
    channels: int = 0
    #: Given with the pair, or measured as clean against noisy.
    snr_db: float = math.nan
    snr_measured: bool = False
    #: Processing time over duration.
    real_time_factor: float = math.nan
    labels: dict[str, str] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


#: Called with a row that is finished.
OnRow = Callable[[ClipScores], None]


@dataclass(frozen=True)
class Output:
    """What a system made of one clip, to be judged: `estimate` and `reference` [T] or [T, C]."""

    row: ClipScores
    reference: np.ndarray
    estimate: np.ndarray


def evaluate(
    system: System,
    pairs: Sequence[Pair],
    *,
    label: str = "system",
    metrics: Sequence[Metric] | None = None,
    jobs: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
    on_row: OnRow | None = None,
) -> list[ClipScores]:
    """Score a system on every pair, in the order of the pairs.

    The system runs in this process, one clip after another, so that its speed is measured the
    same way whatever `jobs` is; the metrics, which take most of the time, run in `jobs` processes.

    Args:
        system: the callable to judge.
        pairs: from `find_pairs`.
        label: the system's name in the rows.
        metrics: from `choose_metrics`; all that are installed if None.
        jobs: processes for the metrics; 1 computes them here.
        on_progress: called with (clips done, clips in all).
        on_row: called with each row as it is finished, in the order of the pairs.

    A clip that cannot be read or that the system refuses (an AeoliaError) becomes a row of NaN
    with the reason in `problems`; any other exception is a bug and is not caught.
    """
    names = [metric.name for metric in (choose_metrics() if metrics is None else metrics)]

    def outputs() -> Iterator[ClipScores | Output]:
        for pair in pairs:
            try:
                noisy, clean, sample_rate = read_pair(pair)
                output, seconds = run_system(system, noisy, sample_rate)
            except AeoliaError as error:
                known = math.nan if pair.snr_db is None else pair.snr_db
                yield failed(pair.name, label, pair.labels, names, str(error), snr_db=known)
                continue
            yield Output(_describe(pair, label, noisy, clean, sample_rate, seconds), clean, output)

    return score_outputs(
        outputs(), names, jobs=jobs, total=len(pairs), on_progress=on_progress, on_row=on_row
    )


def score_outputs(
    outputs: Iterable[ClipScores | Output],
    names: Sequence[str],
    *,
    total: int,
    jobs: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
    on_row: OnRow | None = None,
) -> list[ClipScores]:
    """Judge outputs as they come, in `jobs` processes; rows that are finished are passed on.

    Args:
        outputs: what is to be judged, and rows that need no metric.
        names: of metrics.
        total: rows that will come, for `on_progress`.
    """
    rows: list[ClipScores | tuple[ClipScores, Future[_Judgement]]] = []
    finished: list[ClipScores] = []

    def collect(keep: int) -> None:
        while len(rows) > keep:
            row = rows.pop(0)
            finished.append(row if isinstance(row, ClipScores) else _complete(*row))
            if on_row is not None:
                on_row(finished[-1])
            if on_progress is not None:
                on_progress(len(finished), total)

    with worker_pool(jobs) as pool:
        for one in outputs:
            if isinstance(one, ClipScores):
                rows.append(one)
            else:
                arguments = one.reference, one.estimate, one.row.sample_rate, names
                if pool is None:
                    rows.append(_with_scores(one.row, *score_audio(*arguments)))
                else:
                    rows.append((one.row, pool.submit(score_audio, *arguments)))
            collect(0 if pool is None else 2 * jobs)  # so that audio does not pile up in memory
        collect(0)
    return finished


def read_pair(pair: Pair) -> tuple[np.ndarray, np.ndarray, int]:
    """Noisy and clean audio of a pair, [T] or [T, C] both, and their sample rate.

    Raises:
        AudioFileError: one of them cannot be read.
        DataError: they differ in sample rate, length or channels.
    """
    noisy, noisy_rate = read_samples(pair.noisy)
    clean, clean_rate = read_samples(pair.clean)
    if noisy_rate != clean_rate or noisy.shape != clean.shape:
        raise DataError(
            f"{pair.noisy} has {_shape(noisy, noisy_rate)} and {pair.clean} has "
            f"{_shape(clean, clean_rate)}; the two sides of a pair must agree, aligned in time"
        )
    return noisy, clean, noisy_rate


def run_system(system: System, audio: np.ndarray, sample_rate: int) -> tuple[np.ndarray, float]:
    """The system's output and the seconds it took.

    Raises:
        InputError: the output's shape is not the input's, or it is not finite.
    """
    start = time.perf_counter()
    output = np.asarray(system(audio, sample_rate))
    seconds = time.perf_counter() - start
    return same_shape(output, audio), seconds


def same_shape(output: np.ndarray, audio: np.ndarray) -> np.ndarray:
    """The output, which must be of the input's shape and finite.

    Raises:
        InputError: it is not.
    """
    if output.shape != audio.shape:
        raise InputError(
            f"the system returned shape {list(output.shape)} for input of shape "
            f"{list(audio.shape)}; it must return the same shape, aligned in time"
        )
    if not np.all(np.isfinite(output)):
        raise InputError("the system returned NaN or infinite samples; nothing can be scored")
    return output


_Judgement = tuple[dict[str, float], list[str]]


def score_audio(
    clean: np.ndarray, output: np.ndarray, sample_rate: int, names: Sequence[str]
) -> tuple[dict[str, float], list[str]]:
    """Each metric's value, mean over channels, and why some are NaN.

    Args:
        clean: reference, [T] or [T, C].
        output: estimate of the same shape.
        sample_rate: in Hz.
        names: of metrics.
    """
    references = clean[:, None] if clean.ndim == 1 else clean
    estimates = output[:, None] if output.ndim == 1 else output
    # Where a clip has nothing for a metric to judge, that is no fault of the clip.
    judging = [METRICS[name] for name in names if sample_rate > METRICS[name].above_rate_hz]
    found: dict[str, list[float]] = {metric.name: [] for metric in judging}
    reasons: dict[str, str] = {}
    # Channel by channel: metrics that are columns of one computation remember the last channel's.
    for reference, estimate in zip(references.T, estimates.T, strict=True):
        for metric in judging:
            if metric.name in reasons:
                continue
            try:
                found[metric.name].append(metric.compute(reference, estimate, sample_rate))
            except InputError as error:
                reasons[metric.name] = f"{metric.name}: {error}"
    judged = found.keys() - reasons.keys()
    values = {name: float(np.mean(found[name])) if name in judged else math.nan for name in names}
    return values, [reasons[metric.name] for metric in judging if metric.name in reasons]


def _describe(
    pair: Pair, label: str, noisy: np.ndarray, clean: np.ndarray, sample_rate: int, seconds: float
) -> ClipScores:
    duration = noisy.shape[0] / sample_rate
    snr_db = pair.snr_db
    if snr_db is None:
        snr_db = snr(clean.ravel(), noisy.ravel()) if np.any(clean) else math.nan
    return ClipScores(
        name=pair.name,
        system=label,
        seconds=duration,
        sample_rate=sample_rate,
        channels=1 if noisy.ndim == 1 else noisy.shape[1],
        snr_db=snr_db,
        snr_measured=pair.snr_db is None,
        real_time_factor=seconds / duration,
        labels=pair.labels,
    )


def _complete(row: ClipScores, judgement: Future[_Judgement]) -> ClipScores:
    return _with_scores(row, *judgement.result())


def _with_scores(row: ClipScores, values: dict[str, float], problems: list[str]) -> ClipScores:
    return replace(row, values={**row.values, **values}, problems=tuple(problems))


def failed(
    name: str,
    label: str,
    labels: dict[str, str],
    names: Sequence[str],
    reason: str,
    *,
    snr_db: float = math.nan,
) -> ClipScores:
    """The row of a clip that could not be read or processed."""
    return ClipScores(
        name=name,
        system=label,
        snr_db=snr_db,
        labels=labels,
        values=dict.fromkeys(names, math.nan),
        problems=(reason,),
    )


def _shape(audio: np.ndarray, sample_rate: int) -> str:
    channels = 1 if audio.ndim == 1 else audio.shape[1]
    return f"{audio.shape[0]} samples in {channels} channel(s) at {sample_rate} Hz"
