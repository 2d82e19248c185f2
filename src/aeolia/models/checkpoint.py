"""Workshop checkpoints: one safetensors file that holds weights and config, read strictly.

A run folder has it as model.safetensors; each released model has one beside its .onnx file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_tensors
from torch import Tensor

from aeolia.config import AnyConfig, config_to_json, read_config
from aeolia.errors import ConfigError, ModelError
from aeolia.models.autoencoder import DenoisingAutoencoder
from aeolia.models.build import Autoencoder, build_model
from aeolia.models.decoder import output_channels
from aeolia.models.encoder import FEATURES
from aeolia.models.separator import CONDITION_LAYERS, ConditionalAutoencoder

__all__ = [
    "WEIGHTS_FILE",
    "load_checkpoint",
    "read_checkpoint",
    "save_checkpoint",
    "transplant",
    "write_atomically",
]

#: Models of layers that `transplant` knows.
SpectralAutoencoder = DenoisingAutoencoder | ConditionalAutoencoder

#: Name of the checkpoint in a run folder.
WEIGHTS_FILE = "model.safetensors"


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside and rename, so that a kill leaves the old file or the new one."""
    beside = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def save_checkpoint(path: Path, config: AnyConfig, weights: Mapping[str, Tensor]) -> str:
    """Write weights and config to the file `path`; returns the file's SHA-256."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    data = save_tensors(tensors, metadata={"aeolia_config": config_to_json(config)})
    write_atomically(path, data)
    return hashlib.sha256(data).hexdigest()


def read_checkpoint(path: Path) -> tuple[AnyConfig, dict[str, Tensor]]:
    """Config and weights of a checkpoint file, or of the one in a run folder.

    Raises:
        ModelError: the file is missing, damaged, or holds no config that can be used.
    """
    path = Path(path)
    if path.is_dir():
        path = path / WEIGHTS_FILE
    if not path.is_file():
        raise ModelError(f"no checkpoint at {path}; give a folder written by aeolia train")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} is not a readable safetensors file: {error}") from error
    if "aeolia_config" not in metadata:
        raise ModelError(f"{path} holds no aeolia_config; it was not written by aeolia train")
    try:
        return read_config(metadata["aeolia_config"]), weights
    except ConfigError as error:
        raise ModelError(f"{path}: its configuration cannot be used: {error}") from error


def load_checkpoint(path: Path, config: AnyConfig | None = None) -> Autoencoder:
    """The model of a checkpoint file or run folder, in evaluation mode.

    Args:
        config: another config that the same weights serve, instead of their own: a separator
            by speaker is trained at 16 kHz and runs on full-band audio.

    Raises:
        ModelError: the file is missing or damaged, or the weights do not fit the config.
    """
    own, weights = read_checkpoint(path)
    model = build_model(config or own)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise ModelError(f"the weights in {path} do not fit their config: {reason}") from error
    return model.eval()


def transplant(model: SpectralAutoencoder, weights: Mapping[str, Tensor]) -> None:
    """Start `model` from weights trained with the same or fewer frequency positions.

    Convolutions carry over as they are. The dense layers around the recurrences have a block per
    position: known positions keep their weights, further ones listen to nothing yet and answer
    like the highest known one, so that the model starts by treating the new bands alike.

    A separator also starts from a denoiser: the layers that hear the condition start as the
    identity, so that every source begins as the denoised mixture. Layers of the condition that
    the two models have in common but of another size (other classes) start afresh.

    Raises:
        ModelError: the weights are of another structure.
    """
    config = model.config
    # Channels of the axes that run over (channel, position).
    heard = FEATURES if config.encoder == "lstm" else config.channels[-1]
    answered = output_channels(config) if config.decoder == "lstm" else config.channels[-1]
    grown = {}
    if further := sorted(set(weights) - set(model.state_dict())):
        raise ModelError(
            f"the starting weights hold {further[0]}, which this model has not; they are of "
            "another structure"
        )
    for name, own in model.state_dict().items():
        if name.startswith(CONDITION_LAYERS) and _shape(weights.get(name)) != own.shape:
            grown[name] = own
            continue
        if name not in weights:
            raise ModelError(f"the starting weights hold no {name}; they are of another structure")
        value = weights[name]
        if value.shape == own.shape:
            grown[name] = value
        elif name == "encoder.squeeze.weight":
            grown[name] = _grow(value.T, own.T, heard, fill_zero=True).T.contiguous()
        elif name in ("decoder.widen.weight", "decoder.widen.bias"):
            grown[name] = _grow(value, own, answered, fill_zero=False)
        else:
            raise ModelError(
                f"the starting weights' {name} is {tuple(value.shape)}, here it is "
                f"{tuple(own.shape)}; start from a model of the same layers"
            )
    model.load_state_dict(grown)


def _shape(value: Tensor | None) -> torch.Size | None:
    return None if value is None else value.shape


def _grow(value: Tensor, own: Tensor, channels: int, fill_zero: bool) -> Tensor:
    """Extend axis 0, which runs over (channel, position), by the missing positions."""
    if value.shape[0] % channels or value.shape[0] > own.shape[0]:
        raise ModelError("the starting weights have other channels or more bands than this model")
    blocks = value.unflatten(0, (channels, -1))
    missing = own.shape[0] // channels - blocks.shape[1]
    extra = blocks[:, -1:].expand(channels, missing, *blocks.shape[2:])
    return torch.cat([blocks, extra * (0.0 if fill_zero else 1.0)], dim=1).flatten(0, 1)
