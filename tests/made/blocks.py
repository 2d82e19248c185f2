"""A layer with explicit state run block by block: what must equal one run over the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

__all__ = ["in_blocks"]


def in_blocks(
    layer: Callable[[torch.Tensor, Any], tuple[torch.Tensor, Any]],
    x: torch.Tensor,
    state: Any,
    sizes: Sequence[int],
    dim: int = 0,
) -> tuple[torch.Tensor, Any]:
    """Outputs of `layer(block, state)` side by side along `dim`, and the last state."""
    parts = []
    for block in x.split(list(sizes), dim):
        part, state = layer(block, state)
        parts.append(part)
    return torch.cat(parts, dim), state
