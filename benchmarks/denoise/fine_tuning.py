"""Does fine-tuning on one's own noise help? Writes fine_tuning.md.

    python benchmarks/fine_tuning.py --data DIR [--model denoise-16k] [--minutes 4]

The noise is one place's: the recordings of one held-out noise source. The released model, which
never met it, is fine-tuned on the first half of the recordings, as a user would do it, and both
models are compared on held-out speakers in the other half. DIR holds `manifest.csv`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from aeolia.api import denoise
from aeolia.data.heldout.denoise import SAMPLE_RATE, HeldOut, active_level
from aeolia.evaluation.statistics import Interval, mean_interval, paired_difference
from aeolia.metrics import estoi, pesq_wb, si_sdr
from benchmarks import PAGES

_SNRS_DB = (0, 5, 10)
_CLIPS = 45
_METRICS = {
    "PESQ-WB": lambda reference, estimate: pesq_wb(reference, estimate, SAMPLE_RATE),
    "ESTOI": lambda reference, estimate: estoi(reference, estimate, SAMPLE_RATE),
    "SI-SDR dB": si_sdr,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--model", default="denoise-16k", help="a released model")
    parser.add_argument("--noise", default="clearervoice", help="source of the noise recordings")
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("-o", "--output", type=Path, default=PAGES / "fine_tuning.md")
    options = parser.parse_args()
    manifest = options.data / "manifest.csv"
    held_out = HeldOut(manifest)
    names = sorted(name for name in held_out.noises if name.startswith(f"{options.noise}/"))
    rows = [row for name in names for row in held_out.noises[name]]
    half = len(rows) // 2
    if half == 0:
        raise SystemExit(f"fewer than two held-out recordings of {options.noise}")
    with tempfile.TemporaryDirectory() as place:
        noise = Path(place) / "noise"
        noise.mkdir()
        for row in rows[:half]:
            audio, rate = soundfile.read(row.path)
            soundfile.write(noise / f"{Path(row.path).stem}.wav", audio, rate)
        tuned = Path(place) / "tuned.onnx"
        _aeolia(
            "train",
            "denoise",
            "--speech",
            manifest,
            "--noise",
            noise,
            "--from",
            options.model,
            "--minutes",
            options.minutes,
            "--out",
            Path(place) / "run",
        )
        _aeolia("export", Path(place) / "run", "-o", tuned)
        clips = _clips(held_out, [row.path for row in rows[half:]])
        scores = {
            "noisy": [_score(reference, noisy) for reference, noisy in clips],
            options.model: _scores(clips, options.model),
            "fine-tuned": _scores(clips, tuned),
        }
    options.output.write_text(_table(scores, options, half, len(rows) - half))
    print(options.output.read_text())


def _aeolia(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "aeolia", *map(str, arguments)], check=True)


def _clips(held_out: HeldOut, noises: list[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """(reference, noisy) of held-out speakers in the recordings that were not trained on."""
    rng = np.random.default_rng(20)
    speakers = list(held_out.speakers)
    loaded = [soundfile.read(path, dtype="float32")[0] for path in noises]
    clips = []
    for index in range(_CLIPS):
        speech = held_out.speech(rng, speakers[index % len(speakers)])
        audio = loaded[index % len(loaded)]
        start = rng.integers(max(1, len(audio) - len(speech)))
        noise = np.resize(audio[start:], len(speech))
        gain = 10.0 ** (-_SNRS_DB[index % len(_SNRS_DB)] / 20.0) / active_level(noise)
        noisy = speech + gain * noise
        scale = 0.5 / float(np.abs(noisy).max())
        clips.append((scale * speech, (scale * noisy).astype(np.float32)))
    return clips


def _scores(clips: list[tuple[np.ndarray, np.ndarray]], model: object) -> list[list[float]]:
    return [
        _score(reference, denoise(noisy, SAMPLE_RATE, model=model)) for reference, noisy in clips
    ]


def _score(reference: np.ndarray, estimate: np.ndarray) -> list[float]:
    return [float(metric(reference, estimate)) for metric in _METRICS.values()]


def _table(
    scores: dict[str, list[list[float]]], options: argparse.Namespace, trained: int, tested: int
) -> str:
    lines = [
        "# Fine-tuning on one place's noise",
        "",
        f"`benchmarks/fine_tuning.py --model {options.model} --minutes {options.minutes:g}`:",
        f"noise {options.noise}, {trained} recordings to train on, {tested} others to test on with",
        f"held-out speakers, {_CLIPS} clips of 4 s at {', '.join(map(str, _SNRS_DB))} dB. Means",
        "with 95 % intervals; the last row is the paired difference.",
        "",
        f"| system | {' | '.join(_METRICS)} |",
        f"|---|{'---|' * len(_METRICS)}",
    ]
    for name, values in scores.items():
        cells = [_cell(mean_interval([row[i] for row in values])) for i in range(len(_METRICS))]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    before, after = scores[options.model], scores["fine-tuned"]
    cells = [
        _cell(paired_difference([row[i] for row in after], [row[i] for row in before]))
        for i in range(len(_METRICS))
    ]
    lines.append(f"| fine-tuned minus released | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(interval: Interval) -> str:
    return f"{interval.mean:.3f} ± {interval.half_width:.3f}"


if __name__ == "__main__":
    main()
