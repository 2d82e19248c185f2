"""Workshop checkpoints: one safetensors file that holds weights and config, read strictly.

A run folder has it as model.safetensors; each released model has one beside its .onnx file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_tensors
from torch import Tensor

from aeolia.config import AnyConfig, config_to_json, read_config
from aeolia.errors import ConfigError, ModelError
from aeolia.files import write_atomically
from aeolia.models.build import Autoencoder, build_model
from aeolia.runtime.checksums import check_as_released
from aeolia.runtime.like import SUFFIX, graph_path, with_settings

__all__ = ["WEIGHTS_FILE", "load_checkpoint", "read_checkpoint", "save_checkpoint"]

#: Name of the checkpoint in a run folder.
WEIGHTS_FILE = "model.safetensors"


def save_checkpoint(path: Path, config: AnyConfig, weights: Mapping[str, Tensor]) -> str:
    """Write weights and config to the file `path`; returns the file's SHA-256.

    Raises:
        InputError: the file cannot be written; an older one stays as it was.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    data = save_tensors(tensors, metadata={"aeolia_config": config_to_json(config)})
    write_atomically(path, data)
    return hashlib.sha256(data).hexdigest()


def read_checkpoint(path: Path) -> tuple[AnyConfig, dict[str, Tensor]]:
    """Config and weights of a checkpoint file, of the one in a run folder, or beside a model file.

    Raises:
        ModelError: the file is missing, damaged, or holds no config that can be used.
    """
    path = Path(path)
    if path.is_dir():
        path = path / WEIGHTS_FILE
    settings = path
    if path.suffix in (".onnx", SUFFIX):
        path = graph_path(path).with_suffix(".safetensors")
    if not path.is_file():
        raise ModelError(f"no checkpoint at {path}; give a folder written by aeolia train")
    try:
        check_as_released(path)
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name).float() for name in file.keys()}
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} is not a readable safetensors file: {error}") from error
    if "aeolia_config" not in metadata:
        raise ModelError(f"{path} holds no aeolia_config; it was not written by aeolia train")
    try:
        return read_config(with_settings(settings, metadata["aeolia_config"])), weights
    except ConfigError as error:
        raise ModelError(f"{path}: its configuration cannot be used: {error}") from error


def load_checkpoint(path: Path, config: AnyConfig | None = None) -> Autoencoder:
    """The model of a checkpoint file or run folder, in evaluation mode.

    Args:
        config: another config that the same weights serve, instead of their own: a separator
            by speaker is trained at 16 kHz and runs on full-band audio.

    Raises:
        ModelError: the file is missing or damaged, the weights do not fit the config, or it is a
            config of another task.
    """
    own, weights = read_checkpoint(path)
    if config is not None and config.task != own.task:
        raise ModelError(
            f"{path}: a model for the task {own.task!r}, but {config.name} is for {config.task!r}"
        )
    model = build_model(config or own)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise ModelError(f"the weights in {path} do not fit their config: {reason}") from error
    return model.eval()
