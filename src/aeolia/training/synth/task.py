"""The task of synthesis: its notes, batches, objective and validation."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aeolia.config import SynthConfig
from aeolia.data.corpus.manifest import Row, trainable
from aeolia.data.synth.batches import NoteBatches, held_frames
from aeolia.data.synth.files import find_notes
from aeolia.data.synth.mix_config import NoteMixConfig
from aeolia.data.synth.notes import Note, NotePool, hold_out, read_notes
from aeolia.data.synth.words import drum_kind, instrument_words
from aeolia.errors import DataError
from aeolia.models.synth.synthesiser import Synthesiser
from aeolia.models.synth.transplant import transplant
from aeolia.training.synth.latent_report import latent_report
from aeolia.training.synth.losses import envelope_loss
from aeolia.training.synth.objective import SynthObjective, SynthTrainConfig
from aeolia.training.task import Prepared, Task

__all__ = ["SYNTHESISE", "SynthValidation", "describe_instruments", "gather_notes"]

Progress = Callable[[int, int], None]


def gather_notes(
    place: Path,
    config: SynthConfig,
    mix: NoteMixConfig,
    progress: Progress = lambda done, total: None,
) -> NotePool:
    """Notes under a folder, measured, those whose licence forbids release left out, and split.

    Raises:
        DataError: no instrument has enough notes.
    """
    found = find_notes(place, mix.kind)
    files = [
        dataclasses.replace(file, instrument=drum_kind(file)) if mix.kind == "drum" else file
        for file in found
        if trainable(Row(file.path, source=file.source, licence=file.licence))
    ]
    counts = Counter(file.instrument for file in files)
    enough = [file for file in files if counts[file.instrument] >= mix.least_notes]
    if not enough:
        most = ", ".join(f"{name} ({count})" for name, count in counts.most_common(3))
        raise DataError(
            f"{place} has no instrument with {mix.least_notes} notes ({most or 'none at all'}); "
            "put the notes of one instrument into one folder, or lower least_notes in --config"
        )
    pool = read_notes(enough, config, mix.kind == "note", progress=progress)
    usable = Counter(note.file.instrument for note in pool.notes)
    few = [name for name in sorted(counts) if usable[name] < mix.least_notes]
    pool.problems += [("too few notes, left out", name, f"{usable[name]}") for name in few]
    pool.notes = [note for note in pool.notes if note.file.instrument not in few]
    if not pool.notes:
        raise DataError(f"{place} has too few usable notes; " + "; ".join(pool.words()))
    pool = hold_out(pool, mix.held_out)
    for split in ("train", "valid"):
        if not pool.of(split):
            raise DataError(
                f"{place} leaves no notes to {split} on ({len(pool.notes)} in all); give at least "
                "four pitches of one instrument"
            )
    return pool


def describe_instruments(config: SynthConfig, pool: NotePool) -> SynthConfig:
    """The config with what the notes tell: instruments, ranges, words, how long they were heard."""
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


class SynthValidation:
    """Held-out notes of known instruments, reconstructed from their posterior means."""

    def __init__(self, pool: NotePool, config: SynthConfig, mix: NoteMixConfig, count: int) -> None:
        known = [n for n in pool.of("valid") if n.file.instrument in config.instruments]
        order = np.random.default_rng(mix.seed).permutation(len(known))[:count]
        self.notes = [known[i] for i in order]
        self.batches = NoteBatches(self.notes, config, mix)
        self.distance = SynthObjective(SynthTrainConfig(), config).reconstruction

    @torch.no_grad()
    def __call__(self, model: Synthesiser) -> dict[str, float]:
        """Mean spectral distances, divergence and envelope error, and the latent's report."""
        sums = dict.fromkeys(("logarithmic", "linear", "envelope_db"), 0.0)
        posteriors, pitches, divergences = [], [], []
        for first in range(0, len(self.notes), 8):
            chosen = range(first, min(first + 8, len(self.notes)))
            batch = self.batches.gather(chosen, [0] * len(chosen))
            generator = torch.Generator().manual_seed(first)
            noise = torch.randn(batch.audio.shape, generator=generator)
            latent_noise = torch.zeros(len(chosen), model.config.latent_dim)
            made = model(
                batch.log_power,
                batch.note_hz,
                batch.inside,
                batch.instrument,
                batch.pitch_midi,
                batch.velocity,
                batch.times,
                batch.crop_hz,
                batch.loudness_db,
                batch.age,
                noise,
                latent_noise,
            )
            terms = self.distance(batch.audio, made.decoded, batch.bandwidth_hz, batch.compared)
            for name, values in zip(("logarithmic", "linear"), terms, strict=True):
                sums[name] += float(values.sum())
            error = envelope_loss(made.shape_db, batch.shape_db, batch.held)
            sums["envelope_db"] += float(error) * len(chosen)
            posteriors.append(made.posterior)
            divergences.append(made.divergence)
            pitches.append(batch.pitch_midi)
        scores = {name: total / len(self.notes) for name, total in sums.items()}
        mean = torch.cat([posterior.mean for posterior in posteriors])
        scores["divergence"] = float(torch.cat(divergences).sum(1).mean())
        scores.update(latent_report(mean, torch.cat(divergences), torch.cat(pitches)))
        return scores


def _prepare(
    model_config: Any,
    config: SynthTrainConfig,
    mix: NoteMixConfig,
    data: dict[str, str | None],
) -> Prepared:
    place = data.get("notes")
    if place is None:
        raise DataError("no notes were given; name a folder of notes")
    pool = gather_notes(Path(place), model_config, mix)
    wanted = set(model_config.instruments)
    notes: list[Note] = [n for n in pool.of("train") if n.file.instrument in wanted]
    if missing := wanted - {note.file.instrument for note in notes}:
        raise DataError(
            f"{place} has no notes of {sorted(missing)[0]} any more; the model was set up with "
            "them: restore them, or start a new run"
        )

    def validation() -> SynthValidation | None:
        if not config.validation_clips:
            return None
        return SynthValidation(pool, model_config, mix, config.validation_clips)

    return Prepared(
        NoteBatches(notes, model_config, mix),
        SynthObjective(config, model_config),
        validation,
        config.batch_size * mix.crop_frames / model_config.frame_rate,
        pool.words(),
        sorted({note.file.source for note in notes if note.file.source}),
    )


def _describe(model: Synthesiser) -> str:
    parameters = sum(parameter.numel() for parameter in model.parameters())
    config = model.config
    return (
        f"Variational autoencoder of {len(config.instruments)} instruments, "
        f"{config.sample_rate} Hz, {parameters / 1e3:.0f} k parameters, decoder "
        f"{config.decoder}: {', '.join(config.instruments)}."
    )


SYNTHESISE = Task(SynthTrainConfig, NoteMixConfig, _prepare, transplant, _describe)
