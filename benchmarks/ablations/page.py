"""The page of what each idea is worth, from the file of results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aeolia.evaluation.statistics import Interval, mean_interval
from aeolia.evaluation.tables import format_interval, markdown
from benchmarks.ablations.studies import STUDIES, Study

__all__ = ["CONTROL", "page"]

#: The variant that changes nothing.
CONTROL = "control"
#: Seed -> scores.
Runs = Mapping[str, Mapping[str, float]]


def page(results: Mapping[str, Any]) -> str:
    """The tables of all tasks that were measured, as Markdown."""
    parts = [
        "# What each idea is worth\n\n"
        "`python -m benchmarks ablations denoise|separate|synth --data split.csv --steps N`: a "
        "recipe with one thing changed at a time, trained for equal steps with several seeds, and "
        "scored on the same recordings of the split `choose`. Given are means over the seeds, and "
        "in brackets the change: variant minus control, both trained and mixed with the same seed, "
        "with its 95 % interval (Student's t), whose unit is the seed. Equal steps are not equal "
        "cost: MMAC/s is what the network costs where it runs. One interval in twenty leaves zero "
        "out by chance.\n",
        *(_table(task, noted) for task, noted in results.items()),
    ]
    return "\n".join(parts)


def _table(task: str, noted: Mapping[str, Any]) -> str:
    study, runs = STUDIES[task], noted["runs"]
    control: Runs = runs.get(CONTROL, {})
    known = {name: runs[name] for name in study.variants if runs.get(name)}
    undecided = [name for name, found in known.items() if _undecided(study, found, control)]
    rows = [[CONTROL, str(len(control)), _cost(control), *_levels(study, control)]]
    for name in (each for each in known if each not in undecided):
        seeds = str(len(known[name].keys() & control.keys()))
        rows.append([name, seeds, _cost(known[name]), *_cells(study, known[name], control)])
    titles = [title for _, title, _ in study.metrics]
    base = ", ".join(f"{key} {value}" for key, value in study.base.items())
    text = (
        f"## {task}\n\nThe recipe `{study.recipe}`{f' with {base}' if base else ''}, "
        f"{noted['steps']} steps. Scored: {study.scored}. {noted['made']['date']}, "
        f"{noted['made']['machine']}, at {noted['made']['source']}.\n\n"
    )
    text += markdown(["variant", "seeds", "MMAC/s", *titles], rows)
    if undecided:
        text += (
            f"\nUndecided, every interval holds zero: {', '.join(undecided)}. That is no sign that "
            "they change nothing.\n"
        )
    return text


def _undecided(study: Study, found: Runs, control: Runs) -> bool:
    """Whether all intervals hold zero; one seed alone has none, and its row is a hint."""
    changes = [_change(found, control, name) for name, _, _ in study.metrics]
    return all(change.n > 1 and not change.excludes_zero for change in changes)


def _change(found: Runs, control: Runs, metric: str) -> Interval:
    """Variant minus control over the seeds that both were trained with."""
    both = sorted(found.keys() & control.keys())
    return mean_interval([found[seed][metric] - control[seed][metric] for seed in both])


def _levels(study: Study, control: Runs) -> list[str]:
    """The control's means, and how far apart its seeds are."""
    return [
        format_interval(mean_interval([run[name] for run in control.values()]), digits)
        for name, _, digits in study.metrics
    ]


def _cells(study: Study, found: Runs, control: Runs) -> list[str]:
    return [
        f"{mean_interval([run[name] for run in found.values()]).mean:.{digits}f} "
        f"({format_interval(_change(found, control, name), digits, sign=True)})"
        for name, _, digits in study.metrics
    ]


def _cost(found: Runs) -> str:
    return next((f"{run['mmac']:.0f}" for run in found.values()), "")
