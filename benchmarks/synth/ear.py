"""Measurements of sounds, apart from the code that they judge: pitch, levels, spectra."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

__all__ = [
    "envelope_db",
    "mel_apart",
    "mel_levels",
    "resampled",
    "spectral_distances",
    "steady_pitch_hz",
    "vocoded",
]

#: What lies this far below the loudest counts as that.
_RANGE_DB = 80.0


def steady_pitch_hz(audio: np.ndarray, rate: int) -> float:
    """Pitch of a steady note [T] without a hint of it: YIN, refined by phase.

    YIN (de Cheveigne and Kawahara 2002) gives the period. The phase that each low harmonic gains
    in a few milliseconds then gives the frequency to a fraction of a cent.
    """
    size = 8192
    start = max(0, len(audio) // 3 - size // 2)
    part = audio[start : start + 2 * size].astype(np.float64)
    if len(part) < 2 * size:
        part = np.pad(part, (0, 2 * size - len(part)))
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
        if normal[lag] < 0.15 and normal[lag] <= normal[lag - 1] and normal[lag] < normal[lag + 1]
    ]
    lag = dips[0] if dips else first + int(np.argmin(normal[first:]))
    a, b, c = normal[lag - 1 : lag + 2] if lag + 1 < len(normal) else (0.0, 0.0, 0.0)
    bend = a - 2 * b + c
    coarse = rate / (lag + (0.5 * (a - c) / bend if bend > 0 else 0.0))
    return _refined(part, coarse, rate)


def _refined(part: np.ndarray, coarse: float, rate: int) -> float:
    window, step = np.hanning(8192), 128
    size = len(window)
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


def mel_levels(audio: np.ndarray, rate: int, count: int = 80, size: int = 2048) -> np.ndarray:
    """Levels [F, count] in decibels of mel bands from 0 Hz to the Nyquist frequency."""
    power = _power(audio, size) @ _mel_weights(rate, count, size).T
    return np.asarray(10 * np.log10(power + 1e-12))


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


def _power(audio: np.ndarray, size: int) -> np.ndarray:
    padded = np.pad(np.asarray(audio, np.float32), (size // 2, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 2]
    spectrum = np.fft.rfft(frames * np.hanning(size).astype(np.float32), axis=1)
    return spectrum.real**2 + spectrum.imag**2


def _log_power(audio: np.ndarray, size: int) -> np.ndarray:
    return 10 * np.log10(_power(audio, size) + 1e-12)


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
