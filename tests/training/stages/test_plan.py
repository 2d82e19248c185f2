"""A recipe's plan: every setting resolved, one form, and steps on weights that fit."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from aeolia.errors import ConfigError, ModelError
from aeolia.recipes.catalogue import RECIPES
from aeolia.recipes.recipe import Recipe, Stage, read_recipe
from aeolia.training.recipe import set_up
from aeolia.training.stages.plan import (
    PlannedStage,
    finish,
    plan,
    recipe_hash,
    recipe_to_json,
    resolve,
    seeded,
)
from made.tiny_models import TINY, random_model

#: TINY with the bands above 4 kHz in a group of their own.
GROUPED = dataclasses.replace(TINY, n_linear_bins=8, band_groups=((4000, 8), (8000, 16)))


@pytest.mark.parametrize("name", RECIPES)
def test_a_resolved_recipe_is_the_same_through_json_and_resolved_again(name: str) -> None:
    resolved = resolve(RECIPES[name])
    again = read_recipe(recipe_to_json(resolved))
    assert again == resolved == resolve(again)
    assert recipe_hash(again) == recipe_hash(resolved)
    stages = plan(resolved)
    assert [stage.name for stage in stages] == [stage.name for stage in RECIPES[name].stages]
    for stage in stages:
        assert stage.setup == set_up(
            stage.setup.model, stage.stage.train, stage.stage.loss, stage.stage.mix
        )
    seeds = [stage.setup.mix.seed for stage in stages]
    assert seeds == [10 * index for index in range(len(stages))]
    moved = plan(resolve(seeded(RECIPES[name], 3)))
    assert [stage.setup.train.seed for stage in moved] == [3] * len(moved)
    assert [stage.setup.mix.seed for stage in moved] == [seed + 3 for seed in seeds]
    assert resolve(seeded(again, 3)).stages == resolve(seeded(RECIPES[name], 3)).stages


def test_the_hash_is_of_what_is_made() -> None:
    recipe = RECIPES["denoise"]
    first, *others = recipe.stages
    words = dataclasses.replace(
        recipe, about="other", stages=(dataclasses.replace(first, about="other"), *others)
    )
    steps = dataclasses.replace(first, train={**first.train, "steps": 1})
    other = dataclasses.replace(recipe, stages=(steps, *others))
    assert recipe_hash(resolve(words)) == recipe_hash(resolve(recipe))
    assert recipe_hash(resolve(other)) != recipe_hash(resolve(recipe))


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"train": {"learning_rat": 1.0}}, "stage a: TrainConfig has no key 'learning_rat'; did"),
        ({"loss": {"timbre": 1.0}}, "stage a: DenoiseLossConfig has no key 'timbre'"),
        ({"mix": {"snr": 1.0}}, "did you mean 'snr_db'?"),
        ({"mix": {"seed": "x"}}, "stage a: MixConfig.seed is 'x'; it must be of type int"),
        ({"train": {"seed": "x"}}, "stage a: TrainConfig.seed is 'x'"),
        ({"model": {"like": "denoise-61k"}}, "did you mean 'denoise-16k'"),
        ({"model": {"hiden_dim": 1}}, "did you mean 'hidden_dim'"),
        ({"start": "notes"}, "start is 'notes', a model to synth, not to denoise"),
        ({"stages": [{"name": "a", "train": {"seed": 1}}]}, "stage a has a seed of its own"),
        ({"task": "separate", "model": {}, "start": "denoise"}, "give the recipe a model"),
    ],
)
def test_what_nothing_would_read_is_refused_before_a_step(
    recipe: dict[str, object], message: str
) -> None:
    given = {"task": "denoise", "model": {"latent_dim": 8}, "stages": [{"name": "a"}], **recipe}
    with pytest.raises(ConfigError) as caught:
        resolve(read_recipe(json.dumps(given)))
    assert message in str(caught.value) and "\n" not in str(caught.value)


def planned(stage: Stage) -> PlannedStage:
    recipe = Recipe("denoise", model={"name": "x"}, stages=(Stage("a"),))
    [first] = plan(resolve(recipe))
    return dataclasses.replace(first, stage=stage, before="a")


def test_steps_on_weights_are_taken_in_order() -> None:
    start, trained = (random_model(GROUPED, seed).state_dict() for seed in (1, 2))
    stage = dataclasses.replace(Stage("b"), keep_hz=4000)
    kept = finish(planned(stage), GROUPED, trained, {"a": start})
    # Positions after three halvings: 2 below 4 kHz, 2 above; rows are channel by position.
    rows = kept["decoder.widen.bias"].reshape(4, -1)
    below, above = (w["decoder.widen.bias"].reshape(4, -1) for w in (start, trained))
    assert torch.equal(rows[:, :2], below[:, :2]) and torch.equal(rows[:, 2:], above[:, 2:])
    mean = finish(
        planned(dataclasses.replace(stage, average_with=("a",), half_precision=True)),
        GROUPED,
        trained,
        {"a": start},
    )
    for name, value in mean.items():
        assert torch.equal(value, ((kept[name] + start[name]) / 2).half())
    assert finish(planned(Stage("b")), GROUPED, trained, {}) is trained


def test_steps_on_weights_that_do_not_fit_are_refused() -> None:
    trained = random_model(GROUPED).state_dict()
    wider = random_model(dataclasses.replace(GROUPED, hidden_dim=12)).state_dict()
    with pytest.raises(ConfigError, match="stage b: keep_hz is 5000; .* follows: 4000"):
        finish(planned(Stage("b", keep_hz=5000)), GROUPED, trained, {"a": trained})
    with pytest.raises(ModelError, match="is not of a model with more bands"):
        finish(planned(Stage("b", keep_hz=4000)), GROUPED, trained, {"a": wider})
    with pytest.raises(ModelError, match="different structures"):
        finish(planned(Stage("b", average_with=("a",))), GROUPED, trained, {"a": wider})
