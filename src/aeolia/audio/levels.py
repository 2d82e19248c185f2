"""Levels of floating-point audio: peak, root mean square, clipped samples.

Full scale is 1.0; decibels are relative to it (dBFS). A full-scale sine has an RMS level of
-3.01 dBFS here (no AES17 correction).
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "LARGEST",
    "SILENCE_DB",
    "as_floating",
    "count_clipped",
    "decibels",
    "gain_below",
    "impossible",
    "peak",
    "rms",
    "rms_db",
    "without_offset",
]

#: What `decibels` returns for exact silence, instead of minus infinity.
SILENCE_DB = -200.0

#: Largest magnitude of a sample that can be processed: its square must fit into 32-bit floats.
LARGEST = 1e18


def as_floating(audio: np.ndarray) -> np.ndarray:
    """Samples as floating point: integers (int16, int32, uint8) scaled to -1 to 1, others as is."""
    if audio.dtype == np.uint8:  # as WAV has 8 bits: 128 is silence
        return (audio.astype(np.float32) - 128.0) / 128.0
    if audio.dtype in (np.int16, np.int32):
        return (audio / -float(np.iinfo(audio.dtype).min)).astype(np.float32)
    return audio


def impossible(samples: np.ndarray, first: int = 0, sample_rate: int | None = None) -> str | None:
    """What is wrong with floating-point samples [T] or [T, C], in words; None if nothing is.

    They must be finite, and none beyond `LARGEST`.

    Args:
        first: number of the first one in the recording.
        sample_rate: of a file that they are of.
    """
    with np.errstate(invalid="ignore"):  # NaN is no larger and no smaller than anything
        good = np.abs(samples) <= LARGEST
    if good.all():
        return None
    frame, channel = (int(i) for i in np.argwhere(~good.reshape(len(samples), -1))[0])
    value = samples.reshape(len(samples), -1)[frame, channel]
    at = f" (at {(first + frame) / sample_rate:.3f} s)" if sample_rate else ""
    sample = f"sample {first + frame} of channel {channel}{at} is {value:g}"
    if np.isfinite(value):
        return f"{sample}; at most {LARGEST:g} can be processed: scale the audio to -1 to 1"
    mend = ": repair or cut the file" if sample_rate else ""
    return f"{sample}; only finite samples can be processed{mend}"


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


def without_offset(audio: np.ndarray) -> tuple[np.ndarray, float]:
    """Audio [T] or [T, C], float32, without the mean of each channel; and the largest of these."""
    if not len(audio):
        return audio.astype(np.float32), 0.0
    offset = audio.mean(axis=0, dtype=np.float64)
    return (audio - offset).astype(np.float32), float(np.abs(offset).max())


def gain_below(ceiling: float, highest: float, gain: float = 1.0) -> float:
    """`gain`, or less where it would bring the `highest` magnitude above `ceiling`."""
    return min(gain, ceiling / highest) if highest > 0.0 else gain


def count_clipped(audio: np.ndarray, limit: float = 1.0) -> int:
    """Samples whose magnitude is beyond `limit`, which integer formats cannot hold."""
    return int(np.count_nonzero(np.abs(audio) > limit))
