"""What separation costs on one thread: processor time, so that a busy machine changes little."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

import aeolia
from aeolia.config.classes import CLASSES
from aeolia.runtime.catalogue import load

__all__ = ["cost_rows"]

_SAMPLE_RATE = 44100
_SECONDS = 60.0
_ROUNDS = 3
_BLOCK = 512
#: Of the recording that is pushed block by block, and of the clip of the voice.
_LIVE_SECONDS, _ENROLMENT_SECONDS = 10.0, 5.0


def cost_rows(
    classes_models: Sequence[str],
    speaker_models: Sequence[str],
    seconds: float = _SECONDS,
    rounds: int = _ROUNDS,
    classes: Sequence[str] = CLASSES,
) -> list[list[str]]:
    """Whole files by number of sources, and live blocks: the head of a table, then its rows.

    Noise stands for the audio: what it holds does not change the work.
    """
    rng = np.random.default_rng(0)
    audio = (0.05 * rng.standard_normal((round(seconds * _SAMPLE_RATE), 2))).astype(np.float32)
    clip = audio[: round(_ENROLMENT_SECONDS * _SAMPLE_RATE)]

    def best(separate: Callable[[], object]) -> float:
        return min(_processor_seconds(separate) for _ in range(rounds)) / seconds

    whole = partial(aeolia.separate, audio, _SAMPLE_RATE)
    rows = [[f"stereo, {_SAMPLE_RATE / 1000:g} kHz, one thread", "processor time"]]
    causal: dict[str, dict[str, Any]] = {}
    for name in classes_models:
        backend = load(name, "separate")
        shares = {
            count: best(partial(whole, model=backend, sources=classes[:count]))
            for count in (1, 2, len(classes))
        }
        for count, share in shares.items():
            rows.append([f"{name}, {count} sources, of real time", f"{share:.4f}"])
        ratio = shares[len(classes)] / (len(classes) * shares[1])
        rows.append([f"{name}, all sources at once, of a run for each", f"{ratio:.2f}"])
        if not backend.config.chunk:
            causal[f"{name}, two sources"] = {"model": backend, "sources": classes[:2]}
    for name in speaker_models:
        backend = load(name, "separate")
        voice = aeolia.enrol(clip, _SAMPLE_RATE, model=backend.path)
        of_voice = best(partial(whole, model=backend, speaker=voice))
        rows.append([f"{name} and background, of real time", f"{of_voice:.4f}"])
        if not backend.config.chunk:
            causal[name] = {"model": backend, "speaker": voice}
    block_ms = 1000.0 * _BLOCK / _SAMPLE_RATE
    for name, asked in causal.items():
        # As `aeolia live` opens them: the resampler with less latency.
        stream = aeolia.Stream(sample_rate=_SAMPLE_RATE, channels=2, resample_quality="LQ", **asked)
        median, p99 = _blocks(stream.push, audio)
        words = f"live, {name}: ms for a block of {block_ms:.1f} ms, median / 99 %"
        rows.append([words, f"{median:.2f} / {p99:.2f}"])
        rows.append([f"live, {name}: latency, ms", f"{1000.0 * stream.latency_seconds:.0f}"])
    return rows


def _processor_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _blocks(push: Callable[[np.ndarray], object], audio: np.ndarray) -> tuple[float, float]:
    """Milliseconds of processor time a block: median and 99th percentile of ten seconds."""
    live = audio[: round(_LIVE_SECONDS * _SAMPLE_RATE)]
    blocks = [live[start : start + _BLOCK] for start in range(0, len(live), _BLOCK)]
    taken = [1000.0 * _processor_seconds(partial(push, block)) for block in blocks]
    return float(np.median(taken)), float(np.percentile(taken, 99))
