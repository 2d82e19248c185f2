"""A study of `aeolia tune`, and its best recipe against the recipe that was tuned.

Both are trained by the same number of steps with the same seeds, shortened as a trial is, and
scored on the same mixtures or notes of the split `choose`. The seed is the unit of the intervals.
What was measured of a study is kept in `results/tuning.json`, so that the page grows over several
runs and an interrupted one goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aeolia.errors import DataError, InputError
from aeolia.files import write_atomically
from aeolia.recipes.catalogue import find_recipe
from aeolia.recipes.recipe import Recipe
from aeolia.training.stages.plan import recipe_hash, resolve
from aeolia.training.stages.recordings import data_of_task
from aeolia.tuning.space import Space, find_space, read_space
from benchmarks import say
from benchmarks.measure.training import train_and_score
from benchmarks.results import provenance, read_kept
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
        AeoliaError: no such study, recipe or data, or a study of another recipe or space; a
            training that failed.
    """
    shipped = resolve(find_recipe(recipe))
    found_space = read_space(space) if space else find_space(recipe, shipped.task)
    _refuse_another(study, shipped, found_space)
    tuned = find_recipe(str(study / "best.json"))
    paths = data_of_task(shipped.task, {"data": data})
    everything = read_kept(results)
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
                runs[str(seed)] = train_and_score(chosen, shipped, paths, steps=steps, seed=seed)
                write_atomically(results, json.dumps(everything, indent=1) + "\n")
    write_atomically(results, json.dumps(everything, indent=1) + "\n")
    write_atomically(output, page(everything))
    say(f"wrote {results} and {output}")


def _refuse_another(study: Path, recipe: Recipe, space: Space) -> None:
    try:
        hashes = json.loads((study / "study.json").read_text())["hashes"]
        other = {"recipe": recipe_hash(recipe), "space": space.hash()}.items() - hashes.items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{study} holds no study of aeolia tune ({error})") from error
    for name in sorted(name for name, _ in other):
        raise InputError(f"{study} is a study of another {name}; name that one with --{name}")


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
