"""What each idea is worth: one factor changed at a time, equal training.

    python benchmarks/ablations.py --data DIR --minutes 10 [--task separate|synth] [--only NAME ...]

Every variant is trained by `aeolia train` for the same minutes of this machine (which should be
idle) and scored on held-out mixtures or notes; differences are paired with the first row's.
Finished variants are remembered under `--cache`, so the table grows over several runs. Writes
ablations.md, ablations-separate.md or ablations-synth.md; the variants are in ablation_studies.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from aeolia.data.cache import cache_folder
from benchmarks import PAGES
from benchmarks.ablations.studies import STUDIES, Clips, Study
from benchmarks.tables import estimate, markdown


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--task", choices=list(STUDIES), default="denoise")
    parser.add_argument("--minutes", type=float, default=10.0, help="of training per variant")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--only", nargs="*", help="variants to train now; none: only the table")
    parser.add_argument("--from", dest="start_from", help="start from this model, not afresh")
    parser.add_argument("--cache", type=Path, default=cache_folder() / "ablations")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    study = STUDIES[options.task]
    if unknown := set(options.only or ()) - set(study.variants):
        parser.error(f"no variant is called {sorted(unknown)}; there are {list(study.variants)}")
    options.cache.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[Clips]] = {}
    for name, change in study.variants.items():
        for seed in options.seeds:
            place = options.cache / f"{_key(study, change, seed, options)}.json"
            if not place.exists() and (options.only is None or name in options.only):
                place.write_text(json.dumps(_measure(study, change, seed, options)))
            if place.exists():
                found.setdefault(name, []).append(json.loads(place.read_text()))
    suffix = "" if options.task == "denoise" else f"-{options.task}"
    output = options.output or PAGES / f"ablations{suffix}.md"
    output.write_text(_page(study, found, options))
    print(output.read_text())


def _key(study: Study, change: dict[str, Any], seed: int, options: argparse.Namespace) -> str:
    said = json.dumps(
        [
            study.preset,
            change,
            study.base,
            study.textbook,
            seed,
            options.minutes,
            options.start_from,
        ],
        sort_keys=True,
    )
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _measure(study: Study, change: dict[str, Any], seed: int, options: argparse.Namespace) -> Clips:
    """Train and score one variant: each metric's value per clip, and the steps it took."""
    preset = change.get("preset", study.preset)
    base = study.textbook if preset.startswith("textbook") else study.base
    sections = {
        part: {**base.get(part, {}), **change.get(part, {})} for part in ("model", "train", "mix")
    }
    with tempfile.TemporaryDirectory() as folder:
        run, config = Path(folder, "run"), Path(folder, "config.json")
        config.write_text(json.dumps(sections))
        start = ["--from", options.start_from] if options.start_from else []
        _aeolia(
            "train",
            options.task,
            *(part.format(options.data) for part in study.recordings),
            "--preset",
            preset,
            "--config",
            config,
            "--seed",
            seed,
            "--minutes",
            options.minutes,
            "--out",
            run,
            *start,
        )
        steps = json.loads((run / "train.json").read_text())["train"]["steps"]
        return {"steps": [float(steps)], **study.measure(run, options.data)}


def _aeolia(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "aeolia", *map(str, arguments)], check=True)


def _page(study: Study, found: dict[str, list[Clips]], options: argparse.Namespace) -> str:
    first = next(iter(found.values()), [])
    rows = []
    for name, runs in found.items():
        steps = " / ".join(f"{run['steps'][0]:.0f}" for run in runs)
        rows.append([name, steps, *(_cell(runs, first, *metric) for metric in study.metrics)])
    start = f", starting from {options.start_from}" if options.start_from else ""
    sounds = "notes" if options.task == "synth" else "mixtures"
    count = len(first[0][study.metrics[0][0]]) if first else 0
    return (
        f"# Ablations: {options.task}\n\n"
        f"`benchmarks/ablations.py --task {options.task} --minutes {options.minutes:g} --seeds "
        f"{' '.join(map(str, options.seeds))}`: each variant of `{study.preset}` trained for "
        f"{options.minutes:g} minutes{start}, N = {count} held-out {sounds} a seed. Means, and the "
        "paired difference from the first row with its 95 % interval over clips. Steps are planned "
        "from the time that the first ones take, which is not exact.\n\n"
        + markdown(["variant", "steps", *(title for _, title, _ in study.metrics)], rows)
    )


def _cell(runs: list[Clips], first: list[Clips], metric: str, _: str, digits: int) -> str:
    values = [value for run in runs for value in run[metric]]
    mean = f"{sum(values) / len(values):.{digits}f}"
    if runs is first or len(runs) != len(first):
        return mean
    before = [value for run in first for value in run[metric]]
    difference = estimate([a - b for a, b in zip(values, before, strict=True)])
    return f"{mean} ({difference.text(digits, sign=True)})"


if __name__ == "__main__":
    main()
