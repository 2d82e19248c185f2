"""Weights of one model as the beginning of another that has more bands, channels or layers."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from aeolia.errors import ModelError
from aeolia.models.spectral.decoder import output_channels
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.models.spectral.encoder import FEATURES
from aeolia.models.spectral.separator import ConditionalAutoencoder

__all__ = ["transplant"]

#: Layers that start as the identity where the starting weights have none, or others.
_OPTIONAL = (
    "embedding.",
    "fusion.",
    "decoder.fusions.",
    "decoder.gate_shifts.",
    "voice.",
    "decoder.memories.",
)
#: Axis of the dense layers around the recurrences that runs over (channel, position).
_POSITIONED = {"encoder.squeeze.weight": 1, "decoder.widen.weight": 0, "decoder.widen.bias": 0}
#: Layers whose axes are channels of the convolutions, or of the condition.
_CHANNELLED = (
    "encoder.convs.",
    "encoder.activations.",
    "decoder.convs.",
    "decoder.activations.",
    "decoder.gates.",
    "decoder.gate_shifts.",
    "decoder.fusions.",
)


def transplant(
    model: DenoisingAutoencoder | ConditionalAutoencoder, weights: Mapping[str, Tensor]
) -> None:
    """Start `model` from weights trained with the same or fewer frequency positions and channels.

    Further positions listen to nothing yet and answer like the highest known one, so that the
    model starts by treating the new bands alike. Further channels, and further units of the band
    memories, answer to what they hear, but nothing listens to them yet (Chen et al., "Net2Net",
    2016): the model starts as the smaller one. So it does with further band memories, which are
    the identity at first.

    A separator also starts from a denoiser: the layers that hear the condition start as the
    identity, so that every source begins as the denoised mixture. Layers of the condition that
    the two models have in common but of another kind (other classes, another fusion) start
    afresh.

    Raises:
        ModelError: the weights are of another structure.
    """
    fresh = model.state_dict()
    if further := sorted(set(weights) - set(fresh)):
        raise ModelError(
            f"the starting weights hold {further[0]}, which this model has not; they are of "
            "another structure"
        )
    grown = {}
    for name, own in fresh.items():
        optional = name.startswith(_OPTIONAL)
        if name not in weights and not optional:
            raise ModelError(f"the starting weights hold no {name}; they are of another structure")
        value = weights[name].to(own.device) if name in weights else None
        if value is not None and value.shape == own.shape:
            grown[name] = value
        elif value is not None and name in _POSITIONED:
            grown[name] = _with_positions(name, own, value, *_channels(name, model, weights))
        elif value is not None and _is_wider(name, own, value, model):
            grown[name] = _with_channels(name, own, value)
        elif value is not None and _is_wider_memory(name, own, value):
            grown[name] = _with_memory(name, own, value)
        elif optional:
            grown[name] = own
        else:
            assert value is not None
            raise _of_other_layers(name, own, value)
    model.load_state_dict(grown)


def _of_other_layers(name: str, own: Tensor, value: Tensor) -> ModelError:
    return ModelError(
        f"the starting weights' {name} is {tuple(value.shape)}, here it is "
        f"{tuple(own.shape)}; start from a model of the same layers"
    )


def _channels(
    name: str, model: DenoisingAutoencoder | ConditionalAutoencoder, weights: Mapping[str, Tensor]
) -> tuple[int, int]:
    """Channels of the model and of the weights on the axis over (channel, position)."""
    config = model.config
    if name.startswith("encoder"):
        kernel = weights.get(f"encoder.convs.{len(config.channels) - 1}.conv.weight")
        listened = FEATURES, FEATURES
    else:
        kernel = weights.get("decoder.convs.0.conv.weight")
        listened = output_channels(config), output_channels(config)
    # Last kernel of the encoder [out, in, ...], first (transposed) of the decoder [in, out, ...].
    return listened if kernel is None else (config.channels[-1], kernel.shape[0])


def _with_positions(name: str, own: Tensor, value: Tensor, channels: int, known: int) -> Tensor:
    """`value` with further positions and channels, the latter from `own` or not heard."""
    axis, listens = _POSITIONED[name], name.startswith("encoder")
    if value.shape[axis] % known or known > channels:
        raise ModelError("the starting weights have other channels than this model")
    mine = own.movedim(axis, 0).unflatten(0, (channels, -1)).clone()
    theirs = value.movedim(axis, 0).unflatten(0, (known, -1))
    if mine.shape[2:] != theirs.shape[2:]:
        raise _of_other_layers(name, own, value)
    missing = mine.shape[1] - theirs.shape[1]
    if missing < 0:
        raise ModelError("the starting weights have other channels or more bands than this model")
    extra = theirs[:, -1:].expand(known, missing, *theirs.shape[2:])
    if listens:
        mine.zero_()
        extra = 0.0 * extra
    mine[:known] = torch.cat([theirs, extra], dim=1)
    return mine.flatten(0, 1).movedim(0, axis).contiguous()


def _is_wider(
    name: str, own: Tensor, value: Tensor, model: DenoisingAutoencoder | ConditionalAutoencoder
) -> bool:
    """Whether `value` fits into a corner of `own`, along axes that are channels."""
    if not name.startswith(_CHANNELLED) or value.ndim != own.ndim:
        return False
    if name.startswith("decoder.fusions.") and ".modulate." not in name:
        return False
    if name.startswith(f"decoder.convs.{len(model.config.channels) - 1}."):
        answers = 1 if value.ndim > 1 else 0
        if value.shape[answers] != own.shape[answers]:
            return False  # these are taps of the filter, not channels
    return all(old <= new for old, new in zip(value.shape, own.shape, strict=True))


def _with_channels(name: str, own: Tensor, value: Tensor) -> Tensor:
    """`value` in the corner of `own`; its channels do not listen to those that are new."""
    if ".modulate." in name:  # scales, then shifts
        halves = zip(own.chunk(2), value.chunk(2), strict=True)
        return torch.cat([_in_corner(*half, listening=1) for half in halves])
    # Transposed convolutions are [in, out, ...], all others [out, in, ...].
    return _in_corner(own, value, listening=0 if name.startswith("decoder.convs") else 1)


def _is_wider_memory(name: str, own: Tensor, value: Tensor) -> bool:
    """Whether `value` is of a band memory with fewer units, among as many channels."""
    units = 0 if ".project." in name else 1 if name.endswith("answer.weight") else None
    if not name.startswith("decoder.memories.") or units is None or ".mix_" in name:
        return False
    others = own.ndim < 2 or own.shape[1 - units] == value.shape[1 - units]
    return others and value.shape[units] < own.shape[units]


def _with_memory(name: str, own: Tensor, value: Tensor) -> Tensor:
    """`value` for the first units of `own`; nothing listens to the other ones."""
    if ".project." in name:  # gates, then candidates
        halves = zip(own.chunk(2), value.chunk(2), strict=True)
        return torch.cat([torch.cat([old, new[len(old) :]]) for new, old in halves])
    # Across the bands there are two recurrences: upwards, then downwards.
    count = 2 if name.endswith("across_answer.weight") else 1
    parts = zip(own.chunk(count, dim=1), value.chunk(count, dim=1), strict=True)
    return torch.cat(
        [torch.cat([old, torch.zeros_like(new[:, old.shape[1] :])], dim=1) for new, old in parts],
        dim=1,
    )


def _in_corner(own: Tensor, value: Tensor, listening: int) -> Tensor:
    result = own.clone()
    if value.ndim > 1 and value.shape[listening] < own.shape[listening]:
        answers = result.narrow(1 - listening, 0, value.shape[1 - listening])
        answers.narrow(
            listening, value.shape[listening], own.shape[listening] - value.shape[listening]
        ).zero_()
    result[tuple(slice(size) for size in value.shape)] = value
    return result
