"""What must hold for every mixer: an item is its seed, step and index, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

__all__ = ["check_draws"]


def check_draws(mix: Callable[..., Any], names: Sequence[str]) -> None:
    """Compare batches of the mixers that `mix(**changes of the config)` makes.

    Args:
        names: of the batch's tensors that have one row an item.
    """
    mixer = mix()
    whole, again = mixer.batch(3, 12), mix().batch(3, 12)
    others = (mixer.batch(4, 12), mix(seed=mixer.config.seed + 1).batch(3, 12))
    parts = [mixer.batch(3, 12, rank, world=3) for rank in range(3)]
    for name in names:
        value = getattr(whole, name)
        assert torch.equal(value, getattr(again, name))
        joined = torch.cat([getattr(part, name) for part in parts])
        assert torch.allclose(joined, value, atol=1e-6)
    # Beside a GPU, threads may mix several batches of one mixer at the same time.
    with ThreadPoolExecutor(3) as threads:
        beside = list(threads.map(lambda step: mixer.batch(step, 3), range(6)))
    for step, batch in enumerate(beside):
        alone = mixer.batch(step, 3)
        assert all(torch.equal(getattr(batch, name), getattr(alone, name)) for name in names)
    for other in others:
        assert not torch.equal(getattr(whole, names[0]), getattr(other, names[0]))
