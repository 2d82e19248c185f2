"""What can happen to a recording: batched torch functions with one parameter per item.

Every function takes audio [B, T] float32 and returns a new tensor of that shape. Random
material is drawn from one NumPy generator per item (`rngs`, length B), so an item's corruption
depends on its own generator only, never on the batch it lies in.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

__all__ = [
    "Rngs",
    "active_level",
    "add_at_snr",
    "band_limit",
    "clip",
    "coloured_noise",
    "fast_length",
    "gaussian",
    "hum",
    "packet_loss",
    "salt_and_pepper",
]

Rngs = Sequence[np.random.Generator]

#: Frames within this of the loudest one count as active.
_ACTIVE_DB = 30.0
_FRAME_SECONDS = 0.02


def _column(values: Sequence[float] | np.ndarray | torch.Tensor) -> torch.Tensor:
    """Per-item values as a column [B, 1]."""
    return torch.as_tensor(values, dtype=torch.float32).reshape(-1, 1)


def active_level(audio: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """RMS [B] over the 20 ms frames within 30 dB of the loudest: pauses do not count."""
    frame = max(1, int(_FRAME_SECONDS * sample_rate))
    frames = max(1, audio.shape[-1] // frame)
    power = audio[:, : frames * frame].reshape(audio.shape[0], frames, -1).square().mean(-1)
    active = power >= power.amax(-1, keepdim=True) * 10.0 ** (-_ACTIVE_DB / 10.0)
    level: torch.Tensor = ((power * active).sum(-1) / active.sum(-1)).sqrt()
    return level


def add_at_snr(
    speech: torch.Tensor,
    noise: torch.Tensor,
    snr_db: Sequence[float] | np.ndarray | torch.Tensor,
    sample_rate: int,
) -> torch.Tensor:
    """speech + noise, the noise scaled so that the active levels differ by `snr_db` [B]."""
    ratio = active_level(speech, sample_rate) / active_level(noise, sample_rate).clamp_min(1e-9)
    return speech + noise * ratio[:, None] * 10.0 ** (-_column(snr_db) / 20.0)


def _at_unit_power(noise: torch.Tensor) -> torch.Tensor:
    power = noise.square().mean(-1, keepdim=True)
    return noise / power.sqrt().clamp_min(1e-9)


def gaussian(shape: tuple[int, int], rngs: Rngs) -> torch.Tensor:
    """White Gaussian noise [B, T] of unit power (on the CPU)."""
    return torch.from_numpy(
        np.stack([rng.standard_normal(shape[1], dtype=np.float32) for rng in rngs])
    )


def coloured_noise(
    shape: tuple[int, int], slopes_db: Sequence[float], sample_rate: int, rngs: Rngs
) -> torch.Tensor:
    """Gaussian noise [B, T] whose spectrum falls by `slopes_db` per octave (3 pink, 6 brown).

    Below 40 Hz the slope levels off, so that the power is where it is audible.
    """
    length = fast_length(shape[1])
    frequencies = torch.fft.rfftfreq(length, 1.0 / sample_rate).clamp_min(40.0) / 1000.0
    exponents = -torch.as_tensor(slopes_db, dtype=torch.float32)[:, None] / 6.0206
    spectrum = torch.fft.rfft(gaussian((len(rngs), length), rngs)) * frequencies**exponents
    return _at_unit_power(torch.fft.irfft(spectrum, length)[:, : shape[1]])


def hum(shape: tuple[int, int], sample_rate: int, rngs: Rngs) -> torch.Tensor:
    """Mains hum [B, T] of unit power: 50 or 60 Hz and up to 20 harmonics, odd ones stronger."""
    seconds = torch.arange(shape[1]) / sample_rate
    items = []
    for rng in rngs:
        base = float(rng.choice((50.0, 60.0))) * rng.uniform(0.998, 1.002)
        count = int(rng.integers(3, 21))
        decay = rng.uniform(0.5, 2.0)
        order = np.arange(1, count + 1)
        heights = rng.uniform(0.2, 1.0, count) * order**-decay * np.where(order % 2, 1.0, 0.5)
        item = torch.zeros(shape[1])
        for k, height, phase in zip(order, heights, rng.uniform(0, 2 * np.pi, count), strict=True):
            if k * base < 0.45 * sample_rate:
                item += height * torch.sin(2 * np.pi * k * base * seconds + phase)
        items.append(item)
    return _at_unit_power(torch.stack(items))


def salt_and_pepper(
    audio: torch.Tensor, density: Sequence[float], height: Sequence[float], rngs: Rngs
) -> torch.Tensor:
    """Replace a share `density` [B] of samples by plus or minus `height` [B] times the peak."""
    output = audio.clone()
    for item, share, relative, rng in zip(output, density, height, rngs, strict=True):
        count = int(rng.binomial(len(item), share))
        where = torch.from_numpy(rng.integers(0, len(item), count))
        signs = torch.from_numpy(rng.choice((-1.0, 1.0), count).astype(np.float32))
        item[where] = signs * relative * item.abs().max()
    return output


def clip(audio: torch.Tensor, fraction: Sequence[float] | torch.Tensor) -> torch.Tensor:
    """Clip each item symmetrically at `fraction` [B] of its peak."""
    ceiling = _column(fraction) * audio.abs().amax(-1, keepdim=True)
    return torch.minimum(torch.maximum(audio, -ceiling), ceiling)


def packet_loss(
    audio: torch.Tensor, sample_rate: int, share: Sequence[float], rngs: Rngs
) -> torch.Tensor:
    """Silence a share [B] of the 20 ms packets, in bursts of up to three, edges 1 ms soft."""
    packet = int(0.02 * sample_rate)
    fade = max(1, sample_rate // 1000)
    count = -(-audio.shape[1] // packet)
    kept = np.ones((audio.shape[0], count), np.float32)
    for row, fraction, rng in zip(kept, share, rngs, strict=True):
        for start in np.flatnonzero(rng.random(count) < fraction / 2.0):
            row[start : start + int(rng.integers(1, 4))] = 0.0
    mask = torch.from_numpy(kept).repeat_interleave(packet, dim=1)
    padded = torch.nn.functional.pad(mask[:, None], (fade, fade), mode="replicate")
    soft = torch.nn.functional.avg_pool1d(padded, 2 * fade + 1, stride=1)[:, 0]
    return audio * soft[:, : audio.shape[1]]


def band_limit(
    audio: torch.Tensor,
    sample_rate: int,
    high_hz: Sequence[float] | torch.Tensor,
    low_hz: Sequence[float] | torch.Tensor | None = None,
) -> torch.Tensor:
    """Remove what lies above `high_hz` [B] (and below `low_hz`), over a soft sixth octave."""
    length = fast_length(audio.shape[1] + sample_rate // 50)
    frequencies = torch.fft.rfftfreq(length, 1.0 / sample_rate)
    octaves = torch.log2(frequencies.clamp_min(1.0))
    high = torch.log2(_column(high_hz))
    response = 0.5 + 0.5 * torch.cos(np.pi * ((octaves - high) * 6.0 + 1.0).clamp(0.0, 1.0))
    if low_hz is not None:
        low = torch.log2(_column(low_hz).clamp_min(1.0))
        response = response * (
            0.5 + 0.5 * torch.cos(np.pi * ((low - octaves) * 3.0 + 1.0).clamp(0.0, 1.0))
        )
    limited: torch.Tensor = torch.fft.irfft(torch.fft.rfft(audio, length) * response, length)
    return limited[:, : audio.shape[1]]


def fast_length(length: int) -> int:
    """The smallest 2^a 3^b 5^c that is at least `length`: such FFTs are fast."""
    best = 1 << max(0, length - 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            two = three
            while two < length:
                two *= 2
            best = min(best, two)
            three *= 3
        five *= 5
    return best
