"""aeolia recipes: the list, and a recipe in words."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import aeolia
from aeolia.cli import run
from aeolia.recipes.catalogue import DEFAULT_PRESETS, RECIPES, preset, structure
from aeolia.recipes.recipe import Expects
from aeolia.recipes.words import in_words, summary
from aeolia.training.recipe import set_up


def test_the_list_has_a_line_a_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(RECIPES)
    for line, recipe in zip(lines, RECIPES.values(), strict=True):
        assert line.split()[1] == recipe.task and recipe.about in line
        assert ("Measured: " in line) == bool(recipe.expects.scores)
    assert re.search(r"^denoise-16k +denoise +4 stages +64700 steps", lines[1])
    assert re.search(r"^fine-tune-denoise +denoise +1 stage +1000 steps", "\n".join(lines), re.M)


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == list(RECIPES)
    assert rows["separate"]["stages"] == {"part": 16000, "arrange": 16000, "settle": 1500}
    assert rows["separate"]["start"] == "denoise-16k" and rows["denoise"]["start"] == ""


def test_a_recipe_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes", "show", "denoise"]) == 0
    said = capsys.readouterr().out
    assert "at 48 kHz, latency 32 ms, 144 bands, convolutions of 16, 64, 64 channels" in said
    assert "Starts from random weights." in said and "aeolia train --recipe denoise" in said
    assert "1. low: 24000 steps of 8 crops of 3 s (160 hours of sound)." in said
    assert "the recipe's own structure" in said, "the third stage grows"
    assert "learn [decoder.widen]" in said and "up to 8000 Hz get back" in said
    assert "mean with the weights of full-band" in said and "not measured yet" in said


@pytest.mark.parametrize("name", RECIPES)
def test_every_stage_says_what_it_changes(name: str) -> None:
    recipe = RECIPES[name]
    said = "\n".join(in_words(name, recipe))
    for number, stage in enumerate(recipe.stages, start=1):
        assert f"\n{number}. {stage.name}: " in said and stage.about in said
    assert ("Structure: " in said) == bool(recipe.model)


def test_what_was_measured_is_said() -> None:
    measured = Expects("a set", {"si_sdr": 9.25}, {"two cores": 30.0})
    recipe = dataclasses.replace(RECIPES["drums"], expects=measured)
    last = in_words("drums", recipe)[-1]
    assert last == "What to expect: si_sdr 9.25 on a set after 30 hours on two cores."
    line = summary("drums", recipe)
    assert line.endswith(f"{recipe.about} Measured: si_sdr 9.25 after 30 hours.")
    quick = dataclasses.replace(recipe, expects=Expects("a set", {"si_sdr": 9.25}, {"it": 0.05}))
    assert summary("drums", quick).endswith("Measured: si_sdr 9.25 after 3.0 minutes.")


@pytest.mark.parametrize("name", ["textbook", "textbook-lstm", "textbook-cae", "textbook-vae"])
def test_the_textbook_recipes_say_what_they_came_to(name: str) -> None:
    """They are short, so that anybody can repeat what is said."""
    expects = RECIPES[name].expects
    assert expects.set and expects.scores and expects.hours
    assert sum(expects.hours.values()) < 0.5


def test_an_unknown_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes", "show", "drum"]) == 2
    assert capsys.readouterr().err == "aeolia: no recipe is called 'drum'; did you mean 'drums'?\n"


@pytest.mark.parametrize("name", ["denoise", "separate", "synth", "textbook-lstm", "drums"])
def test_all_keys_with_defaults_and_ranges(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is listed is what `--set` takes: the defaults can be given, and each is of its class."""
    assert run(["recipes", "keys", name]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^presets to \w+: .*textbook", said)
    listed = re.findall(r"^  (\w+)\.(\w+) = (.*?)  \((.+)\)$", said, re.M)
    chosen = preset(DEFAULT_PRESETS.get(name, name))
    sections = {"model": {}, "train": {}, "loss": {}, "mix": {}}
    for section, key, default, _ in listed:
        sections[section][key] = json.loads(default)
    model = structure(chosen.model.task, sections["model"])
    again = set_up(model, sections["train"], sections["loss"], sections["mix"])
    expected = set_up(chosen.model, chosen.train, chosen.loss, chosen.mix)
    assert again == expected
    missing = {"task", *chosen.model.learned}
    assert set(vars(expected.model)) - set(sections["model"]) == missing & set(vars(model))
    assert set(vars(expected.train)) == set(sections["train"])


@pytest.mark.parametrize("arguments", [(), ("show", "denoise"), ("keys", "separate-speaker")])
def test_what_can_be_set_is_told_without_pytorch(arguments: tuple[str, ...]) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"  # as where it is not installed
        f"from aeolia.cli import run; sys.exit(run(['recipes', *{arguments!r}]))"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(aeolia.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "separate" in done.stdout or "denoise" in done.stdout


def test_a_range_and_a_choice_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes", "keys", "denoise"]) == 0
    said = capsys.readouterr().out
    assert "  train.learning_rate = 0.001  (float, above 0, between 0 and 100)\n" in said
    assert '  train.optimizer = "muon"  (str, one of adamw, muon)\n' in said
    assert run(["recipes", "keys", "denoize"]) == 2
    assert "did you mean 'denoise'" in capsys.readouterr().err
