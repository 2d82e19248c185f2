"""Where the tasks meet: which of them trains a model."""

from __future__ import annotations

from aeolia.config import AnyConfig, SeparateConfig
from aeolia.training.denoise.task import DENOISE
from aeolia.training.separate.task import SEPARATE, SEPARATE_SPEAKER
from aeolia.training.synth.task import SYNTH
from aeolia.training.task import Task

__all__ = ["task_of"]


def task_of(model: AnyConfig) -> Task:
    """The task of a model's config; separators by class and by speaker are two."""
    if isinstance(model, SeparateConfig):
        return SEPARATE if model.condition == "classes" else SEPARATE_SPEAKER
    return DENOISE if model.task == "denoise" else SYNTH
