"""The page of a study: history, importance of the keys, quality against cost, a table of trials."""

from __future__ import annotations

import html
import io
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from aeolia.recipes.recipe import Recipe
from aeolia.tuning.space import COST, Space

if TYPE_CHECKING:
    import optuna

__all__ = ["best_trial", "importances", "study_page"]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff }
table { border-collapse: collapse; font-size: .85rem; display: block; overflow-x: auto }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #ddd; text-align: right }
th { position: sticky; top: 0; background: #fff }
tr.best { background: #e8f3e8 }
svg { max-width: 100%; height: auto }
"""
#: Finished trials that importances need, to say more than chance does.
_LEAST = 8


def study_page(recipe: Recipe, space: Space, study: optuna.Study) -> str:
    """The page as HTML, self-contained; one trial at least is complete."""
    trials = study.get_trials(deepcopy=False)
    best = best_trial(study)
    quality = next(iter(space.objectives))
    complete = [trial for trial in trials if trial.state.name == "COMPLETE"]
    states = {name: sum(trial.state.name == name for trial in trials) for name in _STATES}
    counts = ", ".join(f"{count} {_STATES[name]}" for name, count in states.items() if count)
    figures = [
        ("History", _figure(lambda axes: _history(axes, complete, quality, space))),
        ("Quality against cost", _figure(lambda axes: _front(axes, complete, study, quality))),
    ]
    found = importances(study)
    if found:
        figures.insert(1, ("Importance of each key", _figure(lambda axes: _bars(axes, found))))
    else:
        why = f"<p>Not yet: it takes {_LEAST} finished trials, and keys that changed scores.</p>"
        figures.insert(1, ("Importance of each key", why))
    own = next((trial for trial in complete if trial.user_attrs.get("own")), None)
    against = (
        "The recipe's own values are not among the finished trials."
        if own is None
        else f"The recipe's own values at the same length: {_scores(own)}."
    )
    parts = [
        f"<h1>Study of {html.escape(str(recipe.model.get('name', recipe.task)))}</h1>",
        f"<p>{html.escape(recipe.about)}</p>",
        f"<p>{len(trials)} trials ({counts}) of {space.steps} steps, scored on the split choose. "
        f"Best: trial {best.number + 1}, {_scores(best)}. {html.escape(against)} One seed a trial: "
        "what lies close together is not told apart.</p>",
        *(f"<h2>{title}</h2>{drawn}" for title, drawn in figures),
        "<h2>Trials</h2>",
        _table(trials, space, best),
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Study</title><style>{_STYLE}</style>" + "\n".join(parts) + "</html>\n"
    )


_STATES = {
    "COMPLETE": "finished",
    "PRUNED": "stopped early",
    "FAIL": "failed",
    "RUNNING": "running",
    "WAITING": "waiting",
}


def best_trial(study: optuna.Study) -> optuna.trial.FrozenTrial:
    """Of the trials that none beats in all objectives, the one of the best quality."""
    sign = 1.0 if study.directions[0].name == "MAXIMIZE" else -1.0
    return max(study.best_trials, key=lambda trial: sign * trial.values[0])


def importances(study: optuna.Study) -> dict[str, float]:
    """Share of each key in what the quality varies by (PED-ANOVA, Watanabe et al., 2023).

    Returns:
        nothing where too few trials are finished, or none differs from others.
    """
    import optuna

    complete = [t for t in study.get_trials(deepcopy=False) if t.state.name == "COMPLETE"]
    if len(complete) < _LEAST or len({trial.values[0] for trial in complete}) < 2:
        return {}
    several = len(study.directions) > 1
    lower = study.directions[0].name == "MINIMIZE"
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    return dict(
        optuna.importance.get_param_importances(
            study,
            evaluator=evaluator,
            # Given a target, it takes low values for good ones.
            target=(lambda t: t.values[0] if lower else -t.values[0]) if several else None,
        )
    )


def _scores(trial: optuna.trial.FrozenTrial) -> str:
    found = trial.user_attrs.get("scores", {})
    return ", ".join(f"{name} {value:.4g}" for name, value in found.items())


def _figure(draw: Callable[[Any], None]) -> str:
    """A drawing as SVG, letters as shapes: no fonts are asked for."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "aeolia"}):
        figure = Figure(figsize=(8, 3.6), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :]


def _history(
    axes: Any, complete: Sequence[optuna.trial.FrozenTrial], quality: str, space: Space
) -> None:
    numbers = [trial.number + 1 for trial in complete]
    values = [trial.values[0] for trial in complete]
    better = max if space.objectives[quality] == "maximize" else min
    best = [better(values[: k + 1]) for k in range(len(values))]
    axes.plot(numbers, values, "o", color="#3b6ea5", label="finished trials")
    axes.step(numbers, best, where="post", color="#2e7d32", label="best so far")
    axes.set(xlabel="trial", ylabel=quality)
    axes.legend(frameon=False)


def _bars(axes: Any, found: dict[str, float]) -> None:
    names = list(found)[::-1]
    axes.barh(names, [found[name] for name in names], color="#3b6ea5")
    axes.set(xlabel="share")


def _front(
    axes: Any,
    complete: Sequence[optuna.trial.FrozenTrial],
    study: optuna.Study,
    quality: str,
) -> None:
    """Every finished trial; those that none beats in both are joined."""
    sign = 1.0 if study.directions[0].name == "MAXIMIZE" else -1.0
    points = sorted((t.user_attrs["scores"][COST], -sign * t.values[0], t) for t in complete)
    front, last = [], float("inf")
    for cost, worse, _ in points:
        if worse < last:
            front.append((cost, -sign * worse))
            last = worse
    axes.plot([p[0] for p in points], [-sign * p[1] for p in points], "o", color="#3b6ea5")
    axes.plot(*zip(*front, strict=True), "o-", color="#2e7d32", label="no other is better in both")
    own = [p for p in points if p[2].user_attrs.get("own")]
    if own:
        axes.plot(
            own[0][0], -sign * own[0][1], "s", color="#c62828", label="the recipe's own values"
        )
    axes.set(xlabel="MMAC/s", ylabel=quality)
    axes.legend(frameon=False)


def _table(
    trials: Sequence[optuna.trial.FrozenTrial], space: Space, best: optuna.trial.FrozenTrial
) -> str:
    names = sorted({name for trial in trials for name in trial.user_attrs.get("scores", {})})
    names = [*space.objectives, *(name for name in names if name not in space.objectives)]
    keys = [key.name for key in space.keys]
    head = ["trial", "state", *names, *keys, "seconds", "note"]
    rows = []
    for trial in trials:
        scores = trial.user_attrs.get("scores", {})
        seconds = trial.duration.total_seconds() if trial.duration else float("nan")
        note = "the recipe's own values" if trial.user_attrs.get("own") else ""
        if trial.state.name == "PRUNED" and trial.last_step:
            value = trial.intermediate_values[trial.last_step]
            note = f"{value:.4g} after {trial.last_step} quarters"
        cells = [
            str(trial.number + 1),
            _STATES[trial.state.name],
            *(f"{scores[name]:.4g}" if name in scores else "" for name in names),
            *(_shown(trial.params.get(name)) for name in keys),
            f"{seconds:.0f}" if trial.duration else "",
            trial.user_attrs.get("failure", note),
        ]
        mark = ' class="best"' if trial.number == best.number else ""
        rows.append(f"<tr{mark}>" + "".join(f"<td>{html.escape(c)}</td>" for c in cells) + "</tr>")
    first = "".join(f"<th>{html.escape(name)}</th>" for name in head)
    return f"<table><tr>{first}</tr>{''.join(rows)}</table>"


def _shown(value: Any) -> str:
    if isinstance(value, str):  # one of a list, as JSON
        value = json.loads(value)
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
