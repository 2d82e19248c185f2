"""The three configs of a run from what a user names: a preset, a model to start from, a file."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from aeolia.config import AnyConfig, config_from_dict
from aeolia.data.denoise.mix_config import MixConfig
from aeolia.errors import ConfigError
from aeolia.models.checkpoint import read_checkpoint
from aeolia.recipes.catalogue import preset
from aeolia.runtime.catalogue import released_models
from aeolia.training.config import TrainConfig

__all__ = ["FINE_TUNING", "Setup", "checkpoint_of", "read_sections", "read_setup"]

#: Fine-tuning starts from good weights: smaller steps, and the whole run cools down.
FINE_TUNING = {"steps": 1000, "learning_rate": 3e-4, "warmup_steps": 20, "decay_share": 0.8}


@dataclass(frozen=True)
class Setup:
    """All that a run is made from: structure, run, mixtures, and the weights to start from.

    `train` and `mix` are of the classes that the model's task wants (`aeolia.training.task`).
    """

    model: AnyConfig
    train: TrainConfig
    mix: Any
    weights: dict[str, Tensor] | None = None


def read_setup(
    preset_name: str | None,
    start_from: str | None,
    config_file: Path | None,
    steps: int | None,
    batch_size: int | None,
    seed: int,
) -> Setup:
    """Defaults, then the preset or starting model, then the file, then what was given directly.

    Raises:
        ConfigError: an unknown preset or key.
        ModelError: the starting model cannot be read.
    """
    sections = read_sections(config_file)
    weights: dict[str, Tensor] | None = None
    train: dict[str, Any] = {"seed": seed}
    if start_from is not None:
        model, weights = read_checkpoint(checkpoint_of(start_from))
        train.update(FINE_TUNING)
        if preset_name is not None:
            model = preset(preset_name)
    else:
        model = preset(preset_name or "denoise-16k")
    textbook = model.name.startswith("textbook")
    model = config_from_dict(
        type(model), {**dataclasses.asdict(model), **sections.get("model", {})}
    )
    if textbook:
        train["loss"] = "mse"
        mix = MixConfig.textbook(seed, model.sample_rate)
    else:
        mix = MixConfig(seed=seed, sample_rate=model.sample_rate)
    train.update(sections.get("train", {}))
    train.update({"steps": steps} if steps is not None else {})
    train.update({"batch_size": batch_size} if batch_size is not None else {})
    return Setup(
        model,
        config_from_dict(TrainConfig, train),
        config_from_dict(MixConfig, {**dataclasses.asdict(mix), **sections.get("mix", {})}),
        weights,
    )


def read_sections(path: Path | None) -> dict[str, dict[str, Any]]:
    """The sections of a config file: "model", "train" and "mix", those that are there."""
    if path is None:
        return {}
    try:
        sections = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read the config {path}: {error}") from error
    wanted = f'{path} must hold {{"model": {{...}}, "train": {{...}}, "mix": {{...}}}}, or some'
    if not isinstance(sections, dict):
        raise ConfigError(f"{wanted}; it is a {type(sections).__name__}")
    for name, values in sections.items():
        if name not in ("model", "train", "mix"):
            raise ConfigError(f"{wanted}; {name!r} is none of them")
        if not isinstance(values, dict):
            raise ConfigError(f"{wanted}; its {name!r} is {values!r}")
    return sections


def checkpoint_of(name: str) -> Path:
    """The checkpoint of a released model, or the path itself."""
    released = released_models().get(name)
    return released.with_suffix(".safetensors") if released else Path(name)
