"""The pitch of a steady note, and how far that of another is from it.

Apart from the tracker that recordings are encoded with, so that it can judge it; NumPy alone.
"""

from __future__ import annotations

import numpy as np

from aeolia.errors import InputError
from aeolia.metrics.checks import validate

__all__ = ["pitch_error", "steady_pitch_hz"]

#: Samples that are compared with those a period later.
_SIZE = 8192
#: YIN's threshold: a period is one where the normalised difference is below this.
_CLEAR = 0.15


def pitch_error(reference: np.ndarray, estimate: np.ndarray, sample_rate: float) -> float:
    """How far a note's pitch is from the reference's, in cents, whatever its sign.

    Of steady notes: the pitch of the third of a second or so around a third of the note counts.

    Args:
        reference: the note as recorded, [T].
        estimate: the note to judge, [T].
        sample_rate: in Hz.

    Raises:
        InputError: as `validate`; or one of the two has no clear pitch, as a drum or silence.
    """
    signals = validate(reference, estimate, sample_rate)
    found = []
    for which, signal in zip(("reference", "estimate"), signals, strict=True):
        part = _middle(signal)
        period, clear = _period(part, round(sample_rate))
        if not clear:
            raise InputError(f"{which} has no steady pitch; leave out such notes")
        found.append(_refined(part, round(sample_rate) / period, round(sample_rate)))
    return float(abs(1200.0 * np.log2(found[1] / found[0])))


def steady_pitch_hz(audio: np.ndarray, rate: int) -> float:
    """Pitch of a steady note [T] without a hint of it: YIN, refined by phase.

    YIN (de Cheveigne and Kawahara 2002) gives the period. The phase that each low harmonic gains
    in a few milliseconds then gives the frequency to a fraction of a cent.
    """
    part = _middle(audio)
    return _refined(part, rate / _period(part, rate)[0], rate)


def _middle(audio: np.ndarray) -> np.ndarray:
    """The part of a note that is looked at [2 * _SIZE], filled with silence where it is short."""
    start = max(0, len(audio) // 3 - _SIZE // 2)
    part = audio[start : start + 2 * _SIZE].astype(np.float64)
    return np.pad(part, (0, 2 * _SIZE - len(part)))


def _period(part: np.ndarray, rate: int) -> tuple[float, bool]:
    """The period in samples, and whether there is a clear one."""
    size = _SIZE
    spectrum = np.fft.rfft(part, 4 * size)
    fixed = np.fft.rfft(part[:size], 4 * size)
    match = np.fft.irfft(spectrum * np.conj(fixed))[: size // 2]
    energy = np.concatenate([[0.0], np.cumsum(part**2)])
    lags = np.arange(size // 2)
    difference = energy[size] + (energy[lags + size] - energy[lags]) - 2 * match
    mean = np.cumsum(difference[1:]) / lags[1:]
    normal = np.concatenate([[1.0], difference[1:] / np.maximum(mean, 1e-12)])
    first = int(rate / 5000)
    dips = [
        lag
        for lag in range(first, size // 2 - 1)
        if normal[lag] < _CLEAR and normal[lag] <= normal[lag - 1] and normal[lag] < normal[lag + 1]
    ]
    lag = dips[0] if dips else first + int(np.argmin(normal[first:]))
    a, b, c = normal[lag - 1 : lag + 2] if lag + 1 < len(normal) else (0.0, 0.0, 0.0)
    bend = a - 2 * b + c
    return lag + (0.5 * (a - c) / bend if bend > 0 else 0.0), bool(dips) and bool(part.any())


def _refined(part: np.ndarray, coarse: float, rate: int) -> float:
    window, step, size = np.hanning(_SIZE), 128, _SIZE
    early = np.fft.rfft(part[:size] * window)
    late = np.fft.rfft(part[step : step + size] * window)
    found, weights = [], []
    for number in range(1, 7):
        index = round(number * coarse * size / rate)
        if index + 2 >= len(early) or number * coarse > 6000:
            break
        index += int(np.argmax(np.abs(early[index - 1 : index + 2]))) - 1
        expected = 2 * np.pi * index * step / size
        gained = np.angle(late[index] / (early[index] + 1e-20)) - expected
        gained = (gained + np.pi) % (2 * np.pi) - np.pi
        found.append((expected + gained) / step * rate / (2 * np.pi) / number)
        weights.append(abs(early[index]) ** 2 * number)
    if not found:
        return coarse
    close = [n for n, value in enumerate(found) if abs(np.log2(value / coarse)) < 1 / 24]
    if not close:
        return coarse
    return float(np.average([found[n] for n in close], weights=[weights[n] for n in close]))
