"""All stages of a recipe in a row: this is what `aeolia train --recipe` does.

What a stage begins with depends on results of earlier stages alone, and each stage is an exactly
resumable run; so is the whole: killed anywhere and resumed, it ends in the same bits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from aeolia.config import AnyConfig
from aeolia.data.corpus.left_out import LeftOut
from aeolia.errors import ConfigError, ModelError, TrainingError
from aeolia.models.build import Autoencoder, build_model
from aeolia.models.weights import check_same_structure, to_half
from aeolia.recipes.catalogue import structure
from aeolia.recipes.recipe import Recipe
from aeolia.training.loop import Validate
from aeolia.training.optimizer import choose_what_learns
from aeolia.training.processes import Processes
from aeolia.training.recipe import base_card, read_start
from aeolia.training.run import Watch, resume_run, seconds_per_step, start_run
from aeolia.training.run_folder import LEFT_OUT_FILE, RunFolder, only_one_writes
from aeolia.training.stages.folder import RecipeFolder
from aeolia.training.stages.plan import PlannedStage, finish, plan, recipe_hash, resolve
from aeolia.training.stages.recordings import data_hash
from aeolia.training.task import Data, Say
from aeolia.training.tasks import task_of

__all__ = ["resume_recipe", "start_recipe"]

Weights = Mapping[str, Tensor]


@only_one_writes
def start_recipe(
    recipe: Recipe,
    data: Data,
    out: Path,
    say: Say = print,
    watch: Watch = lambda report: None,
    judge: Validate | None = None,
) -> None:
    """Make the model of a recipe in the folder `out`; see `RecipeFolder` for what it holds.

    Before anything is trained every stage is tried for a few steps, and so is every step on
    weights: what cannot be is refused at once, and how long each stage will take is said.

    Args:
        data: folders or manifests by the task's names; see `data_of_task`.
        judge: validates all stages, in place of what their mixtures give.

    Raises:
        ConfigError, ModelError: the recipe says what cannot be.
        DataError, TrainingError: the data cannot be used; `out` already holds a run.
    """
    processes = Processes.from_environment()
    folder = RecipeFolder(out, writes=processes.rank == 0)
    say, watch = (say, watch) if folder.writes else (_ignore, _ignore)
    resolved = resolve(recipe)
    folder.refuse_run()
    left_out = _rehearse(resolved, data, processes, say)
    folder.begin(resolved, data, left_out)
    if left_out:
        say(f"all {len(left_out)} that are left out: {out / LEFT_OUT_FILE}")
    processes.wait()
    _go_on(resolved, data, folder, processes, say, watch, judge)


@only_one_writes
def resume_recipe(
    out: Path,
    recipe: Recipe | None = None,
    data: Data | None = None,
    say: Say = print,
    watch: Watch = lambda report: None,
    judge: Validate | None = None,
) -> None:
    """Go on with the recipe's run in `out`, bit for bit.

    Args:
        recipe: refused where it is not that of the run; None takes the run's own.
        data: where the recordings lie now; None takes the paths of the run.
        judge: as of `start_recipe`.

    Raises:
        TrainingError: the folder holds no such run, or another recipe or other recordings are
            given than it began with.
    """
    processes = Processes.from_environment()
    folder = RecipeFolder(out, writes=processes.rank == 0)
    say, watch = (say, watch) if folder.writes else (_ignore, _ignore)
    own, made_from = folder.recipe(), folder.made_from()
    if recipe is not None and recipe_hash(resolve(recipe)) != made_from["recipe"]:
        raise TrainingError(
            f"{out} was begun with another recipe ({out / 'recipe.json'}); leave --recipe out to "
            "go on with that one, or choose another --out"
        )
    if recipe_hash(own) != made_from["recipe"]:
        raise TrainingError(
            f"{out / 'recipe.json'} was changed since the run began; restore it, or train it from "
            f"the start with --recipe {out / 'recipe.json'} and another --out"
        )
    data = data if data is not None else made_from["paths"]
    if data_hash(data) != made_from["data"]:
        raise TrainingError(
            f"the recordings are not those that {out} was begun with; restore them, or choose "
            "another --out"
        )
    _go_on(own, data, folder, processes, say, watch, judge)


def _ignore(_: Any) -> None:
    """Only the first of several processes talks."""


def _rehearse(recipe: Recipe, data: Data, processes: Processes, say: Say) -> Sequence[LeftOut]:
    """Try every stage on fresh weights, and say how long each will take.

    Returns:
        what of the recordings is not learned from.
    """
    results: dict[str, Weights] = {"": _start(recipe)}
    total, lines = 0.0, []
    planned = plan(recipe)
    for index, stage in enumerate(planned):
        setup, task = stage.setup, task_of(stage.setup.model)
        prepared = task.prepare(setup, data, _ignore)
        for line in prepared.found if index == 0 else ():
            say(line)
        model = build_model(prepared.model).to(processes.device())
        if results[stage.before]:
            task.transplant(model, results[stage.before])
        choose_what_learns(model, setup.train.learn)
        results[stage.name] = finish(stage, prepared.model, _cpu(model), results)
        seconds = seconds_per_step(
            model, setup.train, prepared.objective, prepared.batches, processes
        )
        total += setup.train.steps * seconds
        lines.append(
            f"stage {index + 1} of {len(planned)}, {stage.name}: {setup.train.steps} steps at "
            f"{1e3 * seconds:.0f} ms, about {_duration(setup.train.steps * seconds)}"
        )
    _final_config(recipe, prepared.model, results[planned[-1].name])
    for line in [*lines, f"in all about {_duration(total)}"]:
        say(line)
    return prepared.left_out


def _go_on(
    recipe: Recipe,
    data: Data,
    folder: RecipeFolder,
    processes: Processes,
    say: Say,
    watch: Watch,
    judge: Validate | None,
) -> None:
    """Train every stage that is not done yet, and write the model."""
    planned = plan(recipe)
    for index, stage in enumerate(planned):
        if folder.is_done(stage.name):
            continue
        say(f"stage {index + 1} of {len(planned)}: {stage.name}")
        named = filter(None, (stage.before, *stage.stage.average_with))
        results = {"": _start(recipe)} | {name: folder.result(name)[1] for name in named}
        model = _train(stage, results[stage.before], data, folder, watch, judge)
        weights = finish(stage, model.config, _cpu(model), results)
        folder.write_result(stage.name, model.config, dict(weights))
        processes.wait()
    config, weights = folder.result(planned[-1].name)
    final = _final_config(recipe, config, weights)
    model = build_model(final)
    model.load_state_dict(weights)
    rounded = to_half(weights) if planned[-1].stage.half_precision else weights
    folder.write_model(final, rounded, _card(recipe, planned, model, folder))


def _train(
    stage: PlannedStage,
    weights: Weights,
    data: Data,
    folder: RecipeFolder,
    watch: Watch,
    judge: Validate | None = None,
) -> Autoencoder:
    """Run a stage from where it stands; what was found and planned is said once for all."""
    run = folder.stage(stage.name)
    if RunFolder(run).state_path.exists():
        return resume_run(run, None, _ignore, watch, data, judge)
    setup = dataclasses.replace(stage.setup, weights=weights or None)
    return start_run(setup, data, run, None, _ignore, watch, judge)


def _start(recipe: Recipe) -> Weights:
    return read_start(recipe.start)[1] if recipe.start else {}


def _cpu(model: Autoencoder) -> dict[str, Tensor]:
    return {name: value.detach().cpu() for name, value in model.state_dict().items()}


def _final_config(recipe: Recipe, trained: AnyConfig, weights: Weights) -> AnyConfig:
    """The recipe's own structure, which the last stage's weights must serve.

    Raises:
        ConfigError: they do not.
    """
    own = structure(recipe.task, recipe.model)
    own = dataclasses.replace(own, **{name: getattr(trained, name) for name in trained.learned})
    try:
        check_same_structure(build_model(own).state_dict(), weights)
    except ModelError as error:
        raise ConfigError(
            f"the last stage's weights do not fit the recipe's model ({error}); let it train that "
            "structure, or one with the same weights"
        ) from error
    return own


def _card(
    recipe: Recipe, planned: list[PlannedStage], model: Autoencoder, folder: RecipeFolder
) -> str:
    """The last stage's card as that of the model, and how it was made."""
    last = planned[-1].stage
    text = (folder.stage(last.name) / "card.md").read_text(encoding="utf-8")
    _, _, _, found = text.split("\n", 3)  # without the stage's title and sentence
    made_from = folder.made_from()
    start = f"from `{Path(recipe.start).name}`" if recipe.start else "from random weights"
    lines = [
        f"# {model.config.name}",
        "",
        task_of(model.config).describe(model),
        found.rstrip(),
        "",
        "## How it was made",
        "",
        f"By its recipe, {start}. What stands above is of its last stage.",
        "",
        *(f"- {each.name}: {each.setup.train.steps} steps. {each.stage.about}" for each in planned),
        "",
    ]
    if last.average_with or last.keep_hz:
        lines += ["Scores are from before the last stage's weights were averaged or joined.", ""]
    lines += [
        f"Recipe `{made_from['recipe']}`,",
        f"data `{made_from['data']}`, Aeolia {made_from['version']}.",
    ]
    if recipe.start:
        lines += ["", *base_card(recipe.start).splitlines()]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _duration(seconds: float) -> str:
    if seconds < 90.0:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400.0 else f"{seconds / 3600:.1f} hours"
