"""Shoebox rooms by the image method (Allen and Berkley, JASA 65(4), 1979), for the held-out set.

Training draws statistical rooms (`aeolia.data.rooms`); these are made in another way on purpose,
so that a model that has only learnt the training generator does not gain from it here.
"""

from __future__ import annotations

import numpy as np

__all__ = ["EARLY_SECONDS", "reverberate", "shoebox"]

#: What the target keeps after the direct sound.
EARLY_SECONDS = 0.05
_SPEED_OF_SOUND = 343.0


def shoebox(rng: np.random.Generator, rt60_seconds: float, sample_rate: int) -> np.ndarray:
    """Impulse response [L] float32 of a random room; direct sound at sample 0 with height 1.

    Sides 3 to 9, 3 to 7 and 2.4 to 3.5 m, talker and microphone 0.8 to 3 m apart. The wall's
    reflection follows from the target RT60 by Eyring's formula, 0.161 V / (-S ln(1 - a)), b =
    sqrt(1 - a). Each image is moved by up to 8 cm: exact symmetry makes audible sweeps that no
    real room has. Air and furniture take the high end: a one-pole low-pass whose share grows
    with the distance travelled.
    """
    sides = rng.uniform((3.0, 3.0, 2.4), (9.0, 7.0, 3.5))
    microphone, talker = _places(rng, sides)
    volume, surface = sides.prod(), 2 * (sides * np.roll(sides, 1)).sum()
    absorbed = 1 - np.exp(-0.161 * volume / (surface * rt60_seconds))
    reflection = np.sqrt(1 - absorbed)
    length = int(rt60_seconds * sample_rate)
    reach = rt60_seconds * _SPEED_OF_SOUND

    # Images along one axis: 2 n L + x (even number of walls hit) and 2 n L - x (odd).
    axes = []
    for side, source, ear in zip(sides, talker, microphone, strict=True):
        n = np.arange(-int(reach / (2 * side)) - 1, int(reach / (2 * side)) + 2)
        position = np.concatenate([2 * n * side + source, 2 * n * side - source]) - ear
        hits = np.concatenate([np.abs(2 * n), np.abs(2 * n - 1)])
        axes.append((position, hits))
    (x, hx), (y, hy), (z, hz) = axes
    response, dull = np.zeros(length + 2), np.zeros(length + 2)
    direct = float(np.linalg.norm(talker - microphone))
    for x_one, hits_one in zip(x, hx, strict=True):  # plane by plane, to bound the memory
        distance = np.sqrt(x_one**2 + y[:, None] ** 2 + z[None] ** 2).ravel()
        hits = (hits_one + hy[:, None] + hz[None]).ravel()
        near = distance < reach
        distance, hits = distance[near], hits[near]
        distance = distance + np.where(hits > 0, rng.uniform(-0.08, 0.08, distance.size), 0)
        at = np.clip((distance - direct) / _SPEED_OF_SOUND * sample_rate, 0, length)
        # Signs at random: if all were positive, the sums would pile up at 0 Hz and drown speech.
        sign = np.where(hits > 0, rng.choice((-1.0, 1.0), distance.size), 1.0)
        gain = sign * reflection**hits * direct / np.maximum(distance, direct)
        bright = np.exp(-distance / 60.0)
        index, fraction = at.astype(int), at % 1.0
        for target, share in ((response, bright), (dull, 1 - bright)):
            target += np.bincount(index, gain * share * (1 - fraction), length + 2)
            target += np.bincount(index + 1, gain * share * fraction, length + 2)
    result: np.ndarray = (response + _low_pass(dull, 2500.0, sample_rate))[:length]
    for _ in range(2):
        result *= _decay_correction(result, rt60_seconds, sample_rate)
    return np.asarray(result / result[0], np.float32)


def _decay_correction(response: np.ndarray, rt60_seconds: float, sample_rate: int) -> np.ndarray:
    """Envelope [L] that brings the decay from -5 to -25 dB to the target RT60.

    Eyring's formula assumes sound from everywhere; between bare parallel walls it lasts longer.
    """
    left = np.cumsum(response[::-1] ** 2)[::-1]
    start, end = (int(np.argmax(left < left[0] * 10 ** (-db / 10))) for db in (5, 25))
    measured = 3 * (end - start) / sample_rate
    seconds = np.arange(len(response)) / sample_rate
    # 60 dB of amplitude decay is exp(-6.908).
    return np.exp(-6.908 * seconds * (1 / rt60_seconds - 1 / max(measured, 0.05)))


def _places(rng: np.random.Generator, sides: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Microphone and talker, half a metre off the walls at least."""
    while True:
        microphone, talker = rng.uniform(0.5, sides - 0.5, (2, 3))
        if 0.8 <= np.linalg.norm(talker - microphone) <= 3.0:
            return microphone, talker


def _low_pass(signal: np.ndarray, corner_hz: float, sample_rate: int) -> np.ndarray:
    """First-order low-pass [T] -> [T], through the spectrum with room for its tail."""
    n_fft = 2 << len(signal).bit_length()
    frequencies = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    spectrum = np.fft.rfft(signal, n_fft) / (1 + 1j * frequencies / corner_hz)
    return np.fft.irfft(spectrum, n_fft)[: len(signal)]


def reverberate(
    speech: np.ndarray, response: np.ndarray, sample_rate: int
) -> tuple[np.ndarray, np.ndarray]:
    """[T] -> (all of the room [T], direct sound and the first 50 ms [T])."""
    early = response.copy()
    early[int(EARLY_SECONDS * sample_rate) :] = 0
    n_fft = 1 << (len(speech) + len(response)).bit_length()
    spectrum = np.fft.rfft(speech, n_fft)
    wet, target = (
        np.fft.irfft(spectrum * np.fft.rfft(r, n_fft), n_fft)[: len(speech)].astype(np.float32)
        for r in (response, early)
    )
    return wet, target
