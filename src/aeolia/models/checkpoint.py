"""Workshop checkpoints: a folder with config.json and model.safetensors, read strictly."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from aeolia.config import ModelConfig, config_from_json, config_to_json
from aeolia.errors import ModelError
from aeolia.models.autoencoder import DenoisingAutoencoder

__all__ = ["load_checkpoint", "load_weights", "save_checkpoint", "transplant", "write_atomically"]

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside and rename, so that a kill leaves the old file or the new one."""
    beside = path.with_name(f".{path.name}.partial-{os.getpid()}")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def save_checkpoint(folder: Path, config: ModelConfig, weights: Mapping[str, Tensor]) -> str:
    """Write config and weights; returns the weights' SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    data = save_tensors({name: value.detach().cpu().contiguous() for name, value in weights.items()})
    write_atomically(folder / CONFIG_FILE, config_to_json(config).encode())
    write_atomically(folder / WEIGHTS_FILE, data)
    return hashlib.sha256(data).hexdigest()


def load_weights(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file.

    Raises:
        ModelError: the file is missing or damaged.
    """
    try:
        return load_tensors(path.read_bytes())
    except FileNotFoundError as error:
        raise ModelError(f"{path} does not exist; a checkpoint folder holds one") from error
    except SafetensorError as error:
        raise ModelError(f"{path} is not a readable safetensors file: {error}") from error


def load_checkpoint(folder: Path) -> DenoisingAutoencoder:
    """The model of a checkpoint folder, in evaluation mode.

    Raises:
        ModelError: a file is missing or damaged, or the weights do not fit the config.
    """
    config_path = folder / CONFIG_FILE
    if not config_path.is_file():
        raise ModelError(f"{folder} holds no {CONFIG_FILE}; give a folder written by aeolia train")
    config = config_from_json(ModelConfig, config_path.read_text())
    model = DenoisingAutoencoder(config)
    try:
        model.load_state_dict(load_weights(folder / WEIGHTS_FILE))
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise ModelError(f"the weights in {folder} do not fit its config: {reason}") from error
    return model.eval()


def transplant(model: DenoisingAutoencoder, weights: Mapping[str, Tensor]) -> None:
    """Start `model` from weights trained with the same or fewer frequency positions.

    Convolutions carry over as they are. The dense layers around the recurrences have a block per
    position: known positions keep their weights, further ones listen to nothing yet and answer
    like the highest known one, so that the model starts by treating the new bands alike.

    Raises:
        ModelError: the weights are of another structure.
    """
    grown = {}
    for name, own in model.state_dict().items():
        if name not in weights:
            raise ModelError(f"the starting weights hold no {name}; they are of another structure")
        value = weights[name]
        if value.shape == own.shape:
            grown[name] = value
        elif name == "encoder.squeeze.weight":
            grown[name] = _grow(value.T, own.T, model, fill_zero=True).T.contiguous()
        elif name in ("decoder.widen.weight", "decoder.widen.bias"):
            grown[name] = _grow(value, own, model, fill_zero=False)
        else:
            raise ModelError(
                f"the starting weights' {name} is {tuple(value.shape)}, here it is "
                f"{tuple(own.shape)}; start from a model of the same layers"
            )
    model.load_state_dict(grown)


def _grow(value: Tensor, own: Tensor, model: DenoisingAutoencoder, fill_zero: bool) -> Tensor:
    """Extend axis 0, which runs over (channel, position), by the missing positions."""
    channels = model.config.channels[-1]
    if value.shape[0] % channels or value.shape[0] > own.shape[0]:
        raise ModelError("the starting weights have other channels or more bands than this model")
    blocks = value.unflatten(0, (channels, -1))
    missing = own.shape[0] // channels - blocks.shape[1]
    extra = blocks[:, -1:].expand(channels, missing, *blocks.shape[2:])
    return torch.cat([blocks, extra * (0.0 if fill_zero else 1.0)], dim=1).flatten(0, 1)
