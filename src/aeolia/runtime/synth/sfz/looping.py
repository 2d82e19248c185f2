"""Loops in sustained sounds: where a sampler goes back to, and a seam that is not heard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Loop", "with_loop"]

#: What is compared at the two ends of a loop.
_COMPARED_SECONDS = 0.1
#: The seam: long enough for noise to pass over, short beside the loop.
_FADE_SECONDS = 0.06
#: Samples behind the loop, for samplers that interpolate across its end.
_BEHIND = 64


@dataclass(frozen=True)
class Loop:
    """Samples that a sampler repeats."""

    #: First and last sample, both played.
    start: int
    end: int
    #: Correlation of what is joined, at most 1.
    likeness: float


def with_loop(audio: np.ndarray, start: int, sample_rate: int) -> tuple[np.ndarray, Loop]:
    """A sound [T] that may go on for ever from `start` on.

    The loop is as long as the best match of its two ends allows: between half and all of what there
    is behind `start`. Its last part is faded into what lies before its first, by powers that sum
    to one for as much as the two correlate, so that tones and noise both keep their level.

    Args:
        audio: steady from shortly before `start` to its end, at least half a second.

    Returns:
        the sound with its seam [T'], ending shortly behind the loop, and the loop.
    """
    n_compared = round(_COMPARED_SECONDS * sample_rate)
    n_fade = round(_FADE_SECONDS * sample_rate)
    least = (len(audio) - start) // 2
    before = audio[start - n_compared : start].astype(np.float64)
    behind = audio[start - n_compared + least :].astype(np.float64)
    likeness = _correlations(before, behind)
    best = int(np.argmax(likeness))
    stop = start + least + best
    share = (np.arange(n_fade) + 0.5) / n_fade
    joined = share * audio[start - n_fade : start] + (1.0 - share) * audio[stop - n_fade : stop]
    r = max(float(likeness[best]), 0.0)
    joined /= np.sqrt(share**2 + (1.0 - share) ** 2 + 2.0 * r * share * (1.0 - share))
    looped = np.concatenate([audio[: stop - n_fade], joined, audio[start : start + _BEHIND]])
    return looped.astype(np.float32), Loop(start, stop - 1, float(likeness[best]))


def _correlations(pattern: np.ndarray, audio: np.ndarray) -> np.ndarray:
    """Normalised correlation of a pattern [N] with every stretch of its length, [T - N + 1]."""
    size = len(audio) + len(pattern)
    spectra = np.fft.rfft(audio, size) * np.conj(np.fft.rfft(pattern, size))
    count = len(audio) - len(pattern) + 1
    products = np.fft.irfft(spectra, size)[:count]
    energy = np.concatenate([[0.0], np.cumsum(np.square(audio))])
    energies = energy[len(pattern) :] - energy[:count]
    scale = np.sqrt(np.maximum(energies * np.sum(np.square(pattern)), 1e-20))
    return np.asarray(products / scale)
