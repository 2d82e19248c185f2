"""What the released models needed besides training: bands cut, bands joined, runs averaged.

    python recipes/weights.py cut PRESET RUN OUT      low bands of a full-band run, for 16 kHz
    python recipes/weights.py join LOW HIGH OUT       LOW's bands, and HIGH's own above them
    python recipes/weights.py average RUN RUN OUT     the mean of two runs' weights
    python recipes/weights.py half RUN OUT            weights of half precision: half as large
    python recipes/weights.py further FROM TO NAME=SHARE... OUT
                                                      TO, and so much more of the way from FROM,
                                                      for the weights whose names begin so

RUN, LOW and HIGH are run folders or .safetensors files, to cut or join denoisers of the presets'
structures; OUT becomes a folder that `aeolia train --from` and `aeolia export` take.
Averaging runs that branched from one another often generalises better than either (Wortsman et
al., "Model soups", 2022); what a run unlearned of the one before is unlearned further by going on
in its direction (Ilharco et al., "Editing models with task arithmetic", 2023).
"""

from __future__ import annotations

import sys
from pathlib import Path

from torch import Tensor

from aeolia.config import AnyConfig, ModelConfig
from aeolia.models.checkpoint import WEIGHTS_FILE, read_checkpoint, save_checkpoint
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.recipes.catalogue import preset

Weights = dict[str, Tensor]
#: Axis of the layers around the recurrences that runs over (channel, position).
_POSITIONS = {"encoder.squeeze.weight": 1, "decoder.widen.weight": 0, "decoder.widen.bias": 0}


def cut(narrow: Path, run: Path) -> tuple[ModelConfig, Weights]:
    """The positions that the preset has."""
    _, weights = read_checkpoint(run)
    config = preset(str(narrow))
    wanted = DenoisingAutoencoder(config).state_dict()
    for name, axis in _POSITIONS.items():
        channels = config.channels[-1]
        positions = wanted[name].shape[axis] // channels
        blocks = weights[name].unflatten(axis, (channels, -1))
        low = blocks.narrow(axis + 1, 0, positions)
        weights[name] = low.flatten(axis, axis + 1).contiguous()
    return config, weights


def join(low: Path, high: Path) -> tuple[ModelConfig, Weights]:
    """Everything from `low` but the positions that only `high` has."""
    _, weights = read_checkpoint(low)
    config, wide = read_checkpoint(high)
    assert isinstance(config, ModelConfig)
    for name, axis in _POSITIONS.items():
        channels = config.channels[-1]
        blocks = wide[name].unflatten(axis, (channels, -1)).clone()
        known = weights[name].unflatten(axis, (channels, -1))
        blocks.narrow(axis + 1, 0, known.shape[axis + 1]).copy_(known)
        weights[name] = blocks.flatten(axis, axis + 1)
    return config, weights


def average(one: Path, other: Path) -> tuple[AnyConfig, Weights]:
    """The mean of each weight."""
    config, first = read_checkpoint(one)
    _, second = read_checkpoint(other)
    return config, {name: (first[name] + second[name]) / 2.0 for name in first}


def further(start: Path, end: Path, *shares: Path) -> tuple[AnyConfig, Weights]:
    """`end`, and `share` more of the way to it from `start`, by the beginnings of names."""
    config, last = read_checkpoint(end)
    _, first = read_checkpoint(start)
    for name, share in (str(text).rsplit("=", 1) for text in shares):
        chosen = [key for key in last if key.startswith(name)]
        if not chosen:
            raise SystemExit(f"no weight's name begins with {name!r}")
        for key in chosen:
            last[key] = last[key] + float(share) * (last[key].float() - first[key].float())
    return config, last


def half(run: Path) -> tuple[AnyConfig, Weights]:
    """Each weight rounded to 11 bits."""
    config, weights = read_checkpoint(run)
    return config, {name: value.half() for name, value in weights.items()}


def main(arguments: list[str]) -> None:
    jobs = {"cut": (cut, 2), "join": (join, 2), "average": (average, 2), "half": (half, 1)}
    jobs["further"] = (further, max(3, len(arguments) - 2))  # as many shares as there are
    if not arguments or arguments[0] not in jobs or len(arguments) != jobs[arguments[0]][1] + 2:
        raise SystemExit(__doc__)
    job, _ = jobs[arguments[0]]
    *runs, out = map(Path, arguments[1:])
    config, weights = job(*runs)  # type: ignore[operator]
    out.mkdir(parents=True, exist_ok=True)
    print(f"{out / WEIGHTS_FILE}: {save_checkpoint(out / WEIGHTS_FILE, config, weights)}")


if __name__ == "__main__":
    main(sys.argv[1:])
