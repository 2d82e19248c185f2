"""Levels of floating-point audio: peak, root mean square, clipped samples.

Full scale is 1.0; decibels are relative to it (dBFS). A full-scale sine has an RMS level of
-3.01 dBFS here (no AES17 correction).
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "SILENCE_DB",
    "as_floating",
    "count_clipped",
    "decibels",
    "gain_below",
    "peak",
    "rms",
    "rms_db",
]

#: What `decibels` returns for exact silence, instead of minus infinity.
SILENCE_DB = -200.0


def as_floating(audio: np.ndarray) -> np.ndarray:
    """Samples as floating point: integers (int16, int32, uint8) scaled to -1 to 1, others as is."""
    if audio.dtype == np.uint8:  # as WAV has 8 bits: 128 is silence
        return (audio.astype(np.float32) - 128.0) / 128.0
    if audio.dtype in (np.int16, np.int32):
        return (audio / -float(np.iinfo(audio.dtype).min)).astype(np.float32)
    return audio


def peak(audio: np.ndarray) -> float:
    """Largest magnitude of any sample; 0.0 for an empty array."""
    return float(np.max(np.abs(audio))) if audio.size else 0.0


def rms(audio: np.ndarray) -> float:
    """Root mean square over all samples and channels; 0.0 for an empty array."""
    if not audio.size:
        return 0.0
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


def decibels(amplitude: float) -> float:
    """20 log10 of an amplitude, with `SILENCE_DB` as the floor."""
    return max(20.0 * float(np.log10(amplitude)), SILENCE_DB) if amplitude > 0 else SILENCE_DB


def rms_db(audio: np.ndarray) -> float:
    """RMS level in dBFS."""
    return decibels(rms(audio))


def gain_below(ceiling: float, highest: float, gain: float = 1.0) -> float:
    """`gain`, or less where it would bring the `highest` magnitude above `ceiling`."""
    return min(gain, ceiling / highest) if highest > 0.0 else gain


def count_clipped(audio: np.ndarray, limit: float = 1.0) -> int:
    """Samples whose magnitude is beyond `limit`, which integer formats cannot hold."""
    return int(np.count_nonzero(np.abs(audio) > limit))
