"""What separation costs on one thread: processor time, so that a busy machine changes little."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

import aeolia
from aeolia.config.classes import CLASSES
from aeolia.runtime.catalogue import load
from aeolia.runtime.separate.stream import SeparationStream
from benchmarks.tables import markdown

__all__ = ["cost_table"]

_SAMPLE_RATE = 44100
_SECONDS = 60
_ROUNDS = 3
_BLOCK = 512


def cost_table(classes_model: str, speaker_model: str) -> str:
    """Whole files by number of sources, and live blocks.

    Noise stands for the audio: what it holds does not change the work.
    """
    six = list(CLASSES)
    rng = np.random.default_rng(0)
    audio = (0.05 * rng.standard_normal((_SECONDS * _SAMPLE_RATE, 2))).astype(np.float32)
    backend = load(classes_model, "separate")
    shares = {}
    for count in (1, 2, 6):
        settings = {"model": backend, "sources": six[:count]}
        shares[count] = _best(lambda s=settings: aeolia.separate(audio, _SAMPLE_RATE, **s))
    voice = aeolia.enrol(audio[: 5 * _SAMPLE_RATE], _SAMPLE_RATE, model=speaker_model)
    speaker = load(speaker_model, "separate")
    by_voice = _best(lambda: aeolia.separate(audio, _SAMPLE_RATE, model=speaker, speaker=voice))
    # As `aeolia live` opens them: the resampler with less latency.
    streams = {
        f"{classes_model}, two sources": aeolia.Stream(
            backend, _SAMPLE_RATE, 2, sources=six[:2], resample_quality="LQ"
        ),
        speaker_model: aeolia.Stream(
            speaker, _SAMPLE_RATE, 2, speaker=voice, resample_quality="LQ"
        ),
    }
    rows = [
        *(
            [f"{classes_model}, {count} sources, of real time", f"{share:.4f}"]
            for count, share in shares.items()
        ),
        ["six sources at once, of six runs for one each", f"{shares[6] / (6 * shares[1]):.2f}"],
        [f"{speaker_model} and background, of real time", f"{by_voice:.4f}"],
    ]
    for name, stream in streams.items():
        latency = 1000.0 * stream.latency_seconds
        median, p99 = _blocks(stream, audio)
        block = 1000.0 * _BLOCK / _SAMPLE_RATE
        rows.append(
            [
                f"live, {name}: ms for a block of {block:.1f} ms, median / 99 %",
                f"{median:.2f} / {p99:.2f}",
            ]
        )
        rows.append([f"live, {name}: latency, ms", f"{latency:.0f}"])
    head = [f"stereo, {_SAMPLE_RATE / 1000:g} kHz, one thread", "processor time"]
    return f"## Cost\n\n{markdown(head, rows)}"


def _best(separate: Callable[[], object]) -> float:
    """Least processor seconds for a second of audio."""
    taken: list[float] = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        separate()
        taken.append(time.process_time() - started)
    return min(taken) / _SECONDS


def _blocks(stream: SeparationStream, audio: np.ndarray) -> tuple[float, float]:
    """Milliseconds of processor time a block: median and 99th percentile of ten seconds."""
    taken: list[float] = []
    for start in range(0, 10 * _SAMPLE_RATE, _BLOCK):
        started = time.process_time()
        stream.push(audio[start : start + _BLOCK])
        taken.append(1000.0 * (time.process_time() - started))
    return float(np.median(taken)), float(np.percentile(taken, 99))
