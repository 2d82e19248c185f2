"""Where the tasks meet: which of them trains a model."""

from __future__ import annotations

from aeolia.config import AnyConfig, SeparateConfig
from aeolia.config.classes import KIT
from aeolia.training.denoise.task import DENOISE
from aeolia.training.separate.task import SEPARATE, SEPARATE_KIT, SEPARATE_SPEAKER
from aeolia.training.synth.task import SYNTH
from aeolia.training.task import Task

__all__ = ["task_of"]


def task_of(model: AnyConfig) -> Task:
    """The task of a model's config; separators are of three kinds."""
    if isinstance(model, SeparateConfig):
        if model.condition == "speaker":
            return SEPARATE_SPEAKER
        return SEPARATE_KIT if model.classes == KIT else SEPARATE
    return DENOISE if model.task == "denoise" else SYNTH
