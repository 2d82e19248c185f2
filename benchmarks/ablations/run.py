"""What each idea is worth: one factor changed at a time, equal training.

Every variant is trained by `aeolia train` for the same minutes of this machine (which should be
idle), once for each seed, and scored on mixtures or notes of `choose`. The control, the first row,
is trained with the same seeds; it is subtracted seed by seed, and the seed is the unit of the
interval: two trainings that differ in nothing but their random numbers differ by more than clips
do. Finished trainings are remembered, so the table grows over several runs. The variants are in
`studies.py`.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from aeolia.errors import InputError
from aeolia.evaluation.statistics import Interval, mean_interval
from aeolia.evaluation.tables import format_interval, markdown
from aeolia.files import write_atomically
from aeolia.recipes.recipe import SECTIONS
from benchmarks import say
from benchmarks.ablations.studies import STUDIES, Clips, Study
from benchmarks.measure.processes import aeolia_command

__all__ = ["Trainings", "run"]

#: Seed -> the scores of a variant trained with it.
Runs: TypeAlias = dict[int, Clips]


@dataclass(frozen=True)
class Trainings:
    """What is trained: of which study, on what, how long."""

    task: str
    #: Folder with manifest.csv, or notes/.
    data: Path
    minutes: float
    seeds: tuple[int, ...] = (0, 1, 2)
    #: A model to start from; "" starts afresh.
    start_from: str = ""


def run(trainings: Trainings, output: Path, *, only: Sequence[str] | None, cache: Path) -> None:
    """Train and score the variants that are not remembered, write the table of all that are.

    Args:
        only: variants to train now; none: only the table; None: all.

    Raises:
        AeoliaError: an unknown variant, a wrong path, a training that failed.
    """
    study = STUDIES[trainings.task]
    if unknown := set(only or ()) - set(study.variants):
        raise InputError(
            f"there is no variant {sorted(unknown)[0]!r}; there are {', '.join(study.variants)}"
        )
    found: dict[str, Runs] = {}
    for name, change in study.variants.items():
        for seed in trainings.seeds:
            path = cache / f"{_key(study, change, seed, trainings)}.json"
            if not path.exists() and (only is None or name in only):
                say(f"{name}, seed {seed}")
                write_atomically(path, json.dumps(_measure(study, change, seed, trainings)))
            if path.exists():
                found.setdefault(name, {})[seed] = json.loads(path.read_text())
    write_atomically(output, _page(study, found, trainings))
    say(f"wrote {output}")


def _key(study: Study, change: dict[str, Any], seed: int, trainings: Trainings) -> str:
    said = json.dumps(
        [
            "choose",
            study.preset,
            change,
            study.base,
            study.textbook,
            seed,
            trainings.minutes,
            trainings.start_from,
        ],
        sort_keys=True,
    )
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _measure(study: Study, change: dict[str, Any], seed: int, trainings: Trainings) -> Clips:
    """Train and score one variant: each metric's value per clip, and the steps it took."""
    preset = change.get("preset", study.preset)
    base = study.textbook if change.get("textbook") else study.base
    sections = {part: {**base.get(part, {}), **change.get(part, {})} for part in SECTIONS}
    for part in ("train", "mix"):
        sections[part].setdefault("seed", seed)
    with tempfile.TemporaryDirectory() as folder:
        trained, config = Path(folder, "run"), Path(folder, "config.json")
        config.write_text(json.dumps(sections))
        start = ["--from", trainings.start_from] if trainings.start_from else []
        aeolia_command(
            *("train", trainings.task),
            *(part.format(trainings.data) for part in study.recordings),
            *("--preset", preset, "--config", config),
            *("--minutes", trainings.minutes, "--out", trained),
            *start,
        )
        steps = json.loads((trained / "train.json").read_text())["train"]["steps"]
        return {"steps": [float(steps)], **study.measure(trained, trainings.data)}


def _page(study: Study, found: dict[str, Runs], trainings: Trainings) -> str:
    control, *variants = found.items() or [("", {})]
    metrics = [key for key, _, _ in study.metrics]
    undecided = [
        name
        for name, runs in variants
        if len(runs.keys() & control[1].keys()) > 1
        and not any(_change(runs, control[1], key).excludes_zero for key in metrics)
    ]
    shown = [control, *(one for one in variants if one[0] not in undecided)] if found else []
    rows = [
        [
            name,
            str(len(runs)),
            " / ".join(f"{run['steps'][0]:.0f}" for run in runs.values()),
            *(_cell(runs, control[1], key, digits) for key, _, digits in study.metrics),
        ]
        for name, runs in shown
    ]
    titles = [title for _, title, _ in study.metrics]
    text = _head(study, found, trainings) + markdown(["variant", "seeds", "steps", *titles], rows)
    if undecided:
        text += (
            f"\nUndecided, every interval holds zero: {', '.join(undecided)}. That is no sign that "
            "they change nothing.\n"
        )
    return text


def _head(study: Study, found: dict[str, Runs], trainings: Trainings) -> str:
    start = f", starting from {trainings.start_from}" if trainings.start_from else ""
    sounds = "notes" if trainings.task == "synth" else "mixtures"
    first = next((run for runs in found.values() for run in runs.values()), None)
    count = len(first[study.metrics[0][0]]) if first else 0
    most = max((len(runs) for runs in found.values()), default=0)
    seeds = " ".join(f"--seed {seed}" for seed in trainings.seeds)
    words = (
        "Differences are means over seeds of variant minus control, trained and mixed with the "
        "same seed, with 95 % intervals whose unit is the seed."
        if most > 1
        else "One seed each: differences without an interval, and nothing here is decided. Other "
        "random numbers alone move these figures."
    )
    return (
        f"# Ablations: {trainings.task}\n\n"
        f"`python -m benchmarks ablations {trainings.task} --minutes {trainings.minutes:g} {seeds}"
        f"`: each variant of `{study.preset}` trained for {trainings.minutes:g} minutes{start}, "
        f"{count} {sounds} of the split `choose`. {words} Steps are planned from the time that the "
        "first ones take, which is not exact.\n\n"
    )


def _change(runs: Runs, control: Runs, metric: str) -> Interval:
    """Variant minus control over the seeds that both were trained with."""
    both = sorted(runs.keys() & control.keys())
    return mean_interval(
        [_mean(runs[seed][metric]) - _mean(control[seed][metric]) for seed in both]
    )


def _mean(values: Sequence[float]) -> float:
    return mean_interval(values).mean


def _cell(runs: Runs, control: Runs, metric: str, digits: int) -> str:
    """The mean over seeds; of a variant also the difference from the control."""
    means = mean_interval([_mean(run[metric]) for run in runs.values()])
    if runs is control:
        return format_interval(means, digits)
    change = _change(runs, control, metric)
    return f"{means.mean:.{digits}f} ({format_interval(change, digits, sign=True)})"
