"""Recipes: those of the package can be read, and what a recipe must not say is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aeolia.errors import ConfigError
from aeolia.recipes.catalogue import RECIPES, find_recipe, structure
from aeolia.recipes.recipe import Recipe, read_recipe
from aeolia.runtime.catalogue import released_models

LEAST: dict[str, Any] = {"task": "denoise", "start": "denoise", "stages": [{"name": "one"}]}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_of_the_package_says_what_it_is_for_and_how_long_it_takes(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.about.endswith((".", "`."))
    assert not recipe.start or recipe.start in released_models()
    for stage in recipe.stages:
        assert stage.about.endswith("."), stage.name
        assert {"steps", "batch_size"} <= {**recipe.train, **stage.train}.keys(), stage.name


def test_there_is_a_recipe_for_every_released_model() -> None:
    for name in released_models():
        assert len(RECIPES[name].stages) > 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stage": []}, "Recipe has no key 'stage'; did you mean 'stages'?"),
        ({"task": "sing"}, "task is 'sing'; it must be one of denoise, separate, synth"),
        ({"stages": []}, "a recipe has at least one"),
        ({"start": ""}, "needs one of them"),
        ({"train": 3}, "Recipe.train is 3; it must be an object"),
        ({"stages": [{"nam": "one"}]}, "Stage has no key 'nam'; did you mean 'name'?"),
        ({"stages": [{"about": "x"}]}, "Stage needs the key 'name'"),
        ({"stages": [3]}, "Recipe.stages is 3; it must be an object"),
        ({"stages": [{"name": "../up"}]}, "small letters, digits and hyphens"),
        ({"stages": [{"name": "a"}, {"name": "a"}]}, "two stages are called 'a'"),
        (
            {"stages": [{"name": "a", "start_from": "b"}, {"name": "b"}]},
            "stage a names the stage 'b'; it is the first",
        ),
        (
            {"stages": [{"name": "a"}, {"name": "b", "average_with": ["b"]}]},
            "stage b names the stage 'b'; before it come a",
        ),
        ({"stages": [{"name": "a", "keep_hz": -1}]}, "keep_hz is -1; it must be between"),
        ({"expects": {"scores": {"si_sdr": "good"}}}, "si_sdr is 'good'; it must be of type float"),
    ],
)
def test_what_a_recipe_must_not_say(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match="the recipe: ") as caught:
        read_recipe(json.dumps({**LEAST, **changes}))
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_recipe_of_a_file_gives_its_model_the_files_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({**LEAST, "model": {"like": "denoise-low", "latent_dim": 8}}))
    found = find_recipe(str(path))
    model = structure(found.task, found.model)
    assert (model.name, model.latent_dim, model.band_memories) == ("mine", 8, 3)
    path.write_text("{")
    with pytest.raises(ConfigError, match=r"mine\.json is not valid JSON"):
        find_recipe(str(path))
    with pytest.raises(ConfigError, match="no such recipe"):
        find_recipe(str(tmp_path / "absent.json"))
    with pytest.raises(ConfigError, match="did you mean 'denoise-low'"):
        find_recipe("denoise-lo")


def test_a_structure_of_another_task_is_refused() -> None:
    with pytest.raises(ConfigError, match="notes is a model to synth, not to denoise"):
        structure("denoise", {"like": "notes"})
    with pytest.raises(ConfigError, match="no preset is called 'fine-tune-denoise'"):
        structure("denoise", {"like": "fine-tune-denoise"})
    with pytest.raises(ConfigError, match="like is 3"):
        structure("denoise", {"like": 3})


def test_expectations_may_be_measured_later() -> None:
    recipe = read_recipe(json.dumps({**LEAST, "expects": {"hours": {"two cores": 9.5}}}))
    assert isinstance(recipe, Recipe) and recipe.expects.scores == {}
    assert recipe.expects.hours == {"two cores": 9.5}
