"""Weights of one spectral model as the start of another with more bands, channels or layers.

A weight of the same shape is copied. Of others the first rule that holds decides:

    vectors of classes                    by their names: `_with_classes`
    dense layers around the recurrences   more positions and channels: `_with_positions`
    a rule of `_growths` for its name     the old weight in one corner of the new: `_grown`
    a layer of `_OPTIONAL`                keeps its fresh weights: it starts as the identity
    anything else                         the structures do not fit: an error

So the model starts as the smaller one: new channels and units compute something from the first
step, but the layers that read them do so with weights of zero at first (Chen et al., "Net2Net",
2016).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import torch
from torch import Tensor

from aeolia.config import SeparateConfig, SpectralConfig
from aeolia.config.classes import CLASSES, KIT
from aeolia.errors import ModelError
from aeolia.models.spectral.decoder import output_channels
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.models.spectral.encoder import FEATURES
from aeolia.models.spectral.separator import ConditionalAutoencoder

__all__ = ["POSITION_AXES", "transplant"]

#: Axis of the dense layers around the recurrences that runs over (channel, position).
POSITION_AXES = {"encoder.squeeze.weight": 1, "decoder.widen.weight": 0, "decoder.widen.bias": 0}
#: The classes that weights know, by how many vectors they hold.
_CLASSES_BY_COUNT = {len(names): names for names in (CLASSES, KIT)}
#: Layers that start as the identity where the starting weights have none, or of another kind.
_OPTIONAL = (
    "embedding.",
    "fusion.",
    "decoder.fusions.",
    "decoder.gate_shifts.",
    "voice.",
    "decoder.memories.",
)


@dataclass(frozen=True)
class _Growth:
    """How weights whose names match a pattern grow."""

    pattern: str
    #: Axis of a matrix or kernel that runs over inputs: [out, in, ...] in most layers.
    inputs: int = 1
    #: Axes that may be longer than they were.
    axes: tuple[int, ...] = (0, 1)
    #: The weight holds this many parts in a row along `parts_axis`; each grows on its own.
    parts: int = 1
    parts_axis: int = 0


def _growths(depth: int) -> tuple[_Growth, ...]:
    """The rules for a model with `depth` convolutions each way; the first that matches holds."""
    last = f"decoder.convs.{depth - 1}.conv"
    return (
        # Outputs of the last convolution are taps of the filter, not channels.
        _Growth(f"{last}.bias", axes=()),
        _Growth(f"{last}.weight", inputs=0, axes=(0,)),
        _Growth("decoder.convs.*", inputs=0),  # transposed: [in, out, ...]
        _Growth("encoder.convs.*"),
        _Growth("*coder.activations.*"),
        _Growth("decoder.gates.*"),
        _Growth("decoder.gate_shifts.*"),
        _Growth("decoder.fusions.*.modulate.*", parts=2),  # scales, then shifts
        _Growth("decoder.memories.*.project.*", axes=(0,), parts=2),  # gates, then candidates
        # Across the bands there are two recurrences: upwards, then downwards.
        _Growth("decoder.memories.*.across_answer.weight", axes=(1,), parts=2, parts_axis=1),
        _Growth("decoder.memories.*.answer.weight", axes=(1,)),
    )


def transplant(
    model: DenoisingAutoencoder | ConditionalAutoencoder, weights: Mapping[str, Tensor]
) -> None:
    """Start `model` from weights trained with the same or fewer bands, channels and layers.

    The encoder gives new positions no weight yet, and the decoder treats them like the highest
    known one. New band memories are the identity at first.

    A separator also starts from a denoiser: the layers that read the condition start as the
    identity, so that every source begins as the denoised mixture. The parts of a drum kit begin as
    the drums, where the weights know those. Other layers of the condition that the two models have
    in common but of another kind (another fusion, a voice) start afresh.

    Raises:
        ModelError: the weights are of another structure; the model is as it was.
    """
    fresh = model.state_dict()
    if surplus := sorted(set(weights) - set(fresh)):
        raise ModelError(
            f"the starting weights hold {surplus[0]}, which this model has not; they are of "
            "another structure"
        )
    growths = _growths(len(model.config.channels))
    started = {}
    for name, own in fresh.items():
        optional = name.startswith(_OPTIONAL)
        if name not in weights:
            if not optional:
                raise ModelError(
                    f"the starting weights hold no {name}; they are of another structure"
                )
            started[name] = own
            continue
        value = weights[name].to(own.device)
        growth = next((rule for rule in growths if fnmatchcase(name, rule.pattern)), None)
        if value.shape == own.shape:
            started[name] = value
        elif name == "embedding.vectors.weight":
            started[name] = _with_classes(own, value, model.config)
        elif name in POSITION_AXES:
            started[name] = _with_positions(name, own, value, *_channels(name, model, weights))
        elif growth is not None and _fits(growth, own, value):
            started[name] = _grown(growth, own, value)
        elif optional:
            started[name] = own
        else:
            raise _of_other_layers(name, own, value)
    model.load_state_dict(started)


def _with_classes(own: Tensor, value: Tensor, config: SpectralConfig) -> Tensor:
    """Vectors [E, K] of the model's classes: those known by name, and of a kit those of drums."""
    known = _CLASSES_BY_COUNT.get(value.shape[1], ())
    classes = config.classes if isinstance(config, SeparateConfig) else ()
    new = own.clone()
    for column, name in enumerate(classes):
        begins_as = "drums" if name in KIT and name not in known else name
        if begins_as in known and len(value) == len(own):
            new[:, column] = value[:, known.index(begins_as)]
    return new


def _of_other_layers(name: str, own: Tensor, value: Tensor) -> ModelError:
    return ModelError(
        f"the starting weights' {name} is {tuple(value.shape)}, here it is "
        f"{tuple(own.shape)}; start from a model of the same layers"
    )


def _fits(growth: _Growth, own: Tensor, value: Tensor) -> bool:
    """Whether `value` fits into a corner of `own`."""
    return value.ndim == own.ndim and all(
        old == new or (old < new and axis in growth.axes)
        for axis, (old, new) in enumerate(zip(value.shape, own.shape, strict=True))
    )


def _grown(growth: _Growth, own: Tensor, value: Tensor) -> Tensor:
    """`own` with `value` in the corner of each part; old outputs give new inputs no weight."""
    result, inputs = own.clone(), growth.inputs
    parts = (tensor.chunk(growth.parts, growth.parts_axis) for tensor in (result, value))
    for new, old in zip(*parts, strict=True):
        if old.ndim > 1:
            rows = new.narrow(1 - inputs, 0, old.shape[1 - inputs])
            rows.narrow(inputs, old.shape[inputs], new.shape[inputs] - old.shape[inputs]).zero_()
        new[tuple(slice(size) for size in old.shape)] = old
    return result


def _channels(
    name: str, model: DenoisingAutoencoder | ConditionalAutoencoder, weights: Mapping[str, Tensor]
) -> tuple[int, int]:
    """Channels of the model and of the weights on the axis over (channel, position)."""
    config = model.config
    if name == "encoder.squeeze.weight":
        kernel = weights.get(f"encoder.convs.{len(config.channels) - 1}.conv.weight")
        plain = FEATURES
    else:
        kernel = weights.get("decoder.convs.0.conv.weight")
        plain = output_channels(config)
    # Last kernel of the encoder [out, in, ...], first (transposed) of the decoder [in, out, ...].
    return (plain, plain) if kernel is None else (config.channels[-1], kernel.shape[0])


def _with_positions(name: str, own: Tensor, value: Tensor, channels: int, known: int) -> Tensor:
    """`value` with more positions and channels."""
    axis = POSITION_AXES[name]
    if value.shape[axis] % known or known > channels:
        raise ModelError("the starting weights have other channels than this model")
    new: Tensor = own.movedim(axis, 0).unflatten(0, (channels, -1)).clone()
    old = value.movedim(axis, 0).unflatten(0, (known, -1))
    if new.shape[2:] != old.shape[2:]:
        raise _of_other_layers(name, own, value)
    missing = new.shape[1] - old.shape[1]
    if missing < 0:
        raise ModelError("the starting weights have other channels or more bands than this model")
    extra = old[:, -1:].expand(known, missing, *old.shape[2:])
    if name == "encoder.squeeze.weight":  # it reads them: with no weight yet
        new.zero_()
        extra = torch.zeros_like(extra)
    new[:known] = torch.cat([old, extra], dim=1)
    return new.flatten(0, 1).movedim(0, axis).contiguous()
