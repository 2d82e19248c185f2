"""Steps on weights other than training: averages, task vectors, bands cut and joined, halves.

    python -m aeolia.models.weights average RUN RUN... OUT          the mean of the weights
    python -m aeolia.models.weights extrapolate FROM TO NAME=SHARE... OUT
                                       TO, and SHARE more of the way from FROM, below each NAME
    python -m aeolia.models.weights half RUN OUT                    rounded to half precision
    python -m aeolia.models.weights cut PRESET RUN OUT              the bands that PRESET has
    python -m aeolia.models.weights join LOW HIGH OUT               LOW, and HIGH's bands above it

RUN, FROM, TO, LOW and HIGH are run folders or .safetensors files; OUT becomes a folder that
`aeolia train --from` and `aeolia export` take.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from aeolia.config import AnyConfig, DenoiseConfig
from aeolia.errors import AeoliaError, InputError, ModelError
from aeolia.models.checkpoint import WEIGHTS_FILE, read_checkpoint, save_checkpoint
from aeolia.models.spectral.transplant import POSITION_AXES
from aeolia.recipes.catalogue import preset

__all__ = ["average", "check_same_structure", "cut_bands", "extrapolate", "join_bands", "to_half"]

Weights = dict[str, Tensor]
#: Least and most operands of each step on the command line.
_OPERANDS = {
    "average": (3, 99),
    "extrapolate": (4, 99),
    "half": (2, 2),
    "cut": (3, 3),
    "join": (3, 3),
}


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


def extrapolate(
    start: Mapping[str, Tensor], end: Mapping[str, Tensor], shares: Mapping[str, float]
) -> Weights:
    """`end` plus a share of the task vector, end - start, in the named modules.

    What training from `start` to `end` changed is changed more in the same direction (Ilharco et
    al., "Editing models with task arithmetic", 2023).

    Args:
        shares: 0.5 for half of the way again, by the name of a module or weight ("encoder").

    Raises:
        ModelError: the structures differ.
        InputError: no weight belongs to one of the names.
    """
    check_same_structure(start, end)
    result = dict(end)
    for module, share in shares.items():
        chosen = [name for name in end if name == module or name.startswith(f"{module}.")]
        if not chosen:
            raise InputError(f"no weight belongs to a module called {module!r}")
        for name in chosen:
            result[name] = result[name] + share * (end[name] - start[name])
    return result


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


def _run(step: str, arguments: list[str]) -> tuple[AnyConfig, Weights]:
    """Config and weights of what a command line asks for."""
    if step == "extrapolate":
        shares = dict(text.rsplit("=", 1) for text in arguments[2:])
        (_, start), (config, end) = (read_checkpoint(Path(path)) for path in arguments[:2])
        return config, extrapolate(start, end, {name: float(x) for name, x in shares.items()})
    if step == "cut":
        target = preset(arguments[0]).model
        if not isinstance(target, DenoiseConfig):
            raise ModelError(f"{arguments[0]} is a preset to {target.task}; name a denoiser's")
        _, weights = read_checkpoint(Path(arguments[1]))
        return target, cut_bands(weights, target.n_positions >> len(target.channels))
    configs, weights_of = zip(*(read_checkpoint(Path(path)) for path in arguments), strict=True)
    if step == "join":
        return configs[1], join_bands(*weights_of)
    return configs[0], average(*weights_of) if step == "average" else to_half(*weights_of)


def main(arguments: list[str]) -> None:
    """Run one step from the command line; see the module's docstring."""
    step, *operands = arguments or [""]
    least, most = _OPERANDS.get(step, (1, 0))
    if not least <= len(operands) <= most:
        raise SystemExit(__doc__)
    path = Path(operands[-1]) / WEIGHTS_FILE
    try:
        print(f"{path}: {save_checkpoint(path, *_run(step, operands[:-1]))}")
    except AeoliaError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main(sys.argv[1:])
