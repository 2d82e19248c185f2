"""Clips of telephone bandwidth: how high they reach, and a plausible band where they hold nothing.

Voice encoders learned from voices that reach 8 kHz; a clip that ends at 4 kHz looks to them like
another person. So what is missing is filled with noise, frame by frame at the level that voices
have there when they sound like this below:

    log P(f) = a(f) log P(1.5 to 3.2 kHz) + b(f) log P(0.3 to 1 kHz) + c(f)

with powers relative to the clip's mean from 0.3 to 3.3 kHz. The coefficients are a regression
over fifty speakers; `python -m benchmarks telephone --data DIR` makes such a table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["NODES_HZ", "Bandwidth", "bandwidth_of", "filled", "regressors"]

#: Sample rate of clips, in Hz, and the transform.
_RATE, _WINDOW, _HOP = 16000, 512, 256
_HZ = np.arange(_WINDOW // 2 + 1) * (_RATE / _WINDOW)

#: Where a(f), b(f) and c(f) are known; straight lines in between.
NODES_HZ = np.array([3400, 3800, 4200, 4700, 5200, 5800, 6400, 7100, 8000], float)
_A = np.array([0.928, 0.902, 0.882, 0.876, 0.847, 0.774, 0.716, 0.697, 0.681])
_B = np.array([-0.201, -0.256, -0.348, -0.433, -0.505, -0.541, -0.490, -0.446, -0.433])
_C = np.array([-1.840, -2.163, -2.646, -3.431, -4.279, -5.221, -5.804, -6.170, -6.785])

#: Voices have at least -25 dB from 4.2 to 7 kHz, against 1 to 3.2 kHz; clips of a telephone below
#: -49. And at least -12 dB below 220 Hz, against 0.33 to 1 kHz; those without the bass -31.
_NARROW_DB, _THIN_DB = -40.0, -22.0
#: What is no further below the voice's middle belongs to the clip.
_REACHED_DB, _SMOOTH_BINS = -30.0, 7
#: Two parts of the middle of a voice are never further apart; those of whistles are.
_APART_DB = 40.0
#: Frames this far below the loudest one, in power, are pauses, and stay.
_PAUSE = 1e-4


@dataclass(frozen=True)
class Bandwidth:
    """What a clip of a voice holds."""

    #: Up to here, in Hz; 8000 unless it is narrow.
    reach_hz: float
    #: It has next to nothing above 4.2 kHz.
    narrow: bool
    #: It has next to nothing below 220 Hz, where the pitch is.
    thin: bool


def bandwidth_of(clip: np.ndarray) -> Bandwidth:
    """The bandwidth of mono audio [T] at 16 kHz."""
    power = np.mean(_powers(_frames(clip)), axis=0)
    middle_db, low_db = _level_db(power, 1000, 3200), _level_db(power, 330, 1000)
    if abs(middle_db - low_db) > _APART_DB:
        return Bandwidth(_RATE / 2, False, False)
    narrow = _level_db(power, 4200, 7000) < middle_db + _NARROW_DB
    thin = _level_db(power, 60, 220) < low_db + _THIN_DB
    if not narrow:
        return Bandwidth(_RATE / 2, False, thin)
    smooth = np.convolve(power, np.ones(_SMOOTH_BINS) / _SMOOTH_BINS, mode="same")
    reached = 10.0 * np.log10(smooth + 1e-30) > middle_db + _REACHED_DB
    return Bandwidth(float(_HZ[np.flatnonzero(reached & (_HZ < 4200))[-1]]), True, thin)


def filled(clip: np.ndarray, reach_hz: float) -> np.ndarray:
    """Mono audio [T] at 16 kHz that ends at `reach_hz`, with a plausible band above it."""
    spectrum = _frames(clip)
    powers, known, mean = regressors(clip)
    shape = np.stack([np.interp(_HZ, NODES_HZ, values) for values in (_A, _B, _C)])
    expected = mean * np.exp(known @ shape)
    frame_power = powers.mean(axis=1)
    sounds = frame_power > _PAUSE * frame_power.max()
    missing = sounds[:, None] & (reach_hz - 100.0 < _HZ)
    noise = np.random.default_rng(0).standard_normal((2, *powers.shape)) / np.sqrt(2.0)
    made = (noise[0] + 1j * noise[1]) * np.sqrt(expected)
    return _sound(np.where(missing, made, spectrum), len(clip))


def regressors(clip: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Mono audio [T] at 16 kHz to powers [F, Q], what foretells them [F, 3], and their mean.

    Bin q is at q * 31.25 Hz.
    """
    powers = _powers(_frames(clip))
    mean = float(powers[:, _between(300, 3300)].mean()) + 1e-30
    middle, low = (
        np.log(powers[:, _between(*band)].mean(axis=1) / mean + 1e-7)
        for band in ((1500, 3200), (300, 1000))
    )
    return powers, np.stack([middle, low, np.ones(len(middle))], axis=1), mean


def _frames(clip: np.ndarray) -> np.ndarray:
    """Spectra [F, Q] of mono audio [T], half overlapping."""
    padded = np.pad(clip.astype(np.float64), (_WINDOW, 2 * _WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    return np.asarray(np.fft.rfft(frames * _window()))


def _sound(spectra: np.ndarray, length: int) -> np.ndarray:
    """The audio [T] of `_frames`."""
    frames = np.fft.irfft(spectra) * _window()
    sound = np.zeros((len(frames) + 1) * _HOP)
    sound[: len(frames) * _HOP] += frames[:, :_HOP].ravel()
    sound[_HOP:] += frames[:, _HOP:].ravel()
    return sound[_WINDOW : _WINDOW + length].astype(np.float32)


def _window() -> np.ndarray:
    return np.asarray(np.sqrt(np.hanning(_WINDOW + 1)[:_WINDOW]))


def _powers(spectra: np.ndarray) -> np.ndarray:
    return np.asarray(np.square(spectra.real) + np.square(spectra.imag))


def _between(low_hz: float, high_hz: float) -> np.ndarray:
    return (low_hz <= _HZ) & (high_hz >= _HZ)


def _level_db(power: np.ndarray, low_hz: float, high_hz: float) -> float:
    return float(10.0 * np.log10(power[_between(low_hz, high_hz)].mean() + 1e-30))
