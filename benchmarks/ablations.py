"""What each idea is worth: one factor changed at a time, equal training. Writes ablations.md.

    python benchmarks/ablations.py --data DIR --minutes 10 [--from denoise-16k] [--only NAME ...]

Every variant is trained by `aeolia train denoise` for the same minutes of this machine (which
should be idle), exported, and scored on held-out mixtures; differences are paired with the first
row's. Finished variants are remembered under `--cache`, so the table grows over several runs.
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

from heldout import Pair, build_sets
from quality import our_system, score
from tables import estimate, markdown

from aeolia.data.cache import default_cache_dir

Sections = dict[str, dict[str, Any]]

#: The first is what the others differ from. "preset" is not a section: another structure.
VARIANTS: dict[str, dict[str, Any]] = {
    "as released": {},
    "magnitude weight 10, SNR weight 1": {
        "train": {"magnitude_weight": 10.0, "snr_weight": 1.0}
    },
    "no SNR term": {"train": {"snr_weight": 0.0}},
    "no magnitude term": {"train": {"magnitude_weight": 0.0}},
    "no complex term": {"train": {"complex_weight": 0.0}},
    "no skips": {"model": {"skips": False}},
    "one complex tap": {"model": {"filter_taps": 1}},
    "five complex taps": {"model": {"filter_taps": 5}},
    "latent 40": {"model": {"latent_dim": 40}},
    "hidden 96": {"model": {"hidden_dim": 96}},
    "hidden 192": {"model": {"hidden_dim": 192}},
    "linear bins only to 1 kHz": {
        "model": {"n_linear_bins": 32, "band_groups": [[8000, 96]]}
    },
    "no recurrence in the decoder": {"model": {"decoder": "conv"}},
    "no rooms": {"mix": {"reverb": 0.0}},
    "no babble": {"mix": {"babble": 0.0}},
    "no equaliser": {"mix": {"equaliser": 0.0}},
    "recorded noise only": {
        "mix": {"recorded": 1.0, "coloured": 0.0, "gaussian": 0.0, "babble": 0.0, "hum": 0.0}
    },
    "SNR up to 25 dB": {"mix": {"snr_db": [-8, 25]}},
    "crops of 2 s, batch 24": {"train": {"batch_size": 24}, "mix": {"crop_seconds": 2.0}},
    "crops of 6 s, batch 8": {"train": {"batch_size": 8}, "mix": {"crop_seconds": 6.0}},
    "no weight averaging": {"train": {"ema_decay": 0.0}},
    "learning rate 3e-4": {"train": {"learning_rate": 3e-4}},
    "learning rate 2e-3": {"train": {"learning_rate": 2e-3}},
    "no decay of the learning rate": {"train": {"decay_share": 0.0}},
    "textbook": {"preset": "textbook"},
    "textbook-lstm": {"preset": "textbook-lstm"},
}
_BASE: Sections = {
    "train": {"validation_clips": 0, "decay_share": 0.5},
    "mix": {"crop_seconds": 3.0, "snr_db": [-8, 20]},
}
_METRICS = (("pesq_wb", "PESQ-WB", 3), ("estoi", "ESTOI", 3), ("si_sdr", "SI-SDR dB", 2))

Clips = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--minutes", type=float, default=10.0, help="of training per variant")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS), help="variants to train now")
    parser.add_argument("--from", dest="start_from", help="start from this model, not afresh")
    parser.add_argument("--cache", type=Path, default=default_cache_dir() / "ablations")
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).with_suffix(".md"))
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    manifest = options.data / "manifest.csv"
    pairs = build_sets(manifest)["mixtures"]
    found: dict[str, list[Clips]] = {}
    for name, change in VARIANTS.items():
        for seed in options.seeds:
            place = options.cache / f"{_key(change, seed, options)}.json"
            if not place.exists() and (options.only is None or name in options.only):
                place.write_text(json.dumps(_measure(change, seed, options, manifest, pairs)))
            if place.exists():
                found.setdefault(name, []).append(json.loads(place.read_text()))
    options.output.write_text(_page(found, options, len(pairs)))
    print(options.output.read_text())


def _key(change: dict[str, Any], seed: int, options: argparse.Namespace) -> str:
    said = json.dumps([change, _BASE, seed, options.minutes, options.start_from], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _measure(
    change: dict[str, Any],
    seed: int,
    options: argparse.Namespace,
    manifest: Path,
    pairs: list[Pair],
) -> Clips:
    """Train and score one variant: each metric's value per clip, and the steps it took."""
    preset = change.get("preset", "denoise-16k")
    sections = {
        part: {**_BASE.get(part, {}), **change.get(part, {})} for part in ("model", "train", "mix")
    }
    if preset != "denoise-16k":  # the textbook's own mixtures, but for as long
        sections["mix"] = {"crop_seconds": _BASE["mix"]["crop_seconds"]}
    with tempfile.TemporaryDirectory() as folder:
        run, config, model = Path(folder, "run"), Path(folder, "c.json"), Path(folder, "m.onnx")
        config.write_text(json.dumps(sections))
        start = ["--from", options.start_from] if options.start_from else []
        _aeolia(
            "train", "denoise", "--speech", manifest, "--noise", manifest, "--rooms", manifest,
            "--preset", preset, "--config", config, "--seed", seed, "--minutes", options.minutes,
            "--out", run, *start,
        )  # fmt: skip
        _aeolia("export", run, "-o", model)
        steps = json.loads((run / "train.json").read_text())["train"]["steps"]
        # Scores of a passing model are not worth remembering clip by clip.
        scores = score(our_system(str(model)), "mixtures", pairs, Path(folder), lambda _: None)
    return {
        "steps": [float(steps)],
        **{metric: [clip[metric] for clip in scores] for metric, _, _ in _METRICS},
    }


def _aeolia(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "aeolia", *map(str, arguments)], check=True)


def _page(found: dict[str, list[Clips]], options: argparse.Namespace, n: int) -> str:
    first = next(iter(found.values()), [])
    rows = []
    for name, runs in found.items():
        steps = " / ".join(f"{run['steps'][0]:.0f}" for run in runs)
        rows.append([name, steps, *(_cell(runs, first, *metric) for metric in _METRICS)])
    start = f", starting from {options.start_from}" if options.start_from else ""
    return (
        "# Ablations\n\n"
        f"`benchmarks/ablations.py --minutes {options.minutes:g} --seeds "
        f"{' '.join(map(str, options.seeds))}`: each variant of `denoise-16k` trained for "
        f"{options.minutes:g} minutes{start}, N = {n} held-out mixtures a seed. Means, and the "
        "paired difference from the first row with its 95 % interval.\n\n"
        + markdown(["variant", "steps", *(title for _, title, _ in _METRICS)], rows)
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
