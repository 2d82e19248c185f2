"""Spaces: every recipe has one that holds its own values; what a recipe cannot be is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from aeolia.errors import ConfigError
from aeolia.recipes.catalogue import RECIPES, find_recipe
from aeolia.recipes.recipe import Recipe, Stage
from aeolia.training.stages.plan import resolve
from aeolia.tuning.space import Space, find_space, read_space
from aeolia.tuning.trial import refuse_unknown_objectives


def three_stages() -> Recipe:
    """Stages of 30000, 30000 and 1500 steps, whatever the shipped recipe has by now."""
    recipe = find_recipe("denoise-16k")
    train = {"optimizer": "muon", "ema_decay": 0.998, "validate_every": 2000}
    stages = (
        Stage("learn", train={"steps": 30000, "learning_rate": 1e-3, "warmup_steps": 300}),
        Stage("listen", train={"steps": 30000, "learning_rate": 9e-4, "warmup_steps": 60}),
        Stage(
            "settle",
            train={"steps": 1500, "learning_rate": 4e-4, "warmup_steps": 30},
            mix={"clean_only": 0.18},
        ),
    )
    return resolve(dataclasses.replace(recipe, train=train, loss={}, mix={}, stages=stages))


def space_of(folder: Path, keys: dict[str, Any], **changes: Any) -> Space:
    path = folder / "space.json"
    path.write_text(
        json.dumps({"steps": 40, "objectives": {"si_sdr": "max"}, "keys": keys, **changes})
    )
    return read_space(path)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_has_a_space_that_holds_its_own_values(name: str) -> None:
    recipe = resolve(RECIPES[name])
    space = find_space(name, recipe.task)
    space.check(recipe)
    refuse_unknown_objectives(space, recipe)
    own = space.own_values(recipe)
    assert own is not None and space.apply(recipe, own) == recipe


def test_values_reach_all_stages_or_the_named_one(tmp_path: Path) -> None:
    recipe = three_stages()
    keys = {
        "model.latent_dim": {"from": 48, "to": 96},
        "train.learning_rate": {"times": [0.5, 2.0]},
        "settle.mix.clean_only": {"from": 0.0, "to": 0.5},
        "train.optimizer": {"among": ["adamw", "muon"]},
    }
    space = space_of(tmp_path, keys)
    space.check(recipe)
    values = dict(zip(keys, (64, 2.0, 0.25, "adamw"), strict=True))
    changed = space.apply(recipe, values)
    assert changed.model["latent_dim"] == 64
    assert [stage.model["latent_dim"] for stage in changed.stages] == [64, 64, 64]
    assert [stage.train["learning_rate"] for stage in changed.stages] == [
        2.0 * stage.train["learning_rate"] for stage in recipe.stages
    ]
    assert [stage.mix["clean_only"] for stage in changed.stages] == [
        *(stage.mix["clean_only"] for stage in recipe.stages[:2]),
        0.25,
    ]
    assert {stage.train["optimizer"] for stage in changed.stages} == {"adamw"}
    assert resolve(changed) == changed
    # Stages differ in what the third key changes, but only one of them is named.
    assert space.own_values(recipe) == dict(zip(keys, (80, 1.0, 0.18, "muon"), strict=True))


def test_a_trial_is_the_recipe_in_little(tmp_path: Path) -> None:
    recipe = three_stages()
    space = space_of(tmp_path, {"train.learning_rate": {"times": [0.5, 2.0]}}, steps=615)
    short = space.shortened(recipe)
    assert [stage.train["steps"] for stage in short.stages] == [300, 300, 15]
    assert [stage.train["warmup_steps"] for stage in short.stages] == [3, 1, 0]
    memory = 1.0 / (1.0 - short.stages[0].train["ema_decay"])
    assert memory == pytest.approx(500 / 100, rel=0.15)
    assert resolve(short) == short
    whole = dataclasses.replace(space, steps=10**9).shortened(recipe)
    assert [s.train["steps"] for s in whole.stages] == [s.train["steps"] for s in recipe.stages]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"train.lerning_rate": {"times": [0.5, 2]}}, "did you mean 'learning_rate'"),
        ({"learning_rate": {"times": [0.5, 2]}}, "give SECTION.KEY or STAGE.SECTION.KEY"),
        ({"last.train.learning_rate": {"times": [0.5, 2]}}, "a stage of learn, listen, settle"),
        ({"mix.tones": {"from": 0.0, "to": 1.5}}, "mix.tones at 1.5: .*tones is 1.5"),
        ({"train.learning_rate": {"times": [0.5, 1e6]}}, "learning_rate at 1000000.0: stage learn"),
        ({"model.decoder": {"among": ["conv_gru", "gru"]}}, "decoder at 'gru'"),
        ({"train.steps": {"from": 5, "to": 9}}, "the same in all trials"),
        ({"model.decoder": {"times": [0.5, 2]}}, "no number; give it with among"),
    ],
)
def test_what_the_recipe_cannot_be_is_refused(
    keys: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        space_of(tmp_path, keys).check(three_stages())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keys": {"a.b": {"from": 2, "to": 1}}}, "numbers with A below B"),
        ({"keys": {"a.b": {"from": 0, "to": 1, "log": True}}}, "numbers with A below B"),
        ({"keys": {"a.b": [1, 2]}}, "numbers with A below B"),
        ({"keys": {"a.b": {"among": [1]}}}, "it must be"),
        ({"keys": {}}, "at least one key"),
        ({"steps": 0}, "steps is 0"),
        ({"objectives": {"si_sdr": "up"}}, "scores with max or min"),
        ({"objectives": {"mmac": "min"}}, "it must be a score of quality"),
        ({"trials": 3}, "the key 'trials'"),
    ],
)
def test_what_is_no_space_is_refused(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        space_of(tmp_path, **{"keys": {"a.b": {"from": 0, "to": 1}}, **changes})
