"""One trial: a recipe with drawn values, trained at the trial's length, scored on `choose`."""

from __future__ import annotations

import dataclasses
import difflib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from aeolia.errors import ConfigError, DataError, TrainingError
from aeolia.models.checkpoint import load_checkpoint
from aeolia.recipes.recipe import Recipe, Stage
from aeolia.training.loop import StepReport, Validate
from aeolia.training.recipe import set_up
from aeolia.training.stages.folder import RecipeFolder
from aeolia.training.stages.plan import plan
from aeolia.training.stages.run import resume_recipe, start_recipe
from aeolia.training.task import Data
from aeolia.training.tasks import task_of
from aeolia.tuning.cost import mmac_per_second
from aeolia.tuning.space import COST, Space

if TYPE_CHECKING:
    import optuna

__all__ = ["RUNGS", "judge_of", "refuse_unknown_objectives", "run_trial"]

#: A trial is looked at after each quarter of its steps.
RUNGS = 4


def run_trial(
    trial: optuna.Trial, space: Space, recipe: Recipe, data: Data, folder: Path
) -> tuple[float, ...]:
    """Train and score; a trial that goes on for another trains on from where that one stood.

    Args:
        recipe: the resolved recipe that is tuned.
        folder: for the runs of trials.

    Returns:
        values of the objectives, in their order. All scores are noted with the trial.

    Raises:
        optuna.TrialPruned: stopped, for others were better by then.
        AeoliaError: it cannot be trained, or has not the scores that are objectives.
    """
    values = {key.name: key.suggest(trial, space.is_whole(recipe, key)) for key in space.keys}
    short = space.shortened(space.apply(recipe, values))
    judge = judge_of(recipe, short, data)
    run = folder / f"{trial.user_attrs.get('continues', trial.number):04d}"
    watch = _Watch(trial, space, short, run)
    try:
        if (run / "recipe.json").is_file():
            resume_recipe(run, None, data, lambda line: None, watch, judge)
        else:
            shutil.rmtree(run, ignore_errors=True)
            start_recipe(short, data, run, lambda line: None, watch, judge)
    except Exception:
        shutil.rmtree(run, ignore_errors=True)  # stopped or failed: nobody goes on with it
        raise
    model = load_checkpoint(run)
    scores = with_mean(judge(model))
    scores[COST] = mmac_per_second(model)
    trial.set_user_attr("scores", {name: float(value) for name, value in scores.items()})
    trial.set_user_attr("run", run.name)
    return tuple(_score(scores, name) for name in space.objectives)


def judge_of(recipe: Recipe, tried: Recipe, data: Data) -> Validate:
    """Scores by the mixtures of the untouched recipe's last stage: all trials have the same clips.

    Args:
        recipe: the resolved recipe that is tuned.
        tried: the recipe of the trial.

    Raises:
        DataError: the data leaves nothing to choose by.
    """
    own, last = plan(recipe)[-1].setup, plan(tried)[-1].setup
    mix = {key: value for key, value in recipe.stages[-1].mix.items() if key != "sample_rate"}
    setup = set_up(last.model, recipe.stages[-1].train, dataclasses.asdict(last.loss), mix)
    judge = None
    if own.train.validation_clips:
        prepared = task_of(setup.model).prepare(setup, data, lambda line: None)
        judge = prepared.validation()
    if judge is None:
        raise DataError(
            "the data, or the recipe's validation_clips, leaves nothing to choose by; give more "
            "recordings to the split choose"
        )
    return judge


def refuse_unknown_objectives(space: Space, recipe: Recipe) -> None:
    """Refuse objectives that no model of the recipe is scored by, before anything is trained.

    Raises:
        ConfigError: with the scores that there are.
    """
    model = plan(recipe)[-1].setup.model
    names = [COST, *task_of(model).scores(model)]
    known = {*names, *with_mean(dict.fromkeys(names, 0.0))}
    for name in space.objectives:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"scores: {', '.join(sorted(known))}"
            raise ConfigError(f"the space's objective {name!r} is no score of this task; {hint}")


def with_mean(scores: Mapping[str, float]) -> dict[str, float]:
    """Scores, and of separators the mean improvement over all sources as "si_sdri"."""
    gains = [value for name, value in scores.items() if name.endswith("_si_sdri")]
    return {**scores, **({"si_sdri": sum(gains) / len(gains)} if gains else {})}


def _score(scores: Mapping[str, float], name: str) -> float:
    if name not in scores:
        raise TrainingError(
            f"the data give no score {name!r}, the space's objective; they give "
            f"{', '.join(sorted(scores))}"
        )
    return scores[name]


class _Watch:
    """Tells the study how a trial stands after each quarter, and stops it where it says so."""

    def __init__(self, trial: optuna.Trial, space: Space, short: Recipe, run: Path) -> None:
        self.trial, self.stages, self.folder = trial, short.stages, RecipeFolder(run)
        self.quality = next(iter(space.objectives))
        # Optuna prunes by one objective only.
        self.prunes = len(space.objectives) == 1
        self.last = 0
        for rung, value in trial.user_attrs.get("reported", {}).items():
            trial.report(value, int(rung))
            self.last = max(self.last, int(rung))

    def __call__(self, report: StepReport) -> None:
        import optuna

        scores = {name.removeprefix("valid_"): v for name, v in report.values.items()}
        steps = [stage.train["steps"] for stage in self.stages]
        before = [s for s, stage in zip(steps, self.stages, strict=True) if self._is_done(stage)]
        rung = RUNGS * (sum(before) + report.step) // sum(steps)
        if not self.prunes or "loss" in scores or rung <= self.last:
            return
        self.last = rung
        self.trial.report(_score(with_mean(scores), self.quality), rung)
        if rung < RUNGS and self.trial.should_prune():
            raise optuna.TrialPruned(f"stopped after {rung} of {RUNGS} quarters")

    def _is_done(self, stage: Stage) -> bool:
        return self.folder.is_done(stage.name)
