"""A recording at a loudness for publishing: one gain for all of it, peaks between samples minded.

Loudness and true peak are those of ITU-R BS.1770-4 (EBU R 128 takes them from there). Both are
known at the end only, so the sound waits in a temporary file; memory does not grow with the length.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from aeolia.audio.levels import decibels
from aeolia.audio.loudness import loudness
from aeolia.files import Spool

__all__ = ["LoudnessSpool", "TruePeak"]

_BLOCK = 1 << 16
#: BS.1770-4, annex 2: at least 192 kHz are looked at.
_PEAK_RATE = 192_000


class TruePeak:
    """The highest magnitude of the waveform, between the samples too; blocks [T, C] in a row."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        import soxr

        self._factor = max(1, math.ceil(_PEAK_RATE / sample_rate))
        rates = sample_rate, self._factor * sample_rate
        self._stream = soxr.ResampleStream(*rates, channels, dtype="float32", quality="HQ")
        self._channels = channels
        self.peak = 0.0

    def push(self, block: np.ndarray, *, last: bool = False) -> None:
        """Look at a block; the one that is `last` may be empty."""
        samples = np.ascontiguousarray(block, np.float32)
        self.peak = max(self.peak, float(np.abs(samples).max(initial=0.0)))
        shaped = samples[:, 0] if self._channels == 1 else samples
        more = self._stream.resample_chunk(shaped, last=last)
        self.peak = max(self.peak, float(np.abs(more).max(initial=0.0)))


class LoudnessSpool:
    """Keeps a recording until its loudness is known: use it as a context manager."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._rate, self._channels = sample_rate, channels
        self._spool = Spool()
        self._peak = TruePeak(sample_rate, channels)
        #: What was done, in a sentence; known after `levelled`.
        self.remark = ""

    def __enter__(self) -> LoudnessSpool:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def write(self, block: np.ndarray) -> None:
        """Append samples [T, C]."""
        self._spool.write(np.ascontiguousarray(block, "<f4").tobytes())
        self._peak.push(block)

    def levelled(self, lufs: float, true_peak_db: float) -> Iterator[np.ndarray]:
        """The recording in blocks at a loudness, or at less where its peaks would be too high."""
        self._peak.push(np.zeros((0, self._channels), np.float32), last=True)
        self._spool.flush()
        gain_db = self._gain_db(lufs, true_peak_db)
        gain = np.float32(10 ** (gain_db / 20))
        self._spool.rewind()
        while data := self._spool.read(4 * self._channels * _BLOCK):
            yield np.frombuffer(data, "<f4").reshape(-1, self._channels) * gain

    def _gain_db(self, lufs: float, true_peak_db: float) -> float:
        n_frames = self._spool.tell() // (4 * self._channels)
        if not n_frames:
            return 0.0
        audio = np.memmap(self._spool.file, "<f4", "r", shape=(n_frames, self._channels))
        found = loudness(audio, self._rate)
        if math.isinf(found):
            self.remark = "too quiet to have a loudness; its level was left as it is"
            return 0.0
        peak_db = decibels(self._peak.peak)
        gain_db = min(lufs - found, true_peak_db - peak_db)
        reached = f"{found:.1f} LUFS became {found + gain_db:.1f} ({gain_db:+.1f} dB)"
        self.remark = f"{reached}, true peak {peak_db + gain_db:.1f} dBTP"
        if gain_db < lufs - found - 0.05:
            self.remark += f": more would bring peaks above {true_peak_db:g} dBTP"
        return gain_db
