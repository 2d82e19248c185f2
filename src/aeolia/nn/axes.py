"""Two leading axes as one, and back: layers take one axis of items, models have several.

One item, which is all that a released graph has, needs no reshape in either direction: live audio
runs the graph once per hop, where every node counts.
"""

from __future__ import annotations

from torch import Tensor

__all__ = ["merge_axes", "split_axis"]


def merge_axes(x: Tensor) -> Tensor:
    """[B, S, ...] to [B * S, ...]."""
    return x[0] if x.shape[0] == 1 else x.flatten(0, 1)


def split_axis(x: Tensor, batch: int) -> Tensor:
    """[B * S, ...] to [B, S, ...] for `batch` B."""
    return x.unsqueeze(0) if batch == 1 else x.unflatten(0, (batch, -1))
