"""What the mixers of all tasks share: whose turn an item is, and how loud sounds stand together.

Item i of step s is drawn from `item_rng(seed, s, i)` and from nothing else, so a run resumes from
its step number, and N processes together see the items that one would.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from aeolia.data.corruptions import active_level
from aeolia.data.crops import Segment, cut
from aeolia.data.pool import AudioPool
from aeolia.errors import InputError

__all__ = [
    "LEAST_LEVEL",
    "add_noise",
    "amplitudes",
    "at_active_level",
    "below_full_scale",
    "check_rates",
    "item_rng",
    "items_of",
    "level_factors",
    "lowest_reach",
]

#: Crops quieter than this (recordings have a peak of 0.9) are not made louder any more.
LEAST_LEVEL = 0.002
#: No mixture and no part of one has a higher peak.
_HIGHEST_PEAK = 0.99


def item_rng(seed: int, step: int, index: int) -> np.random.Generator:
    """The generator of one item of one step."""
    return np.random.default_rng((seed, step, index))


def items_of(batch_size: int, rank: int, world: int) -> range:
    """Indices of the items that process `rank` of `world` makes of a batch, in equal parts.

    Raises:
        InputError: the batch cannot be shared equally, or there is no such process.
    """
    if batch_size % world or not 0 <= rank < world:
        raise InputError(
            f"a batch of {batch_size} cannot be shared by {world} processes (rank {rank}); "
            "choose a multiple"
        )
    share = batch_size // world
    return range(rank * share, (rank + 1) * share)


def check_rates(pools: Sequence[AudioPool | None], sample_rate: int) -> None:
    """Refuse a pool at another sample rate than the mixture's.

    Raises:
        InputError: naming both rates.
    """
    for pool in pools:
        if pool is not None and pool.sample_rate != sample_rate:
            raise InputError(
                f"a pool has {pool.sample_rate} Hz and the mixture {sample_rate} Hz; build the "
                "pool at the mixture's rate"
            )


def amplitudes(levels_db: Sequence[float]) -> Tensor:
    """Levels in dB as factors [N]."""
    return torch.tensor([10.0 ** (level / 20.0) for level in levels_db])


def at_active_level(
    audio: Tensor, sample_rate: int, levels: Tensor | float = 1.0, least: float = 1e-6
) -> Tensor:
    """Sounds [N, T] brought to active levels [N], none by more than `1 / least`."""
    level = active_level(audio, sample_rate).clamp_min(least)
    return audio * (levels / level)[:, None]


def add_noise(
    audio: Tensor,
    pool: AudioPool,
    crops: Sequence[Sequence[Segment]],
    snrs_db: Sequence[float],
    crop_length: int,
) -> None:
    """Add noise, in place, to sounds [N, T] at active level 1, where there is a crop for it.

    Args:
        crops: of noise, `crop_length` samples each, of which the first T are used.
        snrs_db: active level of the sound over that of the noise.
    """
    rows = [i for i, crop in enumerate(crops) if crop]
    if rows:
        noise = cut(pool, [crops[i] for i in rows], crop_length)[:, : audio.shape[1]]
        levels = amplitudes([-snrs_db[i] for i in rows])
        audio[rows] += at_active_level(noise, pool.sample_rate, levels, LEAST_LEVEL)


def level_factors(
    mixture: Tensor, peak: Tensor, levels_dbfs: Sequence[float], sample_rate: int
) -> Tensor:
    """What brings mixtures [B, T] to active levels in dBFS, or a `peak` [B] to just below 1."""
    level = active_level(mixture, sample_rate).clamp_min(1e-7)
    return below_full_scale(amplitudes(levels_dbfs) / level, peak)


def below_full_scale(factors: Tensor, peak: Tensor) -> Tensor:
    """Factors [B], made smaller where a `peak` [B] would exceed 0.99."""
    return torch.minimum(factors, _HIGHEST_PEAK / peak.clamp_min(1e-7))


def lowest_reach(pool: AudioPool, crop: Sequence[Segment]) -> float:
    """How high, in Hz, all recordings that a crop is joined from reach."""
    return min(float(pool.bandwidth_hz[segment.item]) for segment in crop)
