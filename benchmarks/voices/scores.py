"""What is left of a voice: its level, its gaps, its fricatives, and music under it.

All of them project the estimate on the reference, so that noise that is left, or added, does not
count as speech that was kept.
"""

from __future__ import annotations

import numpy as np

from aeolia.metrics.checks import validate

__all__ = ["LOST_DB", "fricatives_kept_db", "gap_share", "kept_db", "parts_kept_db"]

#: A clip whose speech comes out this much quieter counts as lost.
LOST_DB = 6.0
#: Frames within this of the loudest are speech.
_ACTIVE_DB = 30.0
_FRAME_SECONDS = 0.02
#: A gap is seen in stretches of so many active frames.
_STRETCH = 10
#: Fricatives: frames of 512 with more power above than below, both at 16 kHz.
_ABOVE_HZ, _BELOW_HZ = 4000.0, 2500.0
#: They are weaker than vowels.
_FRICATIVE_DB = 40.0
_FEWEST_FRAMES = 5
#: The least that is told apart from nothing.
_FLOOR = 1e-3


def _db(gain: float) -> float:
    return float(20 * np.log10(max(gain, _FLOOR)))


def _active(reference: np.ndarray, estimate: np.ndarray, rate: int) -> tuple[np.ndarray, ...]:
    """The active frames [F, N] of both."""
    size = round(_FRAME_SECONDS * rate)
    count = len(reference) // size
    frames = [
        x[: count * size].reshape(count, size).astype(np.float64) for x in (reference, estimate)
    ]
    power = (frames[0] ** 2).mean(axis=1)
    active = power > power.max(initial=0.0) * 10 ** (-_ACTIVE_DB / 10)
    return frames[0][active], frames[1][active]


def kept_db(reference: np.ndarray, estimate: np.ndarray, rate: int) -> float:
    """Level of the reference [T] in the estimate [T], in its active frames: 0 dB is all of it.

    NaN where the reference is silent.
    """
    validate(reference, estimate)
    before, after = _active(reference, estimate, rate)
    if not len(before):
        return float("nan")
    return _db(float((before * after).sum() / (before**2).sum()))


def gap_share(reference: np.ndarray, estimate: np.ndarray, rate: int) -> float:
    """Share of the active speech, in stretches of 0.2 s, that lost more than `LOST_DB`."""
    validate(reference, estimate)
    before, after = _active(reference, estimate, rate)
    count = len(before) // _STRETCH
    if not count:
        return float("nan")
    shape = (count, -1)
    before, after = (x[: count * _STRETCH].reshape(shape) for x in (before, after))
    gains = (before * after).sum(axis=1) / (before**2).sum(axis=1)
    return float((gains < 10 ** (-LOST_DB / 20)).mean())


def fricatives_kept_db(reference: np.ndarray, estimate: np.ndarray, rate: int) -> float:
    """As `kept_db`, above 4 kHz in the frames of fricatives alone; NaN where there are few."""
    validate(reference, estimate)
    before, after = (_spectra(audio) for audio in (reference, estimate))
    frequencies = np.fft.rfftfreq(512, 1 / rate)
    high = frequencies >= _ABOVE_HZ
    power = np.abs(before) ** 2
    above, below = power[:, high].sum(axis=1), power[:, frequencies < _BELOW_HZ].sum(axis=1)
    loud = power.sum(axis=1) > power.sum(axis=1).max(initial=0.0) * 10 ** (-_FRICATIVE_DB / 10)
    chosen = loud & (above > below)
    if chosen.sum() < _FEWEST_FRAMES:
        return float("nan")
    one, other = before[chosen][:, high], after[chosen][:, high]
    return _db(float((one.conj() * other).real.sum() / (np.abs(one) ** 2).sum()))


def _spectra(audio: np.ndarray) -> np.ndarray:
    """[F, 257]"""
    frames = np.lib.stride_tricks.sliding_window_view(audio.astype(np.float64), 512)[::256]
    return np.asarray(np.fft.rfft(frames * np.hanning(512), axis=1))


def parts_kept_db(
    speech: np.ndarray, music: np.ndarray, estimate: np.ndarray
) -> tuple[float, float]:
    """Levels of speech and of music [T] in the estimate [T], by least squares on both."""
    validate(speech, estimate)
    parts = np.stack([speech, music], axis=1).astype(np.float64)
    gains = np.linalg.lstsq(parts, estimate.astype(np.float64), rcond=None)[0]
    return _db(float(gains[0])), _db(float(gains[1]))
