"""Mel levels of a sound, and how far those of two are apart: the colour of a note."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from aeolia.metrics.checks import validate

__all__ = ["mel_distance", "mel_levels", "power"]

#: What lies this far below the loudest counts as that.
_RANGE_DB = 80.0


def mel_distance(reference: np.ndarray, estimate: np.ndarray, sample_rate: float) -> float:
    """Root mean square difference of mel levels in dB, once the estimate has the reference's power.

    80 bands from 0 Hz to the Nyquist frequency, windows of 2048 samples half a window apart; what
    lies 80 dB below the reference's loudest band counts as that. A silent estimate scores as far as
    the reference lies above that floor.

    Args:
        reference: the note as recorded, [T].
        estimate: the note to judge, [T].
        sample_rate: in Hz.
    """
    reference, estimate = validate(reference, estimate, sample_rate)
    gain = np.sqrt(np.mean(reference**2) / max(float(np.mean(estimate**2)), 1e-20))
    levels = [mel_levels(one, round(sample_rate)) for one in (reference, gain * estimate)]
    floor = levels[0].max() - _RANGE_DB
    difference = np.maximum(levels[0], floor) - np.maximum(levels[1], floor)
    return float(np.sqrt(np.mean(difference**2)))


def mel_levels(audio: np.ndarray, rate: int, count: int = 80, size: int = 2048) -> np.ndarray:
    """Levels [F, count] in decibels of mel bands from 0 Hz to the Nyquist frequency."""
    bands = power(audio, size) @ _mel_weights(rate, count, size).T
    return np.asarray(10 * np.log10(bands + 1e-12))


@lru_cache(maxsize=4)
def _mel_weights(rate: int, count: int, size: int) -> np.ndarray:
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, count + 2) / 2595) - 1)
    bins = np.arange(size // 2 + 1) * rate / size
    rise = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.clip(np.minimum(rise, fall), 0, None).astype(np.float32)
    # Bands narrower than a bin take the bin that they lie in.
    for band in np.flatnonzero(weights.sum(axis=1) == 0):
        weights[band, round(edges[band + 1] * size / rate)] = 1.0
    return weights


def power(audio: np.ndarray, size: int) -> np.ndarray:
    """Power spectra [F, size // 2 + 1] under a Hann window, half a window apart."""
    padded = np.pad(np.asarray(audio, np.float32), (size // 2, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 2]
    spectrum = np.fft.rfft(frames * np.hanning(size).astype(np.float32), axis=1)
    return spectrum.real**2 + spectrum.imag**2
