"""A study of `aeolia tune`, and its best recipe against the recipe that was tuned.

Both are trained by the same number of steps with the same seeds, shortened as a trial is, and
scored on the same mixtures or notes of the split `choose`. The seed is the unit of the intervals.
What was measured of a study is kept in `results/tuning.json`, so that the page grows over several
runs and an interrupted one goes on where it was.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aeolia.errors import DataError
from aeolia.files import write_atomically
from aeolia.models.checkpoint import load_checkpoint
from aeolia.recipes.catalogue import find_recipe
from aeolia.recipes.recipe import Recipe
from aeolia.training.stages.plan import recipe_hash, resolve, seeded
from aeolia.training.stages.recordings import data_of_task
from aeolia.training.stages.run import start_recipe
from aeolia.training.task import Data
from aeolia.tuning.cost import mmac_per_second
from aeolia.tuning.space import COST, Space, find_space, read_space
from aeolia.tuning.trial import judge_of, with_mean
from benchmarks import say
from benchmarks.results import provenance
from benchmarks.tuning.page import page

__all__ = ["run"]

#: The recipe as it was, and the study's best.
_SIDES = ("shipped", "tuned")


def run(
    study: Path,
    recipe: str,
    data: Path,
    results: Path,
    output: Path,
    *,
    steps: int,
    seeds: Sequence[int],
    space: Path | None = None,
) -> None:
    """Train both recipes with each seed that is not measured yet, and write the page.

    Args:
        study: the folder of a study of `recipe`.
        data: the manifest that it was made with.
        space: that of the study, where it was not the recipe's own.

    Raises:
        AeoliaError: no such study, recipe or data; a training that failed.
    """
    shipped = resolve(find_recipe(recipe))
    tuned = find_recipe(str(study / "best.json"))
    found_space = read_space(space) if space else find_space(recipe, shipped.task)
    paths = data_of_task(shipped.task, {"data": data})
    everything = _read(results)
    name = str(shipped.model["name"])
    noted = everything.setdefault(name, {"runs": {}})
    key = [recipe_hash(shipped), recipe_hash(resolve(tuned)), steps]
    if noted.get("key") != key:
        noted["runs"] = {}
    noted |= {
        "key": key,
        "steps": steps,
        "study": _study(study, found_space),
        "made": provenance(),
        "objectives": dict(found_space.objectives),
    }
    for seed in seeds:
        for side, chosen in zip(_SIDES, (shipped, resolve(tuned)), strict=True):
            runs = noted["runs"].setdefault(side, {})
            if str(seed) not in runs:
                say(f"{name}, {side}, seed {seed}")
                runs[str(seed)] = _measure(shipped, chosen, found_space, steps, seed, paths)
                write_atomically(results, json.dumps(everything, indent=1) + "\n")
    write_atomically(results, json.dumps(everything, indent=1) + "\n")
    write_atomically(output, page(everything))
    say(f"wrote {results} and {output}")


def _read(results: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(results.read_text()) if results.is_file() else {}
    except ValueError as error:
        raise DataError(f"{results} is damaged ({error}); move it away") from error
    return found


def _measure(
    shipped: Recipe, chosen: Recipe, space: Space, steps: int, seed: int, data: Data
) -> dict[str, float]:
    """Train a recipe with a seed; its scores by those clips that all seeds and recipes share."""
    short = dataclasses.replace(space, steps=steps).shortened(resolve(seeded(chosen, seed)))
    judge = judge_of(shipped, short, data)
    with tempfile.TemporaryDirectory() as folder:
        start_recipe(short, data, Path(folder, "run"), lambda line: None, judge=judge)
        model = load_checkpoint(Path(folder, "run"))
    return {**with_mean(judge(model)), COST: mmac_per_second(model)}


def _study(folder: Path, space: Space) -> dict[str, Any]:
    """The trials of a study as they stand: values, scores, and how far each was trained."""
    import optuna

    storage = f"sqlite:///{(folder / 'study.db').resolve()}"
    names = optuna.study.get_all_study_names(storage)
    if len(names) != 1:
        raise DataError(f"{folder} holds {len(names)} studies; name the folder of one")
    study = optuna.load_study(study_name=names[0], storage=storage)
    trials = []
    for trial in study.get_trials(deepcopy=False):
        scores = dict(trial.user_attrs.get("scores", {}))
        last = trial.last_step
        quality = next(iter(space.objectives))
        if trial.state.name == "PRUNED" and last:
            scores = {quality: trial.intermediate_values[last]}
        trials.append(
            {
                "state": trial.state.name,
                "own": bool(trial.user_attrs.get("own")),
                "values": {key.name: key.of_parameter(trial.params[key.name]) for key in space.keys}
                if trial.params
                else {},
                "scores": scores,
                "quarters": 4 if trial.state.name == "COMPLETE" else (last or 0),
                "failure": trial.user_attrs.get("failure", ""),
            }
        )
    times = {key.name for key in space.keys if key.times}
    return {"steps": space.steps, "trials": trials, "times": sorted(times)}
