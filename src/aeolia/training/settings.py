"""Where the settings of the tasks meet: the sections of a run, checked; without PyTorch."""

from __future__ import annotations

import dataclasses
from typing import Any

from aeolia.config import AnyConfig, SeparateConfig, config_from_dict
from aeolia.config.classes import KIT
from aeolia.errors import ConfigError
from aeolia.recipes.recipe import Section
from aeolia.training.config import TaskSettings, TrainConfig
from aeolia.training.denoise.config import SETTINGS as DENOISE
from aeolia.training.separate.config import CLASS_SETTINGS, KIT_SETTINGS, SPEAKER_SETTINGS
from aeolia.training.synth.config import SETTINGS as SYNTH

__all__ = ["read_settings", "settings_of"]


def settings_of(model: AnyConfig) -> TaskSettings:
    """What runs of a model's task are set by; separators are of three kinds."""
    if isinstance(model, SeparateConfig):
        if model.condition == "speaker":
            return SPEAKER_SETTINGS
        return KIT_SETTINGS if model.classes == KIT else CLASS_SETTINGS
    return DENOISE if model.task == "denoise" else SYNTH


def read_settings(
    model: AnyConfig, train: Section, loss: Section, mix: Section
) -> tuple[TrainConfig, Any, Any]:
    """The sections "train", "loss" and "mix" of a run over the defaults of the model's task.

    Raises:
        ConfigError: a key that the task does not have, or a value that cannot be.
    """
    of_task = settings_of(model)
    minimised = config_from_dict(of_task.loss, dict(loss))
    minimised.check_model(model)
    config = config_from_dict(TrainConfig, {**of_task.train, **train})
    return config, minimised, _mix(of_task.mix, dict(mix), model)


def _mix(cls: type[Any], values: dict[str, Any], model: AnyConfig) -> Any:
    """The mixtures' config, at the model's own sample rate where it has one."""
    if any(entry.name == "sample_rate" for entry in dataclasses.fields(cls)):
        if values.get("sample_rate", model.sample_rate) != model.sample_rate:
            raise ConfigError(
                f"sample_rate of mix is {values['sample_rate']!r}; it is the model's, "
                f"{model.sample_rate}: leave it out"
            )
        values = {**values, "sample_rate": model.sample_rate}
    return config_from_dict(cls, values)
