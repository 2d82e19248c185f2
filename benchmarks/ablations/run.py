"""What each idea is worth: one factor changed at a time, equal training.

Every variant is trained by `aeolia train` for the same minutes of this machine (which should be
idle) and scored on held-out mixtures or notes; differences are paired with the first row's.
Finished variants are remembered, so the table grows over several runs. The variants are in
`studies.py`.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aeolia.errors import InputError
from aeolia.evaluation.statistics import paired_difference
from aeolia.evaluation.tables import format_interval, markdown
from aeolia.files import write_atomically
from aeolia.recipes.recipe import SECTIONS
from benchmarks import say
from benchmarks.ablations.studies import STUDIES, Clips, Study
from benchmarks.measure.processes import aeolia_command

__all__ = ["Trainings", "run"]


@dataclass(frozen=True)
class Trainings:
    """What is trained: of which study, on what, how long."""

    task: str
    #: Folder with manifest.csv, or notes/.
    data: Path
    minutes: float
    seeds: tuple[int, ...] = (0,)
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
    found: dict[str, list[Clips]] = {}
    for name, change in study.variants.items():
        for seed in trainings.seeds:
            path = cache / f"{_key(study, change, seed, trainings)}.json"
            if not path.exists() and (only is None or name in only):
                say(f"{name}, seed {seed}")
                write_atomically(path, json.dumps(_measure(study, change, seed, trainings)))
            if path.exists():
                found.setdefault(name, []).append(json.loads(path.read_text()))
    write_atomically(output, _page(study, found, trainings))
    say(f"wrote {output}")


def _key(study: Study, change: dict[str, Any], seed: int, trainings: Trainings) -> str:
    said = json.dumps(
        [
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


def _page(study: Study, found: dict[str, list[Clips]], trainings: Trainings) -> str:
    first = next(iter(found.values()), [])
    rows = []
    for name, runs in found.items():
        steps = " / ".join(f"{run['steps'][0]:.0f}" for run in runs)
        rows.append([name, steps, *(_cell(runs, first, *metric) for metric in study.metrics)])
    start = f", starting from {trainings.start_from}" if trainings.start_from else ""
    sounds = "notes" if trainings.task == "synth" else "mixtures"
    count = len(first[0][study.metrics[0][0]]) if first else 0
    return (
        f"# Ablations: {trainings.task}\n\n"
        f"`python -m benchmarks ablations {trainings.task} --minutes {trainings.minutes:g} "
        f"{' '.join(f'--seed {seed}' for seed in trainings.seeds)}`: each variant of "
        f"`{study.preset}` trained for {trainings.minutes:g} minutes{start}, N = {count} held-out "
        f"{sounds} a seed. Means, and the paired difference from the first row with its 95 % "
        "interval over clips. Steps are planned from the time that the first ones take, which is "
        "not exact.\n\n"
        + markdown(["variant", "steps", *(title for _, title, _ in study.metrics)], rows)
    )


def _cell(runs: list[Clips], first: list[Clips], metric: str, _: str, digits: int) -> str:
    values = [value for run in runs for value in run[metric]]
    mean = f"{sum(values) / len(values):.{digits}f}"
    if runs is first or len(runs) != len(first):
        return mean
    before = [value for run in first for value in run[metric]]
    difference = paired_difference(values, before)
    return f"{mean} ({format_interval(difference, digits, sign=True)})"
