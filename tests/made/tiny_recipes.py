"""Recipes that take seconds: the same stages with tiny models, two steps each, on made sounds."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from aeolia.config import SynthConfig, config_from_dict
from aeolia.config.tasks import CONFIG_OF_TASK
from aeolia.models.build import build_model
from aeolia.models.checkpoint import save_checkpoint
from aeolia.recipes.recipe import Recipe, Section
from aeolia.training.recipe import read_start
from aeolia.training.stages.plan import resolve
from made.tiny_notes import TINY_SYNTH

__all__ = ["shrunk"]

TRAIN = {
    "steps": 2,
    "batch_size": 2,
    "warmup_steps": 1,
    "log_every": 1,
    "checkpoint_every": 1,
    "validate_every": 2,
    "validation_clips": 0,
}
#: Values of models and mixtures that cost time; those that are there are replaced.
SMALL = {
    "hidden_dim": 8,
    "latent_dim": 4,
    "condition_dim": 8,
    "encoder_channels": 8,
    "layers": 2,
    "band_memory": 4,
    "band_memories": 2,
    "band_mixing": 2,
    "residual_bins": 8,
    "crop_seconds": 0.6,
    "crop_frames": 16,
    "least_notes": 4,
    "rooms": 1,
    "compared_voices": 2,
    "enrolment_seconds": (1.0, 1.5),
}


def shrunk(recipe: Recipe, folder: Path) -> Recipe:
    """The recipe with all its stages, tiny; what it starts from is a file in `folder`."""
    found = resolve(recipe)
    if recipe.start:
        started, _ = read_start(recipe.start)
        small = config_from_dict(type(started), _small_model(dataclasses.asdict(started)))
        if isinstance(small, SynthConfig):
            small = replace(small, **{key: getattr(TINY_SYNTH, key) for key in _LEARNED})
        torch.manual_seed(1)
        save_checkpoint(folder / "start.safetensors", small, build_model(small).state_dict())
        found = replace(found, start=str(folder / "start.safetensors"))
    return replace(
        found,
        model=_small_model(found.model),
        stages=tuple(
            replace(
                stage,
                model=_small_model(stage.model),
                train={**stage.train, **TRAIN},
                mix=_small(stage.mix),
            )
            for stage in found.stages
        ),
    )


_LEARNED = ("instruments", "ranges", "held_seconds")


def _small(section: Section) -> dict[str, Any]:
    """Small values in place of those that are set and not zero."""
    return {key: SMALL[key] if value and key in SMALL else value for key, value in section.items()}


def _small_model(section: Section) -> dict[str, Any]:
    cls = CONFIG_OF_TASK[section["task"]]
    values = {key: value for key, value in _small(section).items() if key not in cls.learned}
    if section["task"] == "synth":
        values["channels"] = 16
        if section["decoder"] != "spectrogram":
            values["harmonics"] = min(section["harmonics"], 6)
    elif {section["encoder"], section["decoder"]} != {"lstm"}:
        values["channels"] = [4] * len(section["channels"])
    if not section.get("band_memory"):
        for key in ("band_memories", "band_mixing"):
            values.pop(key, None)
    return values
