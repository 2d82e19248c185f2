"""What each idea is worth: one thing changed at a time, equal training.

Every variant of a recipe is trained for the same steps, once for each seed, and scored on the same
held-out mixtures or notes of `choose`. The control, the recipe with nothing changed, is trained
with the same seeds; it is subtracted seed by seed, and the seed is the unit of the interval: two
trainings that differ in nothing but their random numbers differ by more than clips do. What was
measured is kept in `results/ablations.json`, so that tables grow over several runs and an
interrupted one goes on where it was. The variants are in `studies.py`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aeolia.errors import ConfigError, InputError
from aeolia.files import write_atomically
from aeolia.recipes.catalogue import find_recipe
from aeolia.recipes.recipe import SECTIONS, Recipe
from aeolia.training.stages.plan import recipe_hash, resolve
from aeolia.training.stages.recordings import data_hash, data_of_task
from aeolia.training.task import Data
from aeolia.tuning.folder import refuse_data_without_choose
from benchmarks import say
from benchmarks.ablations.page import CONTROL, page
from benchmarks.ablations.studies import STUDIES, Values
from benchmarks.measure.training import train_and_score
from benchmarks.results import provenance, read_kept

__all__ = ["Trainings", "run", "with_values"]


@dataclass(frozen=True)
class Trainings:
    """What is trained: of which study, on which manifest, how long."""

    task: str
    data: Path
    steps: int
    seeds: tuple[int, ...] = (0, 1, 2)


def run(
    trainings: Trainings, results: Path, output: Path, *, only: Sequence[str] | None = None
) -> None:
    """Train and score what is not measured yet, all variants of a seed in a row; write the page.

    Args:
        only: variants to train beside the control; None: all.

    Raises:
        AeoliaError: an unknown variant, data that cannot be used, a training that failed.
    """
    study = STUDIES[trainings.task]
    if unknown := set(only or ()) - set(study.variants):
        raise InputError(
            f"there is no variant {sorted(unknown)[0]!r}; there are {', '.join(study.variants)}"
        )
    refuse_data_without_choose(trainings.data)
    control = resolve(with_values(find_recipe(study.recipe), study.base))
    recipes = {CONTROL: control} | {
        name: resolve(with_values(find_recipe(study.recipe), {**study.base, **values}))
        for name, values in study.variants.items()
    }
    data = data_of_task(control.task, {"data": trainings.data})
    everything = read_kept(results)
    noted = _noted(everything, trainings, recipes, data)
    for seed in trainings.seeds:
        for name, recipe in recipes.items():
            runs = noted["runs"].setdefault(name, {})
            if str(seed) in runs or (only is not None and name not in (CONTROL, *only)):
                continue
            say(f"{trainings.task}, seed {seed}, {name}")
            runs[str(seed)] = train_and_score(
                recipe, control, data, steps=trainings.steps, seed=seed
            )
            noted["made"] = provenance()
            write_atomically(results, json.dumps(everything, indent=1) + "\n")
    write_atomically(output, page(everything))
    say(f"wrote {output}")


def with_values(recipe: Recipe, values: Values) -> Recipe:
    """A recipe with values by SECTION.KEY, for all its stages.

    Raises:
        ConfigError: a section that recipes do not have. Keys are refused as it is resolved.
    """
    for name, value in values.items():
        section, _, key = name.partition(".")
        if section not in SECTIONS:
            raise ConfigError(f"{name} is no SECTION.KEY; sections are {', '.join(SECTIONS)}")
        stages = []
        for stage in recipe.stages:
            left = {k: v for k, v in getattr(stage, section).items() if k != key}
            changes: dict[str, Any] = {section: left}
            stages.append(dataclasses.replace(stage, **changes))
        changes = {section: {**getattr(recipe, section), key: value}, "stages": tuple(stages)}
        recipe = dataclasses.replace(recipe, **changes)
    return recipe


def _noted(
    everything: dict[str, Any], trainings: Trainings, recipes: dict[str, Recipe], data: Data
) -> dict[str, Any]:
    """What is known of a task's study; what a recipe's or the data's changes outdated is dropped.

    Variants whose own recipe is as it was stay.
    """
    noted: dict[str, Any] = everything.setdefault(trainings.task, {})
    judge = [recipe_hash(recipes[CONTROL]), trainings.steps, data_hash(data)]
    if noted.get("judge") != judge:
        noted.clear()
    noted |= {"judge": judge, "steps": trainings.steps}
    hashes, runs = noted.setdefault("recipes", {}), noted.setdefault("runs", {})
    for name in [*hashes]:
        if name not in recipes or hashes[name] != recipe_hash(recipes[name]):
            hashes.pop(name)
            runs.pop(name, None)
    hashes |= {name: recipe_hash(recipe) for name, recipe in recipes.items()}
    return noted
