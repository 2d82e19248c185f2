"""The configs of a run, from what a user requests: a preset, a model to start from, a file."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

import aeolia
from aeolia.config import AnyConfig
from aeolia.config.strict import read_object
from aeolia.errors import ConfigError
from aeolia.files import read_text
from aeolia.models.checkpoint import read_checkpoint
from aeolia.recipes.catalogue import DEFAULT_PRESETS, RECIPES, Preset, preset, structure
from aeolia.recipes.recipe import SECTIONS, Section
from aeolia.runtime.catalogue import released_models
from aeolia.training.settings import read_settings
from aeolia.training.task import Setup
from aeolia.training.tasks import task_of

__all__ = [
    "RunRequest",
    "named_sections",
    "base_card",
    "read_sections",
    "read_setup",
    "read_start",
    "set_up",
]


@dataclass(frozen=True)
class RunRequest:
    """What a user requests of a run."""

    #: "denoise", "separate" or "synth".
    task: str
    #: Name of a preset: the structure, and what its training differs in from the task's defaults.
    preset: str | None = None
    #: Model to start from: a released name, a run folder or a checkpoint file.
    start: str | None = None
    #: A JSON file with some of `SECTIONS`.
    config: Path | None = None
    #: Values of the sections that were given directly, such as {"steps": 100}.
    train: Section = field(default_factory=dict)
    mix: Section = field(default_factory=dict)
    #: Single values over the file's, as "SECTION.KEY=VALUE".
    changes: tuple[str, ...] = ()


def read_setup(request: RunRequest) -> Setup:
    """Defaults, the preset or starting model, the file, single changes, what was given directly.

    With both a preset and a starting model, the structure is the preset's, and the weights are
    those of the starting model as far as they fit. A model that starts from one of its own task
    is fine-tuned, as the recipe `fine-tune-TASK` says; one that starts from a denoiser still has
    its task to learn.

    Raises:
        ConfigError: an unknown preset or key, a value that cannot be, or another task's model.
        ModelError: the starting model cannot be read.
    """
    sections = named_sections(request)
    chosen = _chosen_preset(request)
    started, weights = _starting_model(request, chosen)
    basis = chosen.model if chosen is not None else started
    model = structure(request.task, sections["model"], basis)
    tuned = started is not None and started.task == model.task
    of_tuning = RECIPES[f"fine-tune-{request.task}"].train if tuned else {}
    of_preset = chosen or Preset("", model, {}, {}, {})
    of_start = task_of(model).mix_from(started) if started is not None and chosen is None else {}
    setup = set_up(
        model,
        {**of_preset.train, **of_tuning, **sections["train"], **request.train},
        {**of_preset.loss, **sections["loss"]},
        {**of_start, **of_preset.mix, **sections["mix"], **request.mix},
        weights,
    )
    return dataclasses.replace(setup, base=base_card(request.start)) if request.start else setup


def set_up(
    model: AnyConfig,
    train: Section,
    loss: Section,
    mix: Section,
    weights: dict[str, Tensor] | None = None,
) -> Setup:
    """A run's settings: what the sections say, over the defaults of the model's task.

    Raises:
        ConfigError: a key that the task does not have, or a value that cannot be.
    """
    task = task_of(model)
    task.check(model)
    return Setup(model, *read_settings(model, train, loss, mix), weights)


def named_sections(request: RunRequest) -> dict[str, dict[str, Any]]:
    """What the config file of a request and its single changes name, by section.

    Raises:
        ConfigError: they cannot be read.
    """
    sections = read_sections(request.config)
    for section, key, value in map(_change, request.changes):
        sections[section] = {**sections[section], key: value}
    return sections


def read_sections(path: Path | None) -> dict[str, dict[str, Any]]:
    """The sections of a config file by name; those that are not there are empty.

    Raises:
        ConfigError: it cannot be read, is not strict JSON, or holds something else.
    """
    sections: dict[str, Any] = {name: {} for name in SECTIONS}
    if path is None:
        return sections
    found = read_object(read_text(path, "config", ConfigError), str(path))
    expected = f"{path} must hold the sections {', '.join(SECTIONS)}, or some of them"
    for name, values in found.items():
        if name not in SECTIONS:
            raise ConfigError(f"{expected}; {name!r} is none of them")
        if not isinstance(values, dict):
            raise ConfigError(f"{expected}; its {name!r} is {values!r}")
    return {**sections, **found}


def _change(text: str) -> tuple[str, str, Any]:
    """Section, key and value of "SECTION.KEY=VALUE"; the value as JSON has it, or a word.

    Raises:
        ConfigError: the text is of another form, or names no section.
    """
    path, equals, value = text.partition("=")
    section, _, key = path.strip().partition(".")
    if not equals or section not in SECTIONS or not key:
        raise ConfigError(
            f"--set {text} is not understood; give SECTION.KEY=VALUE, such as "
            f"train.learning_rate=3e-4, with one of {', '.join(SECTIONS)}"
        )
    try:
        return section, key, json.loads(value)
    except ValueError:
        return section, key, value.strip()


def _chosen_preset(request: RunRequest) -> Preset | None:
    """The preset that was named, or the task's own where there is nothing to start from."""
    if request.preset is None:
        return None if request.start is not None else preset(DEFAULT_PRESETS[request.task])
    chosen = preset(request.preset)
    if chosen.model.task != request.task:
        raise ConfigError(
            f"{request.preset} is a preset to {chosen.model.task}; use: "
            f"aeolia train {chosen.model.task} --preset {request.preset}"
        )
    return chosen


def _starting_model(
    request: RunRequest, chosen: Preset | None
) -> tuple[AnyConfig | None, dict[str, Tensor] | None]:
    if request.start is None:
        return None, None
    started, weights = read_start(request.start)
    if started.task == "denoise" and request.task == "separate":
        if chosen is None:
            raise ConfigError(
                f"{request.start} does not separate yet; say with --preset what it is to become, "
                "such as separate"
            )
    elif started.task != request.task:
        raise ConfigError(
            f"{request.start} is a model to {started.task}; use: "
            f"aeolia train {started.task} --from {request.start}"
        )
    return started, weights


def read_start(name: str) -> tuple[AnyConfig, dict[str, Tensor]]:
    """Config and weights of a released model, a run folder or a checkpoint file.

    Raises:
        ModelError: it cannot be read.
    """
    return read_checkpoint(released_models().get(name, Path(name)))


def base_card(name: str) -> str:
    """What the card of a model says of the one that it began with: its name, and its own card."""
    released = released_models().get(name)
    if released is not None:
        path = released.with_suffix(".md")
        shown = f"`{name}`, released with Aeolia {aeolia.__version__}"
    else:
        path = Path(name) / "card.md" if Path(name).is_dir() else Path(name).with_suffix(".md")
        shown = f"`{Path(name).name}`"
    lines = ["## The model that it began with", "", f"Its weights were those of {shown}."]
    if path.is_file():
        # Two levels down, so that the whole card stands inside this section.
        card = re.sub(r"^#", "###", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        lines += ["Its card, whose attributions hold for this model as well:", "", card.rstrip()]
    return "\n".join(lines) + "\n"
