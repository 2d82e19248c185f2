"""Steps on weights other than training: averages, bands cut and joined, halves.

A recipe's stages name them: `average_with`, `keep_hz` and `half_precision`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from aeolia.errors import ModelError
from aeolia.models.spectral.transplant import POSITION_AXES

__all__ = ["average", "check_same_structure", "cut_bands", "join_bands", "to_half"]

Weights = dict[str, Tensor]


def average(*models: Mapping[str, Tensor]) -> Weights:
    """The mean of each weight over models of one structure.

    Models that branched from one another often generalise better averaged than either does
    (Wortsman et al., "Model soups", 2022).

    Raises:
        ModelError: the structures differ.
    """
    first = models[0]
    for other in models[1:]:
        check_same_structure(first, other)
    return {name: sum((m[name] for m in models[1:]), first[name]) / len(models) for name in first}


def to_half(weights: Mapping[str, Tensor]) -> Weights:
    """Each weight rounded to half precision (11 significant bits): half the bytes on the disk."""
    return {name: value.to(torch.float16) for name, value in weights.items()}


def cut_bands(weights: Mapping[str, Tensor], positions: int) -> Weights:
    """Weights of a convolutional denoiser with only its lowest bands.

    Args:
        positions: frequency positions after the last strided convolution that stay.

    Raises:
        ModelError: the weights have fewer.
    """
    result = dict(weights)
    for name, axis in POSITION_AXES.items():
        by_position = _by_position(weights, name, axis)
        if by_position.shape[axis + 1] < positions:
            raise ModelError(f"{name} has {by_position.shape[axis + 1]} positions, not {positions}")
        low = by_position.narrow(axis + 1, 0, positions)
        result[name] = low.flatten(axis, axis + 1).contiguous()
    return result


def join_bands(low: Mapping[str, Tensor], high: Mapping[str, Tensor]) -> Weights:
    """Everything from `low` and, from `high`, the bands above those of `low`.

    Raises:
        ModelError: `high` has no more bands, or other layers.
    """
    result = dict(low)
    for name, axis in POSITION_AXES.items():
        known, joined = (_by_position(weights, name, axis) for weights in (low, high))
        count = known.shape[axis + 1]
        joined_low = joined.narrow(axis + 1, 0, min(count, joined.shape[axis + 1]))
        if joined_low.shape != known.shape:
            raise ModelError(f"the higher bands' {name} is not of a model with more bands")
        joined = joined.clone()
        joined.narrow(axis + 1, 0, count).copy_(known)
        result[name] = joined.flatten(axis, axis + 1)
    return result


def check_same_structure(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> None:
    """Refuse weights of two structures.

    Raises:
        ModelError: naming the first weight that differs.
    """
    for name in sorted(set(one) | set(other)):
        if name not in one or name not in other or one[name].shape != other[name].shape:
            raise ModelError(f"the models are of different structures: see {name}")


def _by_position(weights: Mapping[str, Tensor], name: str, axis: int) -> Tensor:
    """A weight with its axis over (channel, position) as two."""
    kernel = weights.get("decoder.convs.0.conv.weight")  # transposed: [in, out, ...]
    if kernel is None or name not in weights:
        raise ModelError("bands can be cut and joined in denoisers with convolutions only")
    by_position: Tensor = weights[name].unflatten(axis, (kernel.shape[0], -1))
    return by_position
