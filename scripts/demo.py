"""Denoise the clips in examples/, or the files named, and write a page to compare before and after.

    python scripts/demo.py [--model NAME] [--out FOLDER] [FILE...]

A file NAME.noisy.wav with NAME.clean.wav beside it is also scored against that reference. Without
files, the score in examples/ is played too. Needs only what running a model needs: no PyTorch, no
packages for metrics.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from aeolia.api.instruments import NOTES_MODEL, Synthesiser
from aeolia.api.synthesis import DRUMS_MODEL, play_score_file
from aeolia.audio.files import read_samples
from aeolia.errors import AeoliaError, InputError
from aeolia.evaluation.pairs import Pair
from aeolia.evaluation.report import write_files
from aeolia.evaluation.scoring import System, read_pair, run_system, score_audio
from aeolia.evaluation.systems import load_system
from aeolia.evaluation.tables import format_number, print_table
from aeolia.pictures.page import Clip, Gallery, Version, render_page
from aeolia.pictures.table import Table

ROOT = Path(__file__).resolve().parent.parent
MOST_SECONDS = 1800
SCORE = ROOT / "examples" / "greensleeves.mid"


@dataclass(frozen=True)
class Result:
    """One clip, before and after."""

    name: str
    sample_rate: int
    noisy: np.ndarray
    denoised: np.ndarray
    clean: np.ndarray | None
    real_time_factor: float

    @property
    def seconds(self) -> float:
        """Duration of the clip."""
        return len(self.noisy) / self.sample_rate

    def scores(self) -> tuple[str, str]:
        """SNR and SI-SDR before and after, in dB; dashes without a clean reference."""
        if self.clean is None:
            return "–", "–"
        names = ("snr", "si_sdr")
        before, _ = score_audio(self.clean, self.noisy, self.sample_rate, names)
        after, _ = score_audio(self.clean, self.denoised, self.sample_rate, names)
        first, second = (
            f"{format_number(before[name], 1)} → {format_number(after[name], 1)}" for name in names
        )
        return first, second


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit code (0, or 1 if some files could not be denoised)."""
    options = _parser().parse_args(arguments)
    files = options.files or sorted((ROOT / "examples").glob("*.noisy.wav"))
    if not files:
        raise InputError(
            f"{ROOT / 'examples'} holds no *.noisy.wav; name audio files, or make the examples "
            "with scripts/make_examples.py"
        )
    system = load_system(options.model)
    results: list[Result] = []
    failures: list[str] = []
    for file in files:
        try:
            result = denoise(file, system)
            taken = sum(other.name.split("~")[0] == result.name for other in results)
            results.append(replace(result, name=f"{result.name}~{taken}") if taken else result)
        except AeoliaError as error:
            failures.append(str(error))
    played: list[Clip] = []
    if not options.files:
        try:
            played.append(play(SCORE, options.out))
        except AeoliaError as error:
            failures.append(str(error))
    if results:
        page = write(results, options.out, options.model, played)
        print_table(table_of(results))
        print(f"page to listen and compare: {page}")
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 0 if not failures else 1 if results else 2


def denoise(file: Path, system: System) -> Result:
    """Denoise one file, and read its clean reference if that lies beside it.

    Raises:
        AudioFileError, DataError: a file cannot be read, or the reference does not match.
        InputError: the recording is too long for a demo.
    """
    clean_file = file.with_name(file.name.replace(".noisy.", ".clean."))
    name = file.stem.removesuffix(".noisy")
    clean = None
    if clean_file != file and clean_file.exists():
        noisy, clean, sample_rate = read_pair(Pair(name, file, clean_file))
    else:
        noisy, sample_rate = read_samples(file)
    if len(noisy) > MOST_SECONDS * sample_rate:
        raise InputError(
            f"{file} lasts {len(noisy) / sample_rate / 60:.0f} minutes, and the demo holds whole "
            f"recordings in memory (at most {MOST_SECONDS // 60} minutes); "
            "run: aeolia denoise FILE"
        )
    denoised, seconds = run_system(system, noisy, sample_rate)
    return Result(name, sample_rate, noisy, denoised, clean, seconds * sample_rate / len(noisy))


def play(
    score: Path, folder: Path, model: Synthesiser = NOTES_MODEL, drums: Synthesiser = DRUMS_MODEL
) -> Clip:
    """Play a score into NAME.wav; returns what the page shows of it.

    Raises:
        AeoliaError: the score or a model cannot be read, or the file not be written.
    """
    target = folder / f"{score.stem}.wav"
    report = play_score_file(score, target, model=model, drums=drums, overwrite=True)
    audio, sample_rate = read_samples(target)
    players = ", ".join(dict.fromkeys(report.players.values()))
    print(
        f"{target}: {report.notes} notes by {players}; {report.seconds:.0f} s, played in "
        f"{report.wall_seconds:.1f} s"
    )
    caption = f"{score.name}, played by {players}: {target.name} has all of it."
    return Clip(score.stem, caption, sample_rate, (Version("played", audio),))


def write(results: Sequence[Result], folder: Path, model: str, played: Sequence[Clip] = ()) -> Path:
    """Write NAME.denoised.wav of each result and index.html; returns the page's path."""
    clips = []
    for result in results:
        versions = [Version("before", result.noisy), Version("after", result.denoised)]
        if result.clean is not None:
            versions.append(Version("clean reference", result.clean))
        caption = f"{result.sample_rate / 1000:g} kHz, {_channels(result.noisy)}."
        clips.append(Clip(result.name, caption, result.sample_rate, tuple(versions)))
    introduction = (
        f"Recordings denoised by the model {model}. Start one player and then another of the "
        "same clip: it goes on at the same moment."
    )
    galleries = [Gallery("Listen and look", "", tuple(clips))]
    if played:
        note = "Every instrument is drawn by a network from what it learned of single notes."
        galleries.append(Gallery("A score, played", note, tuple(played)))
    page = render_page("Aeolia: before and after", introduction, [table_of(results)], galleries)
    files = {f"{result.name}.denoised.wav": _wav(result) for result in results}
    write_files(folder, {**files, "index.html": page})
    return folder / "index.html"


def table_of(results: Sequence[Result]) -> Table:
    """Before and after of every clip, with the speed."""
    rows = tuple(
        (
            result.name,
            f"{result.seconds:.1f} s",
            *result.scores(),
            f"{result.real_time_factor:.4f}",
        )
        for result in results
    )
    note = "RTF: processing time over duration, on one thread."
    if any(result.clean is not None for result in results):
        note = "SNR and SI-SDR against the clean reference, higher is better. " + note
    columns = ("clip", "length", "SNR dB", "SI-SDR dB", "RTF")
    return Table("", columns, rows, 1, note)


def _wav(result: Result) -> bytes:
    file = io.BytesIO()
    audio = np.clip(result.denoised, -1, 1)
    soundfile.write(file, audio, result.sample_rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


def _channels(audio: np.ndarray) -> str:
    count = 1 if audio.ndim == 1 else audio.shape[1]
    return {1: "mono", 2: "stereo"}.get(count, f"{count} channels")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="audio files")
    parser.add_argument("--model", default="denoise", help="released model or .onnx file")
    parser.add_argument("--out", default=ROOT / "out/demo", type=Path, help="folder for results")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AeoliaError as problem:
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(2)
