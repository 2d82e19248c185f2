"""Recordings decoded and resampled: mono, 16 bits at a common peak, on a few threads at once."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr

from aeolia.audio.mono import mono
from aeolia.audio.sound_file import sound_file_path
from aeolia.data.corpus.bandwidth import SpectrumSum
from aeolia.data.corpus.manifest import Row
from aeolia.errors import DataError

__all__ = ["Decoded", "Scaled", "decoded", "scaled"]

#: Peak that each recording is scaled to; levels are drawn anew for every mixture.
_PEAK = 0.9
#: Say what is being done when decoding will take longer than a few seconds.
_PROGRESS_SECONDS = 300.0

#: Samples int16 [T] at the common peak, and the peak that they had before.
Scaled = tuple[np.ndarray, float]


@dataclass(frozen=True)
class Decoded:
    """A recording at each of several speeds, and its spectrum at its own sample rate."""

    sounds: list[Scaled]
    spectrum: SpectrumSum


def scaled(sound: np.ndarray) -> Scaled:
    """Sound [T] float32 as 16-bit integers with a peak of 0.9; silence stays silence."""
    peak = float(np.abs(sound).max()) if sound.size else 0.0
    scale = _PEAK * 32767.0 / peak if peak > 0.0 else 0.0
    return np.round(sound * scale).astype(np.int16), peak


def decoded(
    rows: Sequence[Row], sample_rate: int, speeds: Sequence[float], progress: bool
) -> Iterator[Decoded]:
    """The recordings in order, at `sample_rate`; only a few are held in memory at a time.

    Args:
        speeds: playing speeds; 1.1 is shorter and higher.
        progress: show a bar on stderr when it will take long.

    Raises:
        DataError: a recording cannot be decoded.
    """
    recordings = _on_threads(rows, sample_rate, speeds)
    if not progress or sum(row.seconds for row in rows) <= _PROGRESS_SECONDS:
        return recordings
    return _shown(recordings, len(rows), sample_rate)


def _on_threads(
    rows: Sequence[Row], sample_rate: int, speeds: Sequence[float]
) -> Iterator[Decoded]:
    pending: deque[Future[Decoded]] = deque()
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as threads:
        for row in rows:
            pending.append(threads.submit(_decode, row, sample_rate, speeds))
            if len(pending) >= 16:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _decode(row: Row, sample_rate: int, speeds: Sequence[float]) -> Decoded:
    try:
        audio, file_rate = soundfile.read(
            sound_file_path(row.path), dtype="float32", always_2d=True
        )
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        raise DataError(f"cannot decode {row.path}: {error}; remove it or scan again") from error
    # Averaging the channels of an impulse response would comb-filter its direct sound.
    audio = np.nan_to_num(audio, nan=0.0, posinf=0.0, neginf=0.0)
    sound = audio[:, 0] if row.kind == "rir" else mono(audio)
    spectrum = SpectrumSum(file_rate)
    if row.kind == "speech":
        spectrum.add(sound)
    sounds = []
    for speed in speeds:
        # Played at another speed is read as if recorded at another rate.
        source_rate = file_rate * speed
        changed = source_rate != sample_rate and sound.size > 1
        sounds.append(scaled(soxr.resample(sound, source_rate, sample_rate) if changed else sound))
    return Decoded(sounds, spectrum)


def _shown(recordings: Iterable[Decoded], count: int, sample_rate: int) -> Iterator[Decoded]:
    """Pass the recordings on, with a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import track

    text = f"decoding {count} recordings to {sample_rate} Hz"
    yield from track(recordings, text, count, console=Console(stderr=True), transient=True)
