"""Room impulse responses made by rule: direct sound, early reflections, a decaying tail.

Simulated rooms are without number and without licence. The model is statistical rather than
geometric: what a listener and a network can learn of a room is its decay in each frequency
range, the ratio of direct to reverberant energy, and the density of the first reflections.
"""

from __future__ import annotations

import numpy as np

__all__ = ["EARLY_SECONDS", "MAX_ROOM_SECONDS", "align_direct", "simulate_room"]

#: What a dereverberation target keeps after the direct sound.
EARLY_SECONDS = 0.05
#: Impulse responses are cut here.
MAX_ROOM_SECONDS = 1.0

_SPEED_OF_SOUND = 343.0
#: Upper edges of the decay bands in Hz; the last band is open.
_BAND_EDGES_HZ = (250.0, 1000.0, 4000.0)


def simulate_room(
    rng: np.random.Generator,
    sample_rate: int,
    rt60_seconds: float,
    distance_metres: float | None = None,
) -> np.ndarray:
    """Impulse response [L] float32 of a random room, its direct sound at sample 0, height 1.

    A room's volume V (m^3) and, unless it is given, the distance d (m) are drawn. The diffuse
    energy follows from the critical distance of Sabine's theory, r = 0.057 sqrt(V / RT60):
    reverberant over direct energy is (d / r)^2. The tail sets in after about 2 sqrt(V) ms, when
    reflections have become too dense to count; before it come 4 to 16 separate ones.
    """
    length = int(sample_rate * min(1.1 * rt60_seconds + 0.02, MAX_ROOM_SECONDS))
    volume = np.exp(rng.uniform(np.log(15.0), np.log(400.0)))
    critical = 0.057 * np.sqrt(volume / rt60_seconds)
    distance = distance_metres or np.exp(rng.uniform(np.log(0.3), np.log(4.0)))
    reverberant_energy = np.clip((distance / critical) ** 2, 0.02, 6.0)
    mixing = 0.002 * np.sqrt(volume)

    tail = _diffuse_tail(rng, sample_rate, length, rt60_seconds)
    seconds = np.arange(length) / sample_rate
    # The tail fades in up to the mixing time instead of starting at once.
    tail *= np.clip(seconds / mixing, 0.0, 1.0) ** 2
    tail *= np.sqrt(reverberant_energy / max(float(np.square(tail).sum()), 1e-12))

    response = tail
    side = volume ** (1.0 / 3.0)
    for _ in range(int(rng.integers(4, 17))):
        # A reflection's path is longer by up to a few room sides; walls absorb at each bounce.
        extra = rng.uniform(0.1, 2.5) * side
        bounces = 1.0 + extra / side
        absorbed = rng.uniform(0.55, 0.95) ** bounces
        gain = rng.choice((-1.0, 1.0)) * absorbed * distance / (distance + extra)
        position = extra / _SPEED_OF_SOUND * sample_rate
        index, fraction = int(position), position % 1.0
        if index + 1 < length:
            response[index] += gain * (1.0 - fraction)
            response[index + 1] += gain * fraction
    response[0] = 1.0
    return response.astype(np.float32)


def _diffuse_tail(
    rng: np.random.Generator, sample_rate: int, length: int, rt60_seconds: float
) -> np.ndarray:
    """Gaussian noise [L] that decays by 60 dB in RT60, sooner at high frequencies."""
    n_fft = 1 << (length - 1).bit_length()
    spectrum = np.fft.rfft(rng.standard_normal(n_fft))
    frequencies = np.fft.rfftfreq(n_fft, 1.0 / sample_rate)
    band = np.searchsorted(_BAND_EDGES_HZ, frequencies)
    # Relative decay times: air and soft furniture take the high end first.
    relative = np.array([rng.uniform(0.9, 1.3), 1.0, rng.uniform(0.7, 1.0), rng.uniform(0.4, 0.8)])
    seconds = np.arange(length) / sample_rate
    tail = np.zeros(length)
    for index, factor in enumerate(relative):
        noise = np.fft.irfft(np.where(band == index, spectrum, 0.0), n_fft)[:length]
        # 60 dB of amplitude decay: 10^-3 = exp(-6.908).
        tail += noise * np.exp(-6.908 * seconds / (rt60_seconds * factor))
    return tail


def align_direct(response: np.ndarray, sample_rate: int) -> np.ndarray:
    """A measured response cut to begin at its direct sound, normalised, at most 1 s long.

    The direct sound is the first sample within 6 dB of the largest: in a far position a strong
    reflection may top the direct sound itself.
    """
    size = np.abs(response)
    peak = float(size.max()) if size.size else 0.0
    if peak <= 0.0:
        return np.ones(1, np.float32)
    start = int(np.argmax(size >= 0.5 * peak))
    length = int(MAX_ROOM_SECONDS * sample_rate)
    cut = response[start : start + length].astype(np.float32) / abs(float(response[start]))
    if len(cut) == length:
        fade = length // 10
        cut[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return cut
