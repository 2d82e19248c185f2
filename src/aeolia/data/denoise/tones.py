"""Tonal noise made by rule: whistles, beeps, sirens, horns, alarms, jingles.

Recordings of noise hold few of them, and a network that never met one takes it for a voice.
"""

from __future__ import annotations

import numpy as np
import torch

from aeolia.data.corruptions import Rngs

__all__ = ["tones"]

#: Fundamentals are drawn between these, evenly in octaves.
_LOWEST_HZ, _HIGHEST_HZ = 120.0, 3500.0
#: Nothing above this share of the sample rate.
_HIGHEST_SHARE = 0.45
_MOST_TONES = 4
_MOST_HARMONICS = 14
#: Soft edges, so that a beep is no click.
_EDGE_SECONDS = 0.008
#: The contours are drawn at this rate and interpolated.
_CONTROL_HZ = 500.0


def tones(shape: tuple[int, int], sample_rate: int, rngs: Rngs) -> torch.Tensor:
    """One to four harmonic tones with a common contour [B, T], of unit power (on the CPU)."""
    items = np.stack([_tones(shape[1], sample_rate, rng) for rng in rngs])
    power = np.square(items).mean(axis=1, keepdims=True)
    return torch.from_numpy((items / np.sqrt(power + 1e-12)).astype(np.float32))


def _tones(length: int, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    seconds = np.arange(int(length / sample_rate * _CONTROL_HZ) + 2) / _CONTROL_HZ
    semitones, loudness = _contour(seconds, rng)
    at = np.arange(length) / sample_rate
    bend = 2.0 ** (np.interp(at, seconds, semitones) / 12.0)
    span = np.log2(_HIGHEST_HZ / _LOWEST_HZ)
    base_hz = _LOWEST_HZ * 2.0 ** rng.uniform(0.0, span)
    sound = np.zeros(length)
    for number in range(1 + int(rng.choice(_MOST_TONES, p=(0.55, 0.2, 0.15, 0.1)))):
        interval = 0.0 if number == 0 else rng.uniform(-12.0, 12.0)
        hz = base_hz * 2.0 ** (interval / 12.0) * bend
        sound += rng.uniform(0.4, 1.0) * _harmonics(hz, sample_rate, rng)
    return np.asarray(sound * np.interp(at, seconds, loudness))


def _harmonics(hz: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """A tone of up to fourteen partials at the pitch contour `hz` [T]; partials too high end."""
    phase = 2.0 * np.pi * np.cumsum(hz) / sample_rate
    decay = rng.uniform(0.3, 3.0)
    sound = np.zeros(len(hz))
    for k in range(1, 1 + int(rng.integers(1, _MOST_HARMONICS + 1))):
        if k * hz.min() > _HIGHEST_SHARE * sample_rate:
            break
        height = rng.uniform(0.2, 1.0) * k**-decay
        audible = k * hz < _HIGHEST_SHARE * sample_rate
        sound += height * audible * np.sin(k * phase + rng.uniform(0.0, 2.0 * np.pi))
    return sound


def _contour(seconds: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pitch in semitones about the base, and loudness, both at `seconds`."""
    duration = seconds[-1]
    kind = rng.choice(("steady", "glide", "siren", "notes"), p=(0.35, 0.2, 0.2, 0.25))
    semitones = np.zeros_like(seconds)
    loudness = np.ones_like(seconds)
    if kind == "glide":
        semitones = rng.uniform(-12.0, 12.0) * seconds / duration
    elif kind == "siren":
        depth, rate = rng.uniform(1.0, 10.0), 2.0 ** rng.uniform(-2.5, 2.5)
        semitones = depth * np.sin(2.0 * np.pi * (rate * seconds + rng.random()))
    elif kind == "notes":
        step = rng.uniform(0.08, 0.7)
        index = (seconds / step + rng.random()).astype(int)
        semitones = rng.integers(-7, 8, index[-1] + 1)[index].astype(float)
        since = np.modf(seconds / step)[0] * step
        loudness = np.exp(-since * rng.uniform(0.0, 8.0))
    if rng.random() < 0.4:  # vibrato
        depth, rate = rng.uniform(0.05, 0.6), rng.uniform(3.0, 9.0)
        semitones = semitones + depth * np.sin(2.0 * np.pi * rate * seconds)
    if rng.random() < 0.45:  # beeps
        period, share = 2.0 ** rng.uniform(-3.5, 1.5), rng.uniform(0.2, 0.8)
        loudness = loudness * ((seconds / period + rng.random()) % 1.0 < share)
    elif rng.random() < 0.5:  # once, somewhere
        start = rng.uniform(0.0, 0.6 * duration)
        end = start + rng.uniform(0.2, 1.0) * duration
        loudness = loudness * ((seconds >= start) & (seconds < end))
    return semitones, _softened(loudness)


def _softened(loudness: np.ndarray) -> np.ndarray:
    """Edges over a few milliseconds; never silent from end to end."""
    if not loudness.any():
        loudness = np.ones_like(loudness)
    window = np.hanning(2 * int(_EDGE_SECONDS * _CONTROL_HZ) + 3)
    return np.convolve(loudness, window / window.sum(), mode="same")
