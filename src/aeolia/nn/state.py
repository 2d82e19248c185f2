"""The explicit state of a step: named tensors that go in with one block and come out for the next.

A module declares the shape of each tensor without the leading axis (what that axis counts, such
as the items of a batch, is the caller's choice); zeros are the state before the first frame.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["Shapes", "State", "zero_state"]

State = dict[str, Tensor]
#: Shape of every state tensor by its name, without the leading axis.
Shapes = dict[str, tuple[int, ...]]


def zero_state(shapes: Mapping[str, tuple[int, ...]], count: int, device: torch.device) -> State:
    """Zeros of shape [count, *shape] for every name."""
    return {name: torch.zeros((count, *shape), device=device) for name, shape in shapes.items()}
