"""The configs of a run, from what a user requests: a preset, a model to start from, a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from aeolia.config import CONFIG_OF_TASK, AnyConfig, config_from_dict
from aeolia.config.strict import read_object
from aeolia.errors import ConfigError
from aeolia.models.checkpoint import read_checkpoint
from aeolia.recipes.catalogue import DEFAULT_PRESETS, Preset, preset
from aeolia.runtime.catalogue import released_models
from aeolia.training.config import TrainConfig
from aeolia.training.task import Setup
from aeolia.training.tasks import task_of

__all__ = ["FINE_TUNING", "SECTIONS", "Request", "read_sections", "read_setup"]

#: Fine-tuning starts from good weights: smaller steps, and the whole run cools down.
FINE_TUNING = {"steps": 1000, "learning_rate": 3e-4, "warmup_steps": 20, "decay_share": 0.8}
#: The sections of a config file.
SECTIONS = ("model", "train", "loss", "mix")

Section = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
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


def read_setup(request: Request) -> Setup:
    """Defaults, then the preset or starting model, then the file, then what was given directly.

    With both a preset and a starting model, the structure is the preset's, and the weights are
    those of the starting model as far as they fit. A model that starts from one of its own task
    is fine-tuned, by smaller steps; one that starts from a denoiser still has its task to learn.

    Raises:
        ConfigError: an unknown preset or key, a value that cannot be, or another task's model.
        ModelError: the starting model cannot be read.
    """
    sections = read_sections(request.config)
    chosen = _chosen_preset(request)
    started, weights = _starting_model(request, chosen)
    structure = chosen.model if chosen is not None else started
    model = _model(request, structure, sections["model"])
    task = task_of(model)
    task.check(model)
    tuned = FINE_TUNING if started is not None and started.task == model.task else {}
    of_preset = chosen or Preset("", model)
    train = {**task.train, **of_preset.train, **tuned, **sections["train"], **request.train}
    of_start = task.mix_from(started) if started is not None and chosen is None else {}
    mix = {**of_start, **of_preset.mix, **sections["mix"], **request.mix}
    loss = config_from_dict(task.loss, {**of_preset.loss, **sections["loss"]})
    loss.check_model(model)
    return Setup(
        model, config_from_dict(TrainConfig, train), loss, _mix(task.mix, mix, model), weights
    )


def read_sections(path: Path | None) -> dict[str, dict[str, Any]]:
    """The sections of a config file by name; those that are not there are empty.

    Raises:
        ConfigError: it cannot be read, is not strict JSON, or holds something else.
    """
    sections: dict[str, Any] = {name: {} for name in SECTIONS}
    if path is None:
        return sections
    try:
        found = read_object(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the config {path}: {error}") from error
    expected = f"{path} must hold the sections {', '.join(SECTIONS)}, or some of them"
    for name, values in found.items():
        if name not in SECTIONS:
            raise ConfigError(f"{expected}; {name!r} is none of them")
        if not isinstance(values, dict):
            raise ConfigError(f"{expected}; its {name!r} is {values!r}")
    return {**sections, **found}


def _chosen_preset(request: Request) -> Preset | None:
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
    request: Request, chosen: Preset | None
) -> tuple[AnyConfig | None, dict[str, Tensor] | None]:
    if request.start is None:
        return None, None
    released = released_models().get(request.start)
    path = released.with_suffix(".safetensors") if released else Path(request.start)
    started, weights = read_checkpoint(path)
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


def _model(request: Request, structure: AnyConfig | None, changes: Section) -> AnyConfig:
    """The structure with the file's changes; what training fills in is left to it."""
    assert structure is not None, "there is a preset where there is no starting model"
    task = changes.get("task", request.task)
    if task != request.task:
        use = f"use: aeolia train {task}" if task in list(CONFIG_OF_TASK) else "leave it out"
        raise ConfigError(f"the config's model has the task {task!r}, not {request.task}; {use}")
    learned = structure.learned
    if filled := [name for name in learned if changes.get(name)]:
        raise ConfigError(f"{filled[0]} comes from the recordings; leave it out of the config")
    values = dataclasses.asdict(structure)
    kept = {name: value for name, value in values.items() if name not in learned}
    return config_from_dict(type(structure), {**kept, **changes})


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
