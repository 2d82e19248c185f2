"""A recipe's run: all stages of every recipe, and the same bits after a kill anywhere."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from aeolia.cli import run
from aeolia.config import SpectralConfig
from aeolia.config.classes import KIT
from aeolia.data.corpus.manifest import read_manifest, write_manifest
from aeolia.errors import ConfigError, ModelError, TrainingError
from aeolia.models.checkpoint import load_checkpoint, read_checkpoint
from aeolia.recipes.catalogue import RECIPES
from aeolia.recipes.recipe import Recipe, Stage
from aeolia.training.stages import run as stages
from aeolia.training.stages.folder import RecipeFolder
from aeolia.training.stages.plan import recipe_to_json
from aeolia.training.stages.recordings import data_of_task
from aeolia.training.stages.run import resume_recipe, start_recipe
from made.music import kit_rows
from made.recordings import noise_like, write
from made.tiny_notes import write_notes
from made.tiny_recipes import shrunk
from made.tiny_training import make_voices_and_noises

#: Starts the command with a mixer that kills the process in the second stage, at its third step.
KILLED = """
import os, signal, sys
from aeolia.cli import run
from aeolia.data.denoise.mixer import Mixer
from aeolia.training.stages import run as stages

batch, train = Mixer.batch, stages._train

def deadly(self, step, *arguments, **named):
    if step == 3 and second:
        os.kill(os.getpid(), signal.SIGKILL)
    return batch(self, step, *arguments, **named)

second = False

def watched(stage, *arguments):
    global second
    second = stage.name == "full"
    return train(stage, *arguments)

Mixer.batch, stages._train = deadly, watched
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """manifest.csv of sounds for denoisers and separators, kits.csv; notes/ and hits/ beside."""
    folder = tmp_path_factory.mktemp("corpus")
    make_voices_and_noises(folder / "sounds")
    write_notes(folder / "notes")
    for kind in ("kick", "snare"):
        for take in range(6):
            rng = np.random.default_rng(take)
            hit = rng.standard_normal(24000) * np.exp(-np.arange(24000) / 3000.0)
            path = folder / f"hits/{kind}/{kind}_{take}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, 0.2 * hit, 48000)
    write_manifest(folder / "kits.csv", kit_rows(folder, 2, 2.0))
    assert run(["data", "scan", str(folder / "sounds"), "-o", str(folder / "manifest.csv")]) == 0
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEOLIA_CACHE", str(tmp_path_factory.getbasetemp() / "recipes-cache"))


def two_stages(folder: Path, steps: int = 6) -> Recipe:
    """A stage at 16 kHz, and one at 48 kHz that grows from it; the second is averaged."""
    first, *_ = RECIPES["denoise-16k"].stages
    bare = dataclasses.replace(
        RECIPES["denoise"],
        stages=(
            dataclasses.replace(first, name="low", loss={}, model={"like": "denoise-low"}),
            Stage("full", train={"decay_share": 0.5}),
            Stage("last", average_with=("full",), train={"learn": ["decoder.widen"]}),
        ),
    )
    tiny = shrunk(bare, folder)
    train = {"steps": steps, "checkpoint_every": 2, "validation_clips": 1, "validate_every": 3}
    return dataclasses.replace(
        tiny,
        stages=tuple(
            dataclasses.replace(stage, train={**stage.train, **train}) for stage in tiny.stages
        ),
    )


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_trains_two_steps_a_stage(name: str, corpus: Path, tmp_path: Path) -> None:
    recipe = shrunk(RECIPES[name], tmp_path)
    drums = recipe.stages[0].mix.get("kind") == "drum"
    synth = corpus / ("hits" if drums else "notes")
    kit = recipe.model.get("classes") == list(KIT)
    sounds = corpus / ("kits.csv" if kit else "manifest.csv")
    path = synth if recipe.task == "synth" else sounds
    said: list[str] = []
    start_recipe(recipe, data_of_task(recipe.task, {"data": path}), tmp_path / "run", said.append)
    for index, stage in enumerate(recipe.stages):
        shown = f"stage {index + 1} of {len(recipe.stages)}, {stage.name}: 2 steps at "
        assert sum(line.startswith(shown) for line in said) == 1
        assert torch.load(tmp_path / "run" / stage.name / "state.pt")["step"] == 2
    assert any(line.startswith("in all about ") for line in said)
    model = load_checkpoint(tmp_path / "run")
    for key, value in recipe.model.items():
        found = getattr(model.config, key)
        assert (list(found) if isinstance(found, tuple) else found) == value or key == "band_groups"
    card = (tmp_path / "run" / "card.md").read_text()
    assert card.startswith(f"# {recipe.model['name']}\n") and str(tmp_path) not in card
    made_from = RecipeFolder(tmp_path / "run").made_from()
    assert all(made_from[part] in card for part in ("recipe", "data", "version"))


def test_weights_of_the_last_stage_serve_the_recipes_own_structure(
    corpus: Path, tmp_path: Path
) -> None:
    recipe = shrunk(RECIPES["separate"], tmp_path)
    data = data_of_task("separate", {"data": corpus / "manifest.csv"})
    start_recipe(recipe, data, tmp_path / "run", lambda line: None)
    trained, weights = read_checkpoint(tmp_path / "run" / "settle")
    final, rounded = read_checkpoint(tmp_path / "run")
    assert isinstance(trained, SpectralConfig) and isinstance(final, SpectralConfig)
    assert (trained.sample_rate, final.sample_rate) == (16000, 48000)
    _, before = read_checkpoint(tmp_path / "run" / "arrange" / "result.safetensors")
    for name, value in rounded.items():
        assert torch.equal(value, ((weights[name] + before[name]) / 2).half().float())


def facts(folder: Path) -> dict[str, Any]:
    """All files of a run but those that tell the time."""
    names = [path for path in folder.rglob("*") if path.is_file()]
    found: dict[str, Any] = {}
    for path in names:
        name = path.relative_to(folder).as_posix()
        if path.name.startswith("events.") or ".partial-" in name:
            continue
        if path.name == "log.csv":
            lines = [line.split(",") for line in path.read_text().splitlines()]
            clock = {"steps_per_second", "audio_per_second", "waiting_share"}
            kept = [i for i, column in enumerate(lines[0]) if column not in clock]
            found[name] = [[line[i] for i in kept] for line in lines]
        elif path.name == "state.pt":
            found[name] = repr(_listed(torch.load(path)))
        else:
            found[name] = path.read_bytes()
    return found


def _listed(state: Any) -> Any:
    if isinstance(state, torch.Tensor):
        return state.numpy().tobytes()
    if isinstance(state, dict):
        return {key: _listed(value) for key, value in state.items()}
    return [_listed(item) for item in state] if isinstance(state, (list, tuple)) else state


@pytest.fixture(scope="module")
def straight(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe in recipe.json and its undisturbed run."""
    folder = tmp_path_factory.mktemp("straight")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AEOLIA_CACHE", str(tmp_path_factory.getbasetemp() / "recipes-cache"))
        (folder / "recipe.json").write_text(recipe_to_json(two_stages(folder)))
        assert run(command(folder, corpus, folder / "run")) == 0
    return folder


def command(folder: Path, corpus: Path, out: Path, *more: str) -> list[str]:
    recipe = ("--recipe", str(folder / "recipe.json"), "--data", str(corpus / "manifest.csv"))
    return ["train", *recipe, "--out", str(out), "--quiet", *more]


def test_killed_in_the_second_stage_and_resumed(
    straight: Path, corpus: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    out = tmp_path / "run"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *command(straight, corpus, out)],
        env=environment,
        capture_output=True,
        timeout=600,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert (out / "low" / "result.safetensors").exists() and (out / "full").exists()
    assert not (out / "full" / "result.safetensors").exists()
    assert run(["train", "--resume", "--out", str(out), "--quiet"]) == 0
    assert facts(out) == facts(straight / "run")


@pytest.mark.parametrize("step", ["finish", "write_result", "write_model", "_train"])
def test_stopped_between_stages_and_resumed(
    step: str, straight: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after a stage's weights are averaged, before the next, before the model."""
    where: Any = RecipeFolder if step.startswith("write") else stages
    real, calls = getattr(where, step), []

    def stopped(*arguments: Any) -> Any:
        calls.append(arguments)
        # The rehearsal has called `finish` for all three stages before.
        if len(calls) == {"finish": 5, "write_model": 1}.get(step, 2):
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(where, step, stopped)
    assert run(command(straight, corpus, tmp_path / "run")) == 130
    monkeypatch.setattr(where, step, real)
    assert not (tmp_path / "run" / "model.safetensors").exists()
    assert run(command(straight, corpus, tmp_path / "run", "--resume")) == 0
    assert facts(tmp_path / "run") == facts(straight / "run")


def test_resuming_a_finished_run_changes_nothing(straight: Path, tmp_path: Path) -> None:
    shutil.copytree(straight / "run", tmp_path / "run")
    assert run(["train", "--resume", "--out", str(tmp_path / "run"), "--quiet"]) == 0
    assert facts(tmp_path / "run") == facts(straight / "run")


def test_the_recordings_may_have_moved(straight: Path, corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(straight / "run", tmp_path / "run")
    shutil.copytree(corpus / "sounds", tmp_path / "moved/sounds")
    shutil.copy(corpus / "manifest.csv", tmp_path / "moved")
    moved = data_of_task("denoise", {"data": tmp_path / "moved/manifest.csv"})
    resume_recipe(tmp_path / "run", data=moved, say=lambda line: None)
    path = tmp_path / "moved/sounds/noise/fan/fan.wav"
    write(path, noise_like(2.0, 16000, seed=9), 16000)
    with pytest.raises(TrainingError, match="the recordings are not those"):
        resume_recipe(tmp_path / "run", data=moved)
    write_manifest(tmp_path / "moved/manifest.csv", read_manifest(corpus / "manifest.csv")[1:])
    with pytest.raises(TrainingError, match="the recordings are not those"):
        resume_recipe(tmp_path / "run", data=moved)


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must fail; returns its one line."""

    def check(*arguments: object) -> str:
        assert run(["train", *map(str, arguments)]) == 2
        said = capsys.readouterr().err
        assert said.startswith("aeolia: ") and said.count("\n") == 1, said
        return said

    return check


def test_what_cannot_be_is_said_in_one_line(
    straight: Path, corpus: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    out, recipe, data = straight / "run", straight / "recipe.json", corpus / "manifest.csv"
    start = ("--recipe", recipe, "--data", data, "--out")
    assert "already holds a run" in refused(*start, out)
    other = refused("--recipe", "denoise-16k", "--out", out, "--resume")
    assert "begun with another recipe" in other
    assert "begun with another recipe" in refused(*start, out, "--resume", "--seed", 3)
    assert "holds no run of a recipe" in refused("--resume", "--out", tmp_path)
    assert "no recipe is called 'denois'; did you" in refused("--recipe", "denois", "--out", "x")
    assert "--out is missing" in refused("--recipe", recipe)
    assert "name a recipe with --recipe" in refused("--out", tmp_path)
    assert "--data or --speech is missing" in refused("--recipe", recipe, "--out", tmp_path)
    said = refused("--recipe", "notes", "--speech", corpus, "--out", tmp_path)
    assert "--speech is not for a recipe to synth; give --data" in said
    said = refused("--recipe", recipe, "--data", tmp_path, "--out", tmp_path / "run")
    assert "is no manifest" in said and "aeolia data scan" in said
    assert "without denoise" in refused("--recipe", recipe, "denoise", "--out", tmp_path)
    shutil.copytree(out, tmp_path / "copy")
    changed = (tmp_path / "copy/recipe.json").read_text().replace('"steps": 6', '"steps": 7')
    (tmp_path / "copy/recipe.json").write_text(changed)
    assert "was changed since the run began" in refused("--resume", "--out", tmp_path / "copy")
    (tmp_path / "copy/recipe.json").write_text("{")
    assert "recipe.json is damaged" in refused("--resume", "--out", tmp_path / "copy")


def test_a_stage_that_could_not_run_is_refused_before_the_first_begins(
    corpus: Path, tmp_path: Path
) -> None:
    data = data_of_task("denoise", {"data": corpus / "manifest.csv"})
    recipe = two_stages(tmp_path)
    first, second, last = recipe.stages
    for stage, message in (
        (dataclasses.replace(last, train={**last.train, "learn": ["nothing"]}), "learn names"),
        (dataclasses.replace(last, average_with=("low",)), "different structures"),
        (dataclasses.replace(last, keep_hz=3000), "keep_hz is 3000"),
        (dataclasses.replace(last, model=first.model, mix=first.mix), "more bands"),
    ):
        changed = dataclasses.replace(recipe, stages=(first, second, stage))
        with pytest.raises((ConfigError, ModelError), match=message):
            start_recipe(changed, data, tmp_path / "run", lambda line: None)
        assert not (tmp_path / "run").exists()
    changed = dataclasses.replace(recipe, stages=(first,))
    with pytest.raises(ConfigError, match="do not fit the recipe's model"):
        start_recipe(changed, data, tmp_path / "run", lambda line: None)
    assert not (tmp_path / "run").exists()
