"""The task of synthesis: its notes, batches, objective and validation."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.config import SynthConfig
from aeolia.data.corpus.left_out import LICENCE, LeftOut
from aeolia.data.corpus.manifest import Row, trainable
from aeolia.data.synth.batches import NoteBatches, held_frames
from aeolia.data.synth.files import NoteFile, find_notes
from aeolia.data.synth.mix_config import NoteMixConfig
from aeolia.data.synth.notes import NotePool, RecordedNote, hold_out, read_notes
from aeolia.data.synth.words import drum_kind, instrument_words
from aeolia.errors import DataError
from aeolia.models.synth.synthesiser import Synthesiser
from aeolia.models.synth.transplant import transplant
from aeolia.runtime.synth.program_names import ALIASES
from aeolia.training.synth.config import SETTINGS
from aeolia.training.synth.objective import SynthObjective
from aeolia.training.synth.validation import SynthValidation, score_names
from aeolia.training.task import Data, Prepared, Say, Setup, Task

__all__ = ["SYNTH", "describe_instruments", "gather_notes"]

_FEW = "too few notes, left out"


def gather_notes(
    path: Path,
    config: SynthConfig,
    mix: NoteMixConfig,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> NotePool:
    """Notes under a folder, measured, those whose licence forbids release left out, and split.

    Raises:
        DataError: no instrument has enough notes.
    """
    found = find_notes(path, mix.kind)
    files = [
        dataclasses.replace(file, instrument=_instrument(file, mix))
        for file in found
        if trainable(Row(file.path, source=file.source, licence=file.licence))
    ]
    counts = Counter(file.instrument for file in files)
    enough = [file for file in files if counts[file.instrument] >= mix.least_notes]
    if not enough:
        most = ", ".join(f"{name} ({count})" for name, count in counts.most_common(3))
        raise DataError(
            f"{path} has no instrument with {mix.least_notes} notes ({most or 'none at all'}); "
            "put the notes of one instrument into one folder, or lower least_notes in --config"
        )
    pool = read_notes(enough, config, mix.kind == "note", progress=progress)
    pool.left_out = [
        LeftOut(file.path, LICENCE, file.licence)
        for file in found
        if not trainable(Row(file.path, source=file.source, licence=file.licence))
    ]
    pool.left_out += [LeftOut(path, reason, why) for reason, path, why in pool.problems]
    usable = Counter(note.file.instrument for note in pool.notes)
    few = [name for name in sorted(counts) if usable[name] < mix.least_notes]
    pool.problems += [(_FEW, name, f"{usable[name]}") for name in few]
    pool.left_out += [
        LeftOut(file.path, _FEW, file.instrument) for file in files if file.instrument in few
    ]
    pool.notes = [note for note in pool.notes if note.file.instrument not in few]
    if not pool.notes:
        raise DataError(f"{path} has too few usable notes; " + "; ".join(pool.words()))
    pool = hold_out(pool, mix.held_out)
    for split in ("train", "choose"):
        if not pool.of(split):
            raise DataError(
                f"{path} leaves no notes to {split} on ({len(pool.notes)} in all); give at least "
                "four pitches of one instrument"
            )
    return pool


def _instrument(file: NoteFile, mix: NoteMixConfig) -> str:
    """What a note counts as."""
    name = drum_kind(file) if mix.kind == "drum" else file.instrument
    return ALIASES.get(name, name) if mix.general_midi else name


def describe_instruments(config: SynthConfig, pool: NotePool) -> SynthConfig:
    """The config with what the notes give: instruments, ranges, words, durations."""
    names = tuple(sorted({note.file.instrument for note in pool.of("train")}))
    ranges, held = [], []
    for name in names:
        notes = [note for note in pool.notes if note.file.instrument == name]
        midi = [note.label_midi for note in notes if note.midi > 0.0]
        ranges.append((float(min(midi, default=0)), float(max(midi, default=0))))
        longest = np.quantile([held_frames(note) for note in notes], 0.8)
        held.append(round(float(longest) / config.frame_rate, 3))
    return dataclasses.replace(
        config,
        instruments=names,
        ranges=tuple(ranges),
        held_seconds=tuple(held),
        instrument_words=tuple(instrument_words(name) for name in names),
    )


def _prepare(setup: Setup, data: Data, say: Say) -> Prepared:
    config, mix, path = setup.train, setup.mix, data.get("notes")
    if path is None:
        raise DataError("no notes were given; name a folder of notes")

    def progress(done: int, total: int) -> None:
        if done % 200 == 0 or done == total:
            say(f"listened to {done} of {total} files")

    pool = gather_notes(Path(path), setup.model, mix, progress)
    # A run that goes on has its instruments already; a new one learns what there is.
    model: SynthConfig = setup.model
    if not model.instruments:
        model = describe_instruments(model, pool)
    expected = set(model.instruments)
    notes: list[RecordedNote] = [n for n in pool.of("train") if n.file.instrument in expected]
    if missing := expected - {note.file.instrument for note in notes}:
        raise DataError(
            f"{path} has no notes of {sorted(missing)[0]} any more; the model was set up with "
            "them: restore them, or start a new run"
        )

    def validation() -> SynthValidation | None:
        if not config.validation_clips:
            return None
        return SynthValidation(pool, model, mix, config.validation_clips)

    return Prepared(
        model,
        NoteBatches(notes, model, mix),
        SynthObjective(setup.loss, model, config.seed),
        validation,
        config.batch_size * mix.crop_frames / model.frame_rate,
        pool.words(),
        sorted({note.file.source for note in notes if note.file.source}),
        pool.left_out,
    )


def _describe(model: Synthesiser) -> str:
    parameters = sum(parameter.numel() for parameter in model.parameters())
    config = model.config
    return (
        f"Variational autoencoder of {len(config.instruments)} instruments, "
        f"{config.sample_rate} Hz, {parameters / 1e3:.0f} k parameters, decoder "
        f"{config.decoder}: {', '.join(config.instruments)}."
    )


def _mix_from(started: SynthConfig) -> dict[str, Any]:
    """What starts from a model of drums learns drums."""
    return {"kind": "drum"} if started.unpitched else {}


SYNTH = Task(SETTINGS, _prepare, transplant, _describe, score_names, mix_from=_mix_from)
