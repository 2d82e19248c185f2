"""Mel levels of real notes and of draws that answer them: what `likeness` compares.

Collected once and kept, because drawing and listening take minutes and comparing takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from aeolia.data.heldout.synth import HeldOutNotes, sound
from aeolia.data.synth.notes import RecordedNote
from aeolia.metrics.mel import mel_levels
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.performance import Performance, PlayedNote
from benchmarks.synth.ear import resampled

__all__ = ["SECONDS", "collect", "compact", "played"]

#: What of each note is listened to.
SECONDS = 1.0
_FRAMES = 47
_STEPS_PER_DB = 3.0


def compact(audio: np.ndarray, rate: int) -> np.ndarray:
    """Mel levels [47, 80] as uint8: thirds of a decibel above 80 dB below the loudest."""
    length = round(SECONDS * rate)
    levels = mel_levels(np.pad(audio, (0, max(0, length - len(audio))))[:length], rate)[:_FRAMES]
    steps = np.maximum(levels - levels.max() + 80.0, 0.0) * _STEPS_PER_DB
    return np.asarray(np.round(steps), np.uint8)


def collect(model: OnnxSynthesiser, recordings: HeldOutNotes, count: int) -> dict[str, np.ndarray]:
    """Levels, instruments and pitches of several sets of notes.

    known, unseen: real notes. draws: for `count` held-out notes of each instrument, timbres drawn
    from the prior for their pitch and velocity, and played; near: for the same, the nearest
    learned note resampled; answered: the indices of those notes in `unseen`. pairs, pairs_drawn:
    two real notes of one pitch and nearly one velocity, and two draws for them.
    """
    rate = model.config.sample_rate
    rng = np.random.default_rng(0)
    real = {"known": recordings.known, "unseen": recordings.unseen}
    found: dict[str, list[object]] = {}

    def add(kind: str, audio: np.ndarray, index: int, note: RecordedNote) -> None:
        found.setdefault(f"{kind}/levels", []).append(compact(audio, rate))
        found.setdefault(f"{kind}/instrument", []).append(index)
        found.setdefault(f"{kind}/midi", []).append(note.midi)

    n_unseen = 0
    for index, name in enumerate(model.config.instruments):
        for kind, notes in real.items():
            for note in notes[name]:
                add(kind, sound(note, SECONDS, rate), index, note)
        known, unseen = recordings.known[name], recordings.unseen[name]
        for seed, position in enumerate(rng.permutation(len(unseen))[:count]):
            note = unseen[position]
            found.setdefault("answered", []).append(n_unseen + int(position))
            add("draws", played(model, index, note, seed), index, note)
            add("near", _near(note, known, model), index, note)
        n_unseen += len(unseen)
        for seed, pair in enumerate(_pairs([*known, *unseen])):
            for side, note in enumerate(pair):
                add("pairs", sound(note, SECONDS, rate), index, note)
                add(
                    "pairs_drawn",
                    played(model, index, note, 500 + 2 * seed + side),
                    index,
                    note,
                )
    return {kind: np.array(some) for kind, some in found.items()}


def played(model: OnnxSynthesiser, index: int, note: RecordedNote, seed: int) -> np.ndarray:
    """A timbre drawn for a note's instrument, pitch and velocity, played for `SECONDS`."""
    config = model.config
    condition = np.eye(len(config.instruments), dtype=np.float32)[index]
    pitch, push = np.array([note.midi]), np.array([note.velocity])
    latent = model.sample_prior(condition[None], pitch, push, 1000 * index + seed)[0]
    voice = PlayedNote(
        model, 0.0, SECONDS, condition, latent, note.midi, note.velocity, model.unpitched
    )
    length, parts = round(SECONDS * config.sample_rate), []
    for block in Performance([voice], seed=seed).blocks():
        parts.append(block)
        if sum(map(len, parts)) >= length:
            break
    return np.concatenate(parts)[:length]


def _near(note: RecordedNote, known: Sequence[RecordedNote], model: OnnxSynthesiser) -> np.ndarray:
    """The nearest note that was learned from, resampled to the pitch."""
    other = min(
        known, key=lambda one: (abs(one.midi - note.midi), abs(one.velocity - note.velocity))
    )
    ratio = 1.0 if model.unpitched else 2 ** ((note.midi - other.midi) / 12)
    rate = model.config.sample_rate
    return resampled(sound(other, 3.0, rate), ratio, round(SECONDS * rate))


def _pairs(notes: Sequence[RecordedNote], most: int = 2) -> list[tuple[RecordedNote, RecordedNote]]:
    """Pairs of recordings of one pitch, those nearest in velocity: what differs is the take."""
    by_pitch: dict[int, list[RecordedNote]] = {}
    for note in sorted(notes, key=lambda one: one.velocity):
        by_pitch.setdefault(note.label_midi, []).append(note)
    close = [
        (b.velocity - a.velocity, number, a, b)
        for number, some in enumerate(by_pitch.values())
        for a, b in pairwise(some)
    ]
    return [(a, b) for _, _, a, b in sorted(close, key=lambda entry: entry[:2])[:most]]
