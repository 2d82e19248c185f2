"""A recipe: one model's way from random weights, or from a released model, as one JSON object.

    {"task": "denoise", "about": "What the model is for.",
     "model": {"like": "denoise-16k", "sample_rate": 48000},
     "start": "", "train": {}, "loss": {}, "mix": {},
     "stages": [{"name": "whole", "about": "Why.", "train": {"steps": 20000}}],
     "expects": {}}

A stage begins with the weights of the one before. Its sections override those of the recipe, and
those the defaults of the task.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from aeolia.config import config_from_dict
from aeolia.config.ranges import Between, OneOf, check_fields
from aeolia.config.strict import read_object
from aeolia.errors import ConfigError

__all__ = ["SECTIONS", "Expects", "Recipe", "Section", "Stage", "read_recipe"]

#: Values of a part of a run's settings, by key.
Section = Mapping[str, Any]
#: The sections of a run's settings.
SECTIONS = ("model", "train", "loss", "mix")

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True)
class Expects:
    """What a recipe came to when it was run: nothing until somebody measured it."""

    #: What it was scored on, such as "heldout/denoise@choose".
    set: str = ""
    #: Mean scores by name.
    scores: Mapping[str, float] = field(default_factory=dict)
    #: Hours that it took, by machine.
    hours: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """One run of a recipe, and what is done with its weights before the next one."""

    #: Also that of its run folder.
    name: str
    #: What it is for.
    about: str = ""
    #: The structure while it trains: another recipe's ("like") or the recipe's own, with changes.
    #: Where it has more bands, channels or layers than the weights it begins with, they grow.
    model: Section = field(default_factory=dict)
    train: Section = field(default_factory=dict)
    loss: Section = field(default_factory=dict)
    mix: Section = field(default_factory=dict)
    #: The earlier stage whose weights it begins with; "" is the one before.
    start_from: str = ""
    #: After training the bands up to here get their weights of the start back; 0 keeps the new.
    keep_hz: Annotated[int, Between(0, 192000)] = 0
    #: Earlier stages whose weights are averaged with the trained ones.
    average_with: tuple[str, ...] = ()
    #: Weights are rounded to half precision in the end: half the bytes on the disk.
    half_precision: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        if not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"a stage is called {self.name!r}; its name is small letters, digits and hyphens"
            )


@dataclass(frozen=True)
class Recipe:
    """How one model is made.

    Raises:
        ConfigError: no stage, two of one name, or one that names what does not come before it.
    """

    task: Annotated[str, OneOf("denoise", "separate", "synth")]
    #: One line on what the model is for.
    about: str = ""
    #: Its structure: another recipe's ("like") or the task's default one, with changes; nothing
    #: for that of `start`.
    model: Section = field(default_factory=dict)
    #: The model to start from: a released name, a run folder or a checkpoint; "" for none.
    start: str = ""
    train: Section = field(default_factory=dict)
    loss: Section = field(default_factory=dict)
    mix: Section = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    expects: Expects = Expects()

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.stages:
            raise ConfigError("stages is []; a recipe has at least one")
        if not self.model and not self.start:
            raise ConfigError("model is {} and start is ''; a recipe needs one of them")
        before: list[str] = []
        for stage in self.stages:
            if stage.name in before:
                raise ConfigError(f"two stages are called {stage.name!r}")
            for name in filter(None, (stage.start_from, *stage.average_with)):
                if name not in before:
                    earlier = f"before it come {', '.join(before)}" if before else "it is the first"
                    raise ConfigError(f"stage {stage.name} names the stage {name!r}; {earlier}")
            before.append(stage.name)


def read_recipe(text: str, what: str = "the recipe") -> Recipe:
    """A recipe from strict JSON; what its sections hold is checked where a run is set up.

    Args:
        what: its name, for messages.

    Raises:
        ConfigError: not JSON, an unknown key, or a value that cannot be.
    """
    try:
        return config_from_dict(Recipe, read_object(text, what))
    except ConfigError as error:
        raise ConfigError(f"{what}: {error}") from error
