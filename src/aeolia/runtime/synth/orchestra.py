"""From a score to voices: which instrument plays a channel's notes, which drum a key.

`general_midi` chooses by the program that a channel had when a note began, so an instrument may
change within a channel; `--map` overrules it for the whole channel. `stage` says what neither
score nor model does: levels beside each other, seats from left to right, releases, vibrato.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from aeolia.errors import InputError
from aeolia.runtime.synth.general_midi import (
    HIHAT_KEYS,
    KIT_KEYS,
    OPEN_HIHAT,
    best_drum,
    best_instrument,
    program_name,
)
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.performance import PlayedNote, touch
from aeolia.runtime.synth.score import DRUM_CHANNEL, Curve, Note, Score
from aeolia.runtime.synth.stage.balance import drum_gain_db, instrument_gain_db
from aeolia.runtime.synth.stage.manners import RINGS_ON, release_of, vibrato_of
from aeolia.runtime.synth.stage.seats import drum_seat, seat_of

__all__ = ["Orchestra", "Part", "orchestrate", "parts_of"]

#: Who plays the tenth channel.
DRUMS = "drums"
_NOTES_PER_PRIOR = 1024
_NO_DRUM = f"no drum lies on their keys (drums lie on {KIT_KEYS[0]} to {KIT_KEYS[-1]})"
#: An open hi-hat that is closed falls silent in this time.
_CHOKED_SECONDS = 0.08


@dataclass(frozen=True)
class Orchestra:
    """Voices, ready for a `Performance`, and the instrument of each channel."""

    voices: tuple[PlayedNote, ...]
    #: Channel (1 to 16) -> name of its instrument, or of several in a row where its program
    #: changes ("piano and flute"); "drums" for the tenth.
    players: dict[int, str]
    #: Sentences on what could not be played as written.
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A channel of a score, and who plays it unless somebody else is named."""

    #: 1 to 16.
    channel: int
    #: What General MIDI calls its programs, in the order of their first notes.
    programs: tuple[str, ...]
    #: As `Orchestra.players` has it.
    player: str
    notes: int
    #: MIDI numbers.
    lowest: int
    highest: int


def parts_of(score: Score, model: OnnxSynthesiser) -> tuple[Part, ...]:
    """The channels of a score that have notes, in rising order."""
    parts = []
    for channel, programs in score.channels().items():
        pitches = [note.pitch for note in score.notes if note.channel == channel]
        drums = channel == DRUM_CHANNEL
        names = dict.fromkeys(best_instrument(model, program) for program in programs)
        called = () if drums else tuple(program_name(program) for program in programs)
        player = DRUMS if drums else " and ".join(names)
        parts.append(Part(channel, called, player, len(pitches), min(pitches), max(pitches)))
    return tuple(parts)


def orchestrate(
    score: Score,
    model: OnnxSynthesiser,
    drums: OnnxSynthesiser | None = None,
    players: Mapping[int, str] | None = None,
) -> Orchestra:
    """Voices for every note of a score.

    Args:
        model: with the pitched instruments.
        drums: the model for channel 10; without it, that channel is left out, with a remark.
        players: channel (1 to 16) -> instrument name, instead of General MIDI's choice.

    Raises:
        InputError: an unknown instrument, a channel that the score does not have, no note left.
    """
    assigned = dict(players or {})
    channels = score.channels()
    _check_channels(assigned, channels)
    remarks = list(score.remarks)
    chosen: dict[int, str] = {}
    voices: dict[int, PlayedNote] = {}
    taken: set[float] = set()
    for channel, programs in channels.items():
        notes = [(n, note) for n, note in enumerate(score.notes) if note.channel == channel]
        if channel == DRUM_CHANNEL and channel not in assigned:
            chosen[channel] = DRUMS
            if drums is None:
                remarks.append(f"{len(notes)} drum notes are left out: no drum model is installed")
                continue
            struck = [(n, note) for n, note in notes if note.pitch in KIT_KEYS]
            remarks.extend(_key_remark([note for _, note in notes]))
            if struck:
                voices.update(_drum_voices(struck, drums, score))
            continue
        by_program = {p: assigned.get(channel) or best_instrument(model, p) for p in programs}
        names = tuple(dict.fromkeys(by_program.values()))
        chosen[channel] = " and ".join(names)
        for name in names:
            own = [(n, note) for n, note in notes if by_program[note.program] == name]
            seat = seat_of(_words(model, name), taken)
            taken.add(seat)
            voices.update(_pitched_voices(own, model, name, score, seat))
            remarks.extend(_range_remark(model, name, channel, [note for _, note in own]))
    if not voices:
        if drums is not None:
            raise InputError(f"the score has nothing but drum notes, and {_NO_DRUM}")
        raise InputError("the score has nothing but drum notes, and no drum model is installed")
    return Orchestra(tuple(voices[n] for n in sorted(voices)), chosen, tuple(remarks))


def _check_channels(assigned: Mapping[int, str], channels: Iterable[int]) -> None:
    absent = sorted(set(assigned) - set(channels))
    if absent:
        raise InputError(
            f"the map names channel {absent[0]}, on which the score has no notes; its channels "
            f"(counted from 1) are {', '.join(map(str, channels))}"
        )


def _words(model: OnnxSynthesiser, name: str) -> set[str]:
    return set(model.words_of(int(model.instrument(name).argmax())))


def _pitched_voices(
    notes: list[tuple[int, Note]], model: OnnxSynthesiser, name: str, score: Score, seat: float
) -> dict[int, PlayedNote]:
    instrument, words = model.instrument(name), _words(model, name)
    gain_db, fall, vibrato = instrument_gain_db(model, name), release_of(words), vibrato_of(words)
    pitch = np.array([note.pitch for _, note in notes], np.float32)
    latents = _latents(model, np.tile(instrument, (len(notes), 1)), pitch, notes)
    return {
        index: replace(
            _voice(note, model, instrument, latents[row], float(note.pitch), score, seat),
            gain_db=gain_db,
            fall_seconds=fall,
            vibrato=vibrato,
        )
        for row, (index, note) in enumerate(notes)
    }


def _drum_voices(
    notes: list[tuple[int, Note]], drums: OnnxSynthesiser, score: Score
) -> dict[int, PlayedNote]:
    names = {key: best_drum(drums, key) for key in {n.pitch for _, n in notes}}
    instruments = np.stack([drums.instrument(names[note.pitch]) for _, note in notes])
    pitch = np.array([np.mean(drums.range_of(one)) for one in instruments], np.float32)
    latents = _latents(drums, instruments, pitch, notes)
    hats = sorted(note.onset_seconds for _, note in notes if note.pitch in HIHAT_KEYS)
    voices = {}
    for row, (index, note) in enumerate(notes):
        seat, key = drum_seat(note.pitch), note.pitch
        voice = _voice(note, drums, instruments[row], latents[row], float(pitch[row]), score, seat)
        # A hit rings as it was recorded, however long its key is down; but a hi-hat can be closed.
        ends, fall = note.release_seconds, RINGS_ON
        following = bisect.bisect_right(hats, note.onset_seconds)
        if key == OPEN_HIHAT and following < len(hats):
            ends, fall = hats[following], _CHOKED_SECONDS
        voices[index] = replace(
            voice,
            release_seconds=ends,
            fall_seconds=fall,
            gain_db=drum_gain_db(drums, names[key], key),
        )
    return voices


def _latents(
    model: OnnxSynthesiser,
    instruments: np.ndarray,
    pitch: np.ndarray,
    notes: list[tuple[int, Note]],
) -> np.ndarray:
    """The most usual timbre of each note, [N, D]."""
    range_db = model.config.velocity_range_db
    velocity = np.array([touch(note.velocity, range_db) for _, note in notes], np.float32)
    parts = [
        model.prior(instruments[at:to], pitch[at:to], velocity[at:to]).mean
        for at in range(0, len(notes), _NOTES_PER_PRIOR)
        for to in [at + _NOTES_PER_PRIOR]
    ]
    return np.concatenate(parts)


def _voice(
    note: Note,
    model: OnnxSynthesiser,
    instrument: np.ndarray,
    latent: np.ndarray,
    pitch_midi: float,
    score: Score,
    seat: float,
) -> PlayedNote:
    # A score that places its channels has said where all of them are.
    pan = score.pans.get(note.channel)
    if pan is None and not score.pans and seat:
        pan = Curve(np.zeros(1), np.array([seat]))
    return PlayedNote(
        model,
        note.onset_seconds,
        note.release_seconds,
        instrument,
        latent,
        pitch_midi,
        touch(note.velocity, model.config.velocity_range_db),
        unpitched=model.unpitched,
        bend=score.bends.get(note.channel),
        level_db=score.levels_db.get(note.channel),
        pan=pan,
        modulation=score.modulations.get(note.channel),
        send=score.sends.get(note.channel),
    )


def _key_remark(notes: list[Note]) -> list[str]:
    """On drum notes that every kit leaves silent."""
    outside = sum(note.pitch not in KIT_KEYS for note in notes)
    return [f"{outside} of {len(notes)} drum notes are left out: {_NO_DRUM}"] if outside else []


def _range_remark(model: OnnxSynthesiser, name: str, channel: int, notes: list[Note]) -> list[str]:
    low, high = model.range_of(model.instrument(name))
    outside = sum(not low - 1 <= note.pitch <= high + 1 for note in notes)
    if not outside:
        return []
    return [
        f"channel {channel}: {outside} of {len(notes)} notes are outside the range that {name} was "
        f"learned from ({low:.0f} to {high:.0f})"
    ]
