"""The tutorials' pictures: drawings, curves of training and spectrograms, kept in docs/learn.

    python -m handbook --figures RUNS

draws them anew of the runs that the tutorials' commands left in the folder RUNS.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

import aeolia
from aeolia.metrics import si_sdr
from aeolia.pictures.png import encode_png
from aeolia.pictures.spectrogram import colours, spectrogram_db
from handbook import drawings

__all__ = ["draw"]

#: Black gap between pictures that stand beside each other, in pixels.
_GAP = 6
_COLOURS = ("#3f51b5", "#c77700", "#2e7d32", "#b3261e")


def draw(runs: Path, target: Path) -> None:
    """Write all pictures of the tutorials into `target`; those without a run are left."""
    target.mkdir(parents=True, exist_ok=True)
    for name, drawing in drawings.DRAWINGS.items():
        (target / f"{name}.svg").write_text(drawings.draw(drawing, "en"), encoding="utf-8")
        (target / f"{name}.zh.svg").write_text(drawings.draw(drawing, "zh"), encoding="utf-8")
    for name, term, score in (
        ("dae", "mse", ("si_sdr",)),
        ("cae", "mse", tuple(f"{one}_si_sdri" for one in ("drums", "bass", "other", "vocals"))),
        ("vae", "logarithmic", ("logarithmic",)),
    ):
        if (runs / name / "log.csv").exists():
            for ending, titles in (("", ("loss", "held out")), (".zh", ("训练损失", "留出数据"))):
                curves(runs / name, term, score, titles, target / f"{name}-curves{ending}.svg")
    if (runs / "pairs").exists():
        denoised(runs, target / "dae-heard.png")
    if (runs / "cae.onnx").exists():
        separated(runs, target / "cae-heard.png")
    if (runs / "vae.onnx").exists():
        played(runs, target / "vae-heard.png")


def denoised(runs: Path, target: Path) -> None:
    """A held-out pair: noisy, by the textbook's networks, by the released one, clean."""
    name = sorted((runs / "pairs" / "noisy").iterdir())[0].name
    noisy, rate = soundfile.read(runs / "pairs" / "noisy" / name)
    clean, _ = soundfile.read(runs / "pairs" / "clean" / name)
    made = (runs / "dae.onnx", runs / "dae-noise.onnx")
    models = [str(path) for path in made if path.exists()]
    found = [aeolia.denoise(noisy, rate, model=model) for model in [*models, "denoise-16k"]]
    side_by_side([noisy, *found, clean], rate, target)


def separated(runs: Path, target: Path) -> None:
    """A held-out song: mixture, bass as the textbook network and the released one find it, bass."""
    songs = sorted((runs / "made" / "songs").iterdir())
    stems = {path.stem: soundfile.read(path)[0] for path in songs[-1].iterdir()}
    rate = soundfile.info(songs[-1] / "bass.wav").samplerate
    mixture = np.sum(list(stems.values()), axis=0)
    found = [
        aeolia.separate(mixture, rate, sources=["bass"], model=model)["bass"]
        for model in (str(runs / "cae.onnx"), "separate")
    ]
    side_by_side([mixture, *found, stems["bass"]], rate, target, seconds=5.0)
    scores = [f"{si_sdr(stems['bass'], one):.1f}" for one in (mixture, *found)]
    print(
        f"SI-SDR of the bass in dB: mixture {scores[0]}, textbook {scores[1]}, released {scores[2]}"
    )


def played(runs: Path, target: Path) -> None:
    """A bell as it was made, and as the textbook VAE draws it with three seeds."""
    note, rate = soundfile.read(runs / "made" / "notes" / "bell" / "bell_60_f.wav")
    drawn = [
        aeolia.synthesise("bell", 60, seconds=1.4, seed=seed, model=runs / "vae.onnx")[0]
        for seed in (1, 2, 3)
    ]
    side_by_side([note, *drawn], rate, target, seconds=1.5)


def side_by_side(
    sounds: Sequence[np.ndarray], rate: int, target: Path, seconds: float = 3.0
) -> None:
    """Spectrograms of equal scale from left to right, 50 Hz to the top on a logarithmic axis."""
    length = round(seconds * rate)
    parts = [
        spectrogram_db(audio[:length], rate, width=210, height=180, frequency="log")
        for audio in sounds
    ]
    gap = np.full((180, _GAP), -200.0)
    row = np.concatenate([piece for part in parts for piece in (gap, part)][1:], axis=1)
    levels = np.clip((row + 25.0) / 75.0 + 1.0, 0.0, 1.0)  # -25 dB is brightest
    target.write_bytes(encode_png(np.round(levels * 255).astype(np.uint8), colours()))


def curves(
    run: Path, term: str, scores: tuple[str, ...], titles: tuple[str, str], target: Path
) -> None:
    """What the steps of a run minimised, and its scores on what was held out."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    # Text stays text, and the file is the same whenever it is drawn of the same run.
    pyplot.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "aeolia", "font.size": 9})
    figure, axes = pyplot.subplots(1, 2, figsize=(7, 2.4), layout="constrained")
    for axis, log, columns, title in zip(
        axes, ("log", "validation"), ((term,), scores), titles, strict=True
    ):
        for column, colour in zip(columns, _COLOURS, strict=False):
            steps, values = _column(run / f"{log}.csv", column)
            marker = "o" if log == "validation" else ""
            label = column.removesuffix("_si_sdri")
            axis.plot(steps, values, color=colour, marker=marker, markersize=4, label=label)
        axis.set_title(f"{title}: {columns[0] if len(columns) == 1 else 'si_sdri'}")
        axis.grid(alpha=0.3)
        if len(columns) > 1:
            axis.legend(fontsize=8)
    with warnings.catch_warnings():
        # Text stays text: it is drawn in the reader's fonts, not in those that are here.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(target, metadata={"Date": None})
    pyplot.close(figure)


def _column(path: Path, name: str) -> tuple[list[float], list[float]]:
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [float(row["step"]) for row in rows], [float(row[name]) for row in rows]
