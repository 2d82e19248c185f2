"""Measurements of sounds, apart from the code that they judge: levels and spectra."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aeolia.metrics.mel import mel_levels, power

__all__ = [
    "envelope_db",
    "mel_apart",
    "resampled",
    "spectral_distances",
    "vocoded",
]

#: What lies this far below the loudest counts as that.
_RANGE_DB = 80.0


# --- distances ---


def spectral_distances(
    reference: np.ndarray, estimates: Sequence[np.ndarray], rate: int
) -> list[tuple[float, float]]:
    """(multi-resolution log-spectral distance, mel distance) of each estimate, in decibels.

    Root mean squares over bins, at DFT sizes of 512 to 4096. Levels are aligned first, and what
    lies 80 dB below the loudest bin counts as that.
    """
    length = min(len(reference), *map(len, estimates))
    energy = float(np.mean(np.square(reference[:length], dtype=np.float64)))
    scaled = [
        x[:length] * np.sqrt(energy / max(float(np.mean(np.square(x[:length]))), 1e-20))
        for x in estimates
    ]
    logs = np.zeros(len(scaled))
    for size in (512, 1024, 2048, 4096):
        target = _log_power(reference[:length], size)
        logs += [_apart(target, _log_power(x, size)) for x in scaled]
    target = mel_levels(reference[:length], rate)
    mels = [_apart(target, mel_levels(x, rate)) for x in scaled]
    return [(float(log) / 4, mel) for log, mel in zip(logs, mels, strict=True)]


def mel_apart(a: np.ndarray, b: np.ndarray) -> float:
    """Distance in decibels between mel levels [F, M] of two sounds, each from its own loudest."""
    count = min(len(a), len(b))
    levels = [np.maximum(x[:count] - x.max(), -_RANGE_DB) for x in (a, b)]
    return float(np.sqrt(np.mean((levels[0] - levels[1]) ** 2)))


def envelope_db(audio: np.ndarray, rate: int) -> np.ndarray:
    """The spectral envelope [80] of a steady sound in decibels, its harmonics smoothed away.

    Mean mel levels of the loud frames, of which the first twelve terms of a cosine series are
    kept (a cepstrum, as in speech recognition), from their own mean.
    """
    levels = mel_levels(audio, rate)
    loud = levels.max(axis=1) > levels.max() - 40.0
    mean = np.maximum(levels[loud], levels.max() - _RANGE_DB).mean(axis=0)
    centres = (np.arange(80) + 0.5) / 80
    basis = np.cos(np.pi * np.outer(np.arange(1, 12), centres)) * np.sqrt(2 / 80)
    return np.asarray((mean @ basis.T) @ basis)


def _apart(reference: np.ndarray, estimate: np.ndarray) -> float:
    floor = reference.max() - _RANGE_DB
    difference = np.maximum(reference, floor) - np.maximum(estimate, floor)
    return float(np.sqrt(np.mean(difference**2)))


def _log_power(audio: np.ndarray, size: int) -> np.ndarray:
    return 10 * np.log10(power(audio, size) + 1e-12)


# --- other ways to another pitch ---


def resampled(audio: np.ndarray, ratio: float, length: int) -> np.ndarray:
    """Played faster by a ratio: pitch and formants move, and so does the time."""
    positions = np.arange(length) * ratio
    played = np.interp(positions, np.arange(len(audio)), audio, right=0.0)
    return np.asarray(played, np.float32)


def vocoded(audio: np.ndarray, ratio: float, length: int) -> np.ndarray:
    """A plain phase vocoder: stretched by the ratio, then resampled by it; the time stays."""
    size, hop = 2048, 512
    padded = np.pad(audio, (size // 2, 2 * size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    spectra = np.fft.rfft(frames * np.hanning(size), axis=1)
    positions = np.arange(0, len(spectra) - 1, 1 / ratio)
    phase = np.angle(spectra[0])
    advance = 2 * np.pi * hop * np.arange(size // 2 + 1) / size
    output = np.zeros(len(positions) * hop + size)
    for number, position in enumerate(positions):
        left = int(position)
        share = position - left
        size_now = (1 - share) * np.abs(spectra[left]) + share * np.abs(spectra[left + 1])
        frame = np.fft.irfft(size_now * np.exp(1j * phase)) * np.hanning(size)
        output[number * hop : number * hop + size] += frame / 1.5
        turned = np.angle(spectra[left + 1]) - np.angle(spectra[left]) - advance
        phase = phase + advance + (turned + np.pi) % (2 * np.pi) - np.pi
    return resampled(output[size // 2 :], ratio, length)
