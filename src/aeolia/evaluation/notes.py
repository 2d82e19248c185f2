"""Synthesisers judged on recordings of single notes: each is sounded again and compared with it.

Our models encode a note and decode it, with its own pitch and loudness; a command is given the
recording, or what its labels say, or both. The notes are found, and their labels read, as
`aeolia train synth` does: tables, NSynth's and SFZ's lists, names of files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aeolia.audio.files import read_samples
from aeolia.audio.mono import mono
from aeolia.errors import AeoliaError, InputError, ModelError
from aeolia.evaluation.commands import OUT, Command
from aeolia.evaluation.scoring import ClipScores, OnRow, Output, failed, same_shape, score_outputs
from aeolia.metrics import Metric

__all__ = [
    "LabelledNote",
    "NoteSet",
    "NoteSystem",
    "evaluate_notes",
    "find_labelled_notes",
    "load_synthesiser",
    "synthesiser_of_command",
]


@dataclass(frozen=True)
class LabelledNote:
    """A recording of a note; `midi` is 0 and `velocity` -1 where nothing gives them."""

    name: str
    path: Path
    instrument: str
    midi: float = 0.0
    velocity: float = -1.0


@dataclass(frozen=True)
class NoteSet:
    """The notes below a folder, in order of name."""

    folder: Path
    notes: tuple[LabelledNote, ...]


#: (note, its recording [T] or [T, C], rate) -> the note as the system sounds it, of that shape.
NoteSystem = Callable[[LabelledNote, np.ndarray, int], np.ndarray]


def find_labelled_notes(folder: Path | str) -> NoteSet:
    """The notes below a folder, or those that a CSV file lists; audio is not read yet.

    Raises:
        DataError: there is no such folder, or no audio in it.
    """
    from aeolia.data.synth.files import find_notes

    folder = Path(folder)
    root = (folder if folder.is_dir() else folder.parent).resolve()
    notes = []
    for one in find_notes(folder):
        path = Path(one.path)
        inside = path.relative_to(root) if path.is_relative_to(root) else path
        name = inside.with_suffix("").as_posix()
        notes.append(LabelledNote(name, path, one.instrument, one.midi, one.velocity))
    return NoteSet(folder, tuple(notes))


def load_synthesiser(name: str) -> NoteSystem:
    """A released synthesiser or an .onnx file: encodes each note and decodes it again.

    An instrument that the model has by the note's label is that instrument; for another it takes
    the one that sounds most similar.

    Raises:
        ModelError: nothing of this name, a training run, which must be exported first, or a model
            of drums, whose hits have no pitch to follow.
    """
    from aeolia.runtime.catalogue import load

    model = load(name, "synth")
    if model.unpitched:
        raise ModelError(
            f"{name} plays drums, which cannot be encoded by their pitch; name a model of notes"
        )

    def process(note: LabelledNote, audio: np.ndarray, sample_rate: int) -> np.ndarray:
        from aeolia.api.encoding import decode, encode

        known = note.instrument if note.instrument in model.config.instruments else None
        encoding = encode(audio, sample_rate, instrument=known, model=model)
        return decode(encoding, model=model)[0]

    return process


def synthesiser_of_command(line: str) -> tuple[str, NoteSystem]:
    """(name, system) of a command line.

    Places: {in}, the recording; {instrument}, {midi}, {velocity} (0 to 1, 0.8 where unknown),
    {seconds}, {rate}. One that is not given {in} cannot know the length to a sample: what it makes
    is cut, or filled with silence.

    Raises:
        InputError: a line that cannot be run.
    """
    command = Command(line, ("in", "instrument", "midi", "velocity", "seconds", "rate"))
    if not command.places & {"in", "midi", "instrument"} or command.named:
        raise InputError(
            f"the command {line!r} is not told which note: write {{in}}, for its recording, or "
            "{midi} or {instrument}; and {out}"
        )

    def process(note: LabelledNote, audio: np.ndarray, sample_rate: int) -> np.ndarray:
        if "midi" in command.places and not note.midi:
            raise InputError("{midi} cannot be filled: nothing gives the note's pitch")
        words = {
            "instrument": note.instrument,
            "midi": f"{note.midi:g}",
            "velocity": f"{note.velocity if note.velocity >= 0 else 0.8:g}",
            "seconds": f"{len(audio) / sample_rate:.6f}",
            "rate": str(sample_rate),
        }
        sounds = {"in": audio} if "in" in command.places else {}
        made = command.run(sounds, sample_rate, words)[OUT]
        return made if sounds else _fitted(made, audio)

    return command.name, process


def _fitted(made: np.ndarray, audio: np.ndarray) -> np.ndarray:
    """Of the recording's shape: cut or filled with silence, one channel for all or all as one."""
    if made.ndim > audio.ndim:
        made = mono(made)
    elif made.ndim < audio.ndim:
        made = np.tile(made[:, None], (1, audio.shape[1]))
    made = made[: len(audio)]
    return np.pad(made, [(0, len(audio) - len(made))] + [(0, 0)] * (made.ndim - 1))


def evaluate_notes(
    system: NoteSystem,
    notes: Sequence[LabelledNote],
    *,
    label: str = "system",
    metrics: Sequence[Metric],
    jobs: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
    on_row: OnRow | None = None,
) -> list[ClipScores]:
    """Score a system on every note, in their order; see `evaluate`."""
    names = [metric.name for metric in metrics]

    def outputs() -> Iterator[ClipScores | Output]:
        for note in notes:
            labels = {"instrument": note.instrument, "midi": f"{note.midi:g}" if note.midi else ""}
            try:
                audio, sample_rate = read_samples(note.path)
                started = time.perf_counter()
                made = same_shape(system(note, audio, sample_rate), audio)
                seconds = time.perf_counter() - started
            except AeoliaError as error:
                yield failed(note.name, label, labels, names, str(error))
                continue
            duration = len(audio) / sample_rate
            row = ClipScores(
                name=note.name,
                system=label,
                seconds=duration,
                sample_rate=sample_rate,
                channels=1 if audio.ndim == 1 else audio.shape[1],
                real_time_factor=seconds / duration,
                labels=labels,
            )
            yield Output(row, audio, made)

    return score_outputs(
        outputs(), names, jobs=jobs, total=len(notes), on_progress=on_progress, on_row=on_row
    )
