"""Does fine-tuning on one's own noise help? Writes fine_tuning.md.

The noise is of one location: the recordings of one held-out noise source. The released model, which
never met it, is fine-tuned on the first half of the recordings, as a user would do it, and both
models are compared on held-out speakers in the other half.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from aeolia import denoise
from aeolia.data.heldout.denoise import SAMPLE_RATE, HeldOut, active_level
from aeolia.errors import DataError
from aeolia.evaluation.statistics import paired_difference
from aeolia.evaluation.tables import format_interval, format_mean, markdown
from aeolia.files import write_atomically
from aeolia.metrics import estoi, pesq_wb, si_sdr
from benchmarks import say
from benchmarks.measure.processes import aeolia_command

__all__ = ["run"]

_SNRS_DB = (0, 5, 10)
_CLIPS = 45
_METRICS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "PESQ-WB": lambda reference, estimate: pesq_wb(reference, estimate, SAMPLE_RATE),
    "ESTOI": lambda reference, estimate: estoi(reference, estimate, SAMPLE_RATE),
    "SI-SDR dB": si_sdr,
}


def run(data: Path, output: Path, *, model: str, noise: str, minutes: float) -> None:
    """Fine-tune, score, write the page.

    Args:
        data: a folder with manifest.csv.
        model: a released model.
        noise: source of the noise recordings, as the manifest names it.
        minutes: of training.

    Raises:
        AeoliaError: a wrong path, a folder that is no data, an unknown model.
    """
    manifest = data / "manifest.csv"
    held_out = HeldOut(manifest)
    names = sorted(name for name in held_out.noises if name.startswith(f"{noise}/"))
    rows = [row for name in names for row in held_out.noises[name]]
    half = len(rows) // 2
    if half == 0:
        raise DataError(f"fewer than two recordings of {noise!r} are held out; name another source")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for row in rows[:half]:
            audio, rate = soundfile.read(row.path)
            path = folder / "noise" / f"{Path(row.path).stem}.wav"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, audio, rate)
        tuned, trained = folder / "tuned.onnx", folder / "run"
        sounds = ["--speech", manifest, "--noise", folder / "noise"]
        settings = ["--from", model, "--minutes", minutes, "--out", trained]
        aeolia_command("train", "denoise", *sounds, *settings)
        aeolia_command("export", trained, "-o", tuned)
        clips = _clips(held_out, [row.path for row in rows[half:]])
        scores = {
            "noisy": [_score(reference, noisy) for reference, noisy in clips],
            model: _scores(clips, model),
            "fine-tuned": _scores(clips, tuned),
        }
    head = (
        "# Fine-tuning on the noise of one location\n\n`python -m benchmarks fine-tuning "
        f"--model {model} --minutes {minutes:g}`:\nnoise {noise}, {half} recordings to train on, "
        f"{len(rows) - half} others to test on with\nheld-out speakers, {_CLIPS} clips of 4 s at "
        f"{', '.join(map(str, _SNRS_DB))} dB. Means\nwith 95 % intervals; the last row is the "
        "paired difference.\n"
    )
    write_atomically(output, f"{head}\n{_table(scores, model)}")
    say(f"wrote {output}")


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


def _scores(clips: list[tuple[np.ndarray, np.ndarray]], model: str | Path) -> list[list[float]]:
    return [
        _score(reference, denoise(noisy, SAMPLE_RATE, model=model)) for reference, noisy in clips
    ]


def _score(reference: np.ndarray, estimate: np.ndarray) -> list[float]:
    return [float(metric(reference, estimate)) for metric in _METRICS.values()]


def _table(scores: dict[str, list[list[float]]], model: str) -> str:
    columns = {name: list(zip(*values, strict=True)) for name, values in scores.items()}
    rows = [
        [name, *(format_mean(values, 3) for values in by_metric)]
        for name, by_metric in columns.items()
    ]
    gains = [
        format_interval(paired_difference(after, before), 3)
        for after, before in zip(columns["fine-tuned"], columns[model], strict=True)
    ]
    return markdown(["system", *_METRICS], [*rows, ["fine-tuned minus released", *gains]])
