"""What listeners hear beside the systems, and how loud: anchors, and levels matched by loudness."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from aeolia.audio.levels import decibels, peak
from aeolia.audio.loudness import loudness

__all__ = ["ANCHORS_HZ", "HEADROOM_DB", "TARGET_LUFS", "can_anchor", "low_pass", "match_loudness"]

#: Pass bands of the anchors for low and middle quality (BS.1534-3).
ANCHORS_HZ = (3500, 7000)
#: What clips are brought to (EBU R 128), or as near as leaves the headroom below full scale.
TARGET_LUFS, HEADROOM_DB = -23.0, 1.0
#: BS.1534-3 asks the 3.5 kHz filter for ripple within 0.1 dB, 25 dB at 4 kHz and 50 dB at
#: 4.5 kHz: a transition of a seventh of the pass band to an attenuation of 60 dB does better.
_TRANSITION, _ATTENUATION_DB = 1 / 7, 60.0


def can_anchor(cutoff_hz: float, sample_rate: int) -> bool:
    """Whether there is anything above the pass band to take away at this rate."""
    return cutoff_hz * (1 + _TRANSITION) <= sample_rate / 2


def low_pass(audio: np.ndarray, sample_rate: int, cutoff_hz: float) -> np.ndarray:
    """Audio [T] or [T, C] without what is above the pass band, aligned, in its own type.

    A sinc under a Kaiser window (J. F. Kaiser, 1974): flat to `cutoff_hz`, 60 dB down from a
    seventh above it.
    """
    transition = 2 * math.pi * cutoff_hz * _TRANSITION / sample_rate
    half = math.ceil((_ATTENUATION_DB - 7.95) / (2 * 2.285 * transition))
    middle = cutoff_hz * (1 + _TRANSITION / 2) / (sample_rate / 2)
    taps = np.sinc(middle * np.arange(-half, half + 1))
    taps *= np.kaiser(2 * half + 1, 0.1102 * (_ATTENUATION_DB - 8.7))
    taps /= taps.sum()
    n_fft = 1 << (len(audio) + 2 * half).bit_length()
    response = np.fft.rfft(taps, n_fft).reshape(-1, *[1] * (audio.ndim - 1))
    filtered = np.fft.irfft(np.fft.rfft(audio, n_fft, axis=0) * response, n_fft, axis=0)
    return filtered[half : half + len(audio)].astype(audio.dtype)


def match_loudness(
    sounds: Sequence[np.ndarray], sample_rate: int
) -> tuple[list[np.ndarray], float]:
    """Versions of one clip, [T, C] each, at one loudness, and how far apart they were, in LU.

    That loudness is `TARGET_LUFS`, or less where a peak would come nearer to full scale than
    `HEADROOM_DB`. A version that is silent stays so, and does not count in the distance.
    """
    levels = [loudness(sound, sample_rate) for sound in sounds]
    audible = [level for level in levels if math.isfinite(level)]
    if not audible:
        return list(sounds), 0.0
    peaks = [
        decibels(peak(sound)) - level
        for sound, level in zip(sounds, levels, strict=True)
        if math.isfinite(level)
    ]
    target = min(TARGET_LUFS, -HEADROOM_DB - max(peaks))
    gains = [target - level if math.isfinite(level) else 0.0 for level in levels]
    matched = [
        sound * np.float32(10 ** (gain / 20)) for sound, gain in zip(sounds, gains, strict=True)
    ]
    return matched, max(audible) - min(audible)
