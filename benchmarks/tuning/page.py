"""The page of what studies found, from the file of their results."""

from __future__ import annotations

from typing import Any

from aeolia.evaluation.statistics import mean_interval
from aeolia.evaluation.tables import format_interval, markdown

__all__ = ["page"]

_STATES = {"COMPLETE": "", "PRUNED": "stopped", "FAIL": "failed", "RUNNING": "not finished"}


def page(results: dict[str, Any]) -> str:
    """All studies as Markdown: the trials, and the best one against the recipe over seeds."""
    parts = [
        "# What tuning found\n\n"
        "`aeolia tune RECIPE --data MANIFEST --out STUDY`, then\n"
        "`python -m benchmarks tuning STUDY --recipe RECIPE --data MANIFEST --steps N`.\n\n"
        "A trial has one seed and is short, so its score is a hint. Below each table of trials the "
        "best of them and the recipe as it was are trained at equal length with several seeds, and "
        "scored on the same recordings of the split `choose`; the interval is that of the mean "
        "difference over seeds, 95 %, Student's t.\n"
    ]
    return "\n".join([*parts, *(_study(name, found) for name, found in results.items())])


def _study(name: str, found: dict[str, Any]) -> str:
    study = found["study"]
    (quality, _), *_ = found["objectives"].items()
    keys = list(next((t["values"] for t in study["trials"] if t["values"]), {}))
    titles = [f"{key} ×" if key in study["times"] else key for key in keys]
    rows = [
        [
            str(number) + (", the recipe's own values" if trial["own"] else ""),
            *(_value(trial["values"].get(key)) for key in keys),
            _value(trial["scores"].get(quality)),
            f"{_STATES.get(trial['state'], trial['state'])} after {trial['quarters']} of 4 quarters"
            if trial["quarters"] < 4
            else "",
        ]
        for number, trial in enumerate(study["trials"], start=1)
    ]
    text = f"## {name}\n\n{len(rows)} trials of {study['steps']} steps.\n\n"
    text += markdown(["trial", *titles, quality, ""], rows)
    return text + _against(found)


def _against(found: dict[str, Any]) -> str:
    shipped, tuned = (found["runs"].get(side, {}) for side in ("shipped", "tuned"))
    seeds = sorted(shipped.keys() & tuned.keys())
    if not seeds:
        return ""
    metrics = [name for name in shipped[seeds[0]] if all(name in tuned[s] for s in seeds)]
    rows = []
    for metric in metrics:
        before, after = ([side[seed][metric] for seed in seeds] for side in (shipped, tuned))
        change = mean_interval([b - a for a, b in zip(before, after, strict=True)])
        rows.append(
            [
                metric,
                *(" / ".join(_value(value) for value in values) for values in (before, after)),
                format_interval(change, 3, sign=True),
            ]
        )
    head = (
        f"\nTrained for {found['steps']} steps with the seeds {', '.join(seeds)} "
        f"({found['made']['machine']}; at {found['made']['source']}):\n\n"
    )
    return head + markdown(["on `choose`", "as shipped", "tuned", "tuned - shipped"], rows)


def _value(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
