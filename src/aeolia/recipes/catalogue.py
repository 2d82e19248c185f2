"""The recipes inside the package, by name, and their structures: `--recipe` and `--preset`."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from aeolia.config import CONFIG_OF_TASK, AnyConfig, config_from_dict
from aeolia.errors import ConfigError
from aeolia.files import read_text
from aeolia.recipes.recipe import Recipe, Section, read_recipe

__all__ = [
    "DEFAULT_PRESETS",
    "PRESETS",
    "RECIPES",
    "Preset",
    "find_recipe",
    "preset",
    "structure",
]

#: The preset of each task where none is named.
DEFAULT_PRESETS = {"denoise": "denoise-16k", "separate": "separate", "synth": "notes"}


def _shipped() -> dict[str, Recipe]:
    folder = Path(str(resources.files("aeolia"))) / "recipes"
    return {
        path.stem: _read(path, path.stem)
        for path in sorted(folder.glob("*.json"), key=lambda path: path.stem)
    }


def _read(path: Path, name: str) -> Recipe:
    """The recipe of a file; a model that it gives no name is called by the file's."""
    found = read_recipe(read_text(path, "recipe", ConfigError), f"the recipe {name}")
    if not found.model:
        return found
    return replace(found, model={"name": path.stem, **found.model})


#: The recipes of the package by name.
RECIPES: Mapping[str, Recipe] = _shipped()


def find_recipe(name_or_path: str) -> Recipe:
    """A recipe of the package by name, or of a JSON file.

    Raises:
        ConfigError: no such recipe (the nearest is named), or a file that holds none.
    """
    if name_or_path in RECIPES:
        return RECIPES[name_or_path]
    path = Path(name_or_path)
    if path.suffix == ".json" or path.is_file():
        return _read(path, name_or_path)
    raise ConfigError(f"no recipe is called {name_or_path!r}; {_nearest(name_or_path, RECIPES)}")


def structure(task: str, section: Section, basis: AnyConfig | None = None) -> AnyConfig:
    """The model's config that a section "model" describes.

    Args:
        section: changes of the recipe's structure that it names by "like", of `basis`, or of the
            task's default structure. What training fills in from recordings is not taken over.

    Raises:
        ConfigError: an unknown recipe, a key or value that cannot be, or another task's.
    """
    changes = dict(section)
    like = changes.pop("like", None)
    if like is not None:
        basis = preset(like).model if isinstance(like, str) else None
        if basis is None:
            raise ConfigError(f"like is {like!r}; it is the name of a recipe")
    task_of_changes = changes.get("task", task)
    if task_of_changes != task:
        use = f"use: aeolia train {task_of_changes}" if task_of_changes in CONFIG_OF_TASK else ""
        raise ConfigError(
            f"the config's model has the task {task_of_changes!r}, not {task}; "
            f"{use or 'leave it out'}"
        )
    if basis is not None and basis.task != task:
        raise ConfigError(f"{like or basis.name} is a model to {basis.task}, not to {task}")
    cls = CONFIG_OF_TASK[task]
    if filled := [name for name in cls.learned if changes.get(name)]:
        raise ConfigError(f"{filled[0]} comes from the recordings; leave it out of the config")
    values = {} if basis is None else {key: getattr(basis, key) for key in _keys(basis)}
    return config_from_dict(cls, {**values, **changes})


def _keys(model: AnyConfig) -> Iterable[str]:
    return (key for key in vars(model) if key not in model.learned)


@dataclass(frozen=True)
class Preset:
    """A recipe without its stages: the structure, and what its runs differ in."""

    about: str
    model: AnyConfig
    #: Values of the sections of a run's settings, by key.
    train: Section
    loss: Section
    mix: Section


@functools.cache
def preset(name: str) -> Preset:
    """The structure and the sections of the recipe called `name`.

    Raises:
        ConfigError: no such recipe has a structure of its own; the message names the nearest.
    """
    found = RECIPES.get(name)
    if found is None or not found.model:
        known = [each for each, recipe in RECIPES.items() if recipe.model]
        raise ConfigError(f"no preset is called {name!r}; {_nearest(name, known)}")
    model = structure(found.task, found.model)
    return Preset(found.about, model, found.train, found.loss, found.mix)


def _nearest(name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"


#: The recipes that have a structure of their own, by name.
PRESETS: dict[str, Preset] = {name: preset(name) for name, found in RECIPES.items() if found.model}
