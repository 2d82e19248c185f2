"""The configs of a separation run from what a user names: a preset, a start, a file."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from torch import Tensor

from aeolia.config import AnyConfig, SeparateConfig, config_from_dict
from aeolia.config.classes import CLASSES
from aeolia.data.separate.mix_config import ClassMixConfig, SpeakerMixConfig
from aeolia.errors import ConfigError
from aeolia.models.checkpoint import read_checkpoint
from aeolia.recipes.catalogue import preset
from aeolia.training.recipe import FINE_TUNING, Setup, checkpoint_of, read_sections
from aeolia.training.separate.config import SeparateTrainConfig

__all__ = ["read_separation_setup"]


def read_separation_setup(
    preset_name: str | None,
    start_from: str | None,
    config_file: Path | None,
    steps: int | None,
    batch_size: int | None,
    seed: int,
) -> Setup:
    """Defaults, then the preset or starting model, then the file, then what was given directly.

    A model that starts from a denoiser still has separation to learn; one that starts from a
    separator is fine-tuned, by smaller steps.

    Raises:
        ConfigError: an unknown preset or key, or a model that does not separate.
        ModelError: the starting model cannot be read.
    """
    sections = read_sections(config_file)
    weights: dict[str, Tensor] | None = None
    train: dict[str, Any] = {"seed": seed}
    model: AnyConfig | None = preset(preset_name) if preset_name is not None else None
    if start_from is not None:
        started, weights = read_checkpoint(checkpoint_of(start_from))
        if isinstance(started, SeparateConfig):
            model = model or started
            train.update(FINE_TUNING)
    if model is None and start_from is None:
        model = preset("separate")
    if model is None:
        raise ConfigError(
            f"{start_from} does not separate yet; say with --preset what it is to become, "
            "such as separate"
        )
    return _checked(model, train, sections, weights, steps, batch_size, seed)


def _checked(
    model: AnyConfig,
    train: dict[str, Any],
    sections: dict[str, dict[str, Any]],
    weights: dict[str, Tensor] | None,
    steps: int | None,
    batch_size: int | None,
    seed: int,
) -> Setup:
    if not isinstance(model, SeparateConfig):
        raise ConfigError(f"{model.name} is a model to {model.task}; choose one that separates")
    textbook = model.name.startswith("textbook")
    model = config_from_dict(
        SeparateConfig, {**dataclasses.asdict(model), **sections.get("model", {})}
    )
    by_class = model.condition == "classes"
    if by_class and model.classes != CLASSES:
        raise ConfigError(f"classes is {list(model.classes)}; training knows {', '.join(CLASSES)}")
    if not by_class and model.network_hz:
        raise ConfigError(
            f"{model.name} is trained at {2 * model.network_hz} Hz, where its network hears all "
            "there is; train the preset separate-speaker-16k, and export it as this one"
        )
    if textbook:
        train["loss"] = "mse"
    train.update(sections.get("train", {}))
    train.update({"steps": steps} if steps is not None else {})
    train.update({"batch_size": batch_size} if batch_size is not None else {})
    mix = {"seed": seed, "sample_rate": model.sample_rate, **sections.get("mix", {})}
    mixtures: ClassMixConfig | SpeakerMixConfig = (
        config_from_dict(ClassMixConfig, mix)
        if by_class
        else config_from_dict(SpeakerMixConfig, mix)
    )
    return Setup(model, config_from_dict(SeparateTrainConfig, train), mixtures, weights)
