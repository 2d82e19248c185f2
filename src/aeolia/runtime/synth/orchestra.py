"""From a score to voices: which instrument plays a channel, which drum a key.

General MIDI's 128 programs come in 16 families of eight; each family names words, and the
instrument that shares the most of them plays. Drum keys (General MIDI's percussion map) do the same
with the drum model's instruments. `--map` overrules both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aeolia.errors import InputError
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.performance import PlayedNote, touch
from aeolia.runtime.synth.score import DRUM_CHANNEL, Note, Score

__all__ = ["Orchestra", "orchestrate"]

#: Words for the 16 families of programs, the best first.
_FAMILIES = (
    ("piano", "keys"),
    ("xylophone", "steel", "hang", "mallet", "struck", "piano"),
    ("organ", "keys", "pad", "woodwind"),
    ("guitar", "plucked"),
    ("bass", "plucked", "low"),
    ("cello", "violin", "strings", "bowed"),
    ("strings", "choir", "voice", "pad", "bowed"),
    ("brass", "trumpet", "tuba", "blown", "sax"),
    ("sax", "reed", "clarinet", "woodwind", "blown"),
    ("flute", "woodwind", "pipe", "blown", "sax"),
    ("lead", "square", "synth"),
    ("pad", "synth", "choir", "strings"),
    ("pad", "synth"),
    ("plucked", "guitar", "ethnic"),
    ("steel", "hang", "xylophone", "struck"),
    ("synth", "pad"),
)
#: Programs that say more than their family.
_PROGRAMS = {
    4: ("electric", "piano", "epiano"),
    5: ("electric", "piano", "epiano"),
    13: ("xylophone",),
    24: ("guitar", "spanish", "classical", "nylon"),
    26: ("electric", "guitar"),
    27: ("electric", "guitar"),
    32: ("double", "bass", "upright"),
    33: ("electric", "bass"),
    34: ("electric", "bass"),
    38: ("synth", "bass"),
    39: ("synth", "bass"),
    40: ("violin",),
    41: ("violin", "viola"),
    42: ("cello",),
    43: ("double", "bass"),
    52: ("choir", "voice"),
    53: ("voice", "choir"),
    56: ("trumpet", "brass"),
    57: ("trombone", "brass"),
    58: ("tuba",),
    60: ("horn", "brass"),
    64: ("soprano", "sax"),
    65: ("alto", "sax"),
    66: ("tenor", "sax"),
    67: ("baritone", "sax"),
    71: ("clarinet",),
    73: ("flute",),
    114: ("steel", "drum"),
}

_DRUMS = {
    **dict.fromkeys((35, 36), ("kick", "bass")),
    **dict.fromkeys((38, 40), ("snare",)),
    37: ("sidestick", "rim", "stick", "snare"),
    39: ("clap", "hand", "snare"),
    **dict.fromkeys((42, 44), ("closed", "hihat", "hat", "cymbal")),
    46: ("open", "hihat", "hat", "cymbal"),
    **dict.fromkeys((41, 43, 45, 47, 48, 50), ("tom", "drum")),
    **dict.fromkeys((49, 52, 55, 57), ("crash", "cymbal")),
    **dict.fromkeys((51, 53, 59), ("ride", "cymbal")),
    54: ("tambourine", "shaker", "closed", "hihat"),
    56: ("cowbell", "bell", "rim"),
    **dict.fromkeys((60, 61, 62, 63, 64), ("conga", "bongo", "hand", "tom")),
    **dict.fromkeys((65, 66), ("timbale", "tom")),
    **dict.fromkeys((69, 70, 82), ("shaker", "closed", "hihat")),
    **dict.fromkeys((75, 76, 77), ("claves", "sidestick", "block", "rim")),
}

_NOTES_PER_PRIOR = 1024


@dataclass(frozen=True)
class Orchestra:
    """Voices, ready for a `Performance`, and the instrument of each channel."""

    voices: tuple[PlayedNote, ...]
    #: Channel -> name of its instrument; "drums" for the tenth.
    players: dict[int, str]
    #: Sentences on what could not be played as written.
    remarks: tuple[str, ...]


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
        players: channel (0 to 15) -> instrument name, instead of General MIDI's choice.

    Raises:
        InputError: an unknown instrument, a channel that the score does not have, no note left.
    """
    assigned = dict(players or {})
    channels = score.channels()
    _check_channels(assigned, channels)
    remarks = list(score.remarks)
    chosen: dict[int, str] = {}
    voices: dict[int, PlayedNote] = {}
    for channel, program in channels.items():
        notes = [(n, note) for n, note in enumerate(score.notes) if note.channel == channel]
        if channel == DRUM_CHANNEL and channel not in assigned:
            chosen[channel] = "drums"
            if drums is None:
                remarks.append(f"{len(notes)} drum notes are left out: no drum model is installed")
                continue
            voices.update(_drum_voices(notes, drums, score))
            continue
        name = assigned.get(channel) or _best(model, _words(program))
        chosen[channel] = name
        voices.update(_pitched_voices(notes, model, name, score))
        remarks.extend(_range_remark(model, name, channel, [note for _, note in notes]))
    if not voices:
        raise InputError("the score has nothing but drum notes, and no drum model is installed")
    return Orchestra(tuple(voices[n] for n in sorted(voices)), chosen, tuple(remarks))


def _check_channels(assigned: Mapping[int, str], channels: Mapping[int, int]) -> None:
    absent = sorted(set(assigned) - set(channels))
    if absent:
        raise InputError(
            f"the map names channel {absent[0]}, on which the score has no notes; its channels "
            f"(counted from 0) are {', '.join(map(str, channels))}"
        )


def _words(program: int) -> tuple[str, ...]:
    return (*_PROGRAMS.get(program, ()), *_FAMILIES[program // 8])


def _best(model: OnnxSynthesiser, words: Sequence[str]) -> str:
    """The instrument that shares the most words, the first words counting most."""
    weights = {word: len(words) - index for index, word in enumerate(words)}

    def shared(index: int) -> float:
        return sum(weights.get(word, 0) for word in model.words_of(index))

    names = model.config.instruments
    return names[max(range(len(names)), key=lambda index: (shared(index), -index))]


def _pitched_voices(
    notes: list[tuple[int, Note]], model: OnnxSynthesiser, name: str, score: Score
) -> dict[int, PlayedNote]:
    instrument = model.instrument(name)
    pitch = np.array([note.pitch for _, note in notes], np.float32)
    latents = _latents(model, np.tile(instrument, (len(notes), 1)), pitch, notes)
    return {
        index: _voice(note, model, instrument, latents[row], float(note.pitch), score)
        for row, (index, note) in enumerate(notes)
    }


def _drum_voices(
    notes: list[tuple[int, Note]], drums: OnnxSynthesiser, score: Score
) -> dict[int, PlayedNote]:
    names = {key: _best(drums, _DRUMS.get(key, ("drum",))) for key in {n.pitch for _, n in notes}}
    instruments = np.stack([drums.instrument(names[note.pitch]) for _, note in notes])
    pitch = np.array([np.mean(drums.range_of(one)) for one in instruments], np.float32)
    latents = _latents(drums, instruments, pitch, notes)
    return {
        index: _voice(note, drums, instruments[row], latents[row], float(pitch[row]), score)
        for row, (index, note) in enumerate(notes)
    }


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
) -> PlayedNote:
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
    )


def _range_remark(model: OnnxSynthesiser, name: str, channel: int, notes: list[Note]) -> list[str]:
    low, high = model.range_of(model.instrument(name))
    outside = sum(not low - 1 <= note.pitch <= high + 1 for note in notes)
    if not outside:
        return []
    return [
        f"channel {channel}: {outside} of {len(notes)} notes are outside the range that {name} was "
        f"learned from ({low:.0f} to {high:.0f})"
    ]
