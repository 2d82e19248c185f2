"""Songs that others have written: MIDI files, whose channels become the parts of a song.

A stretch is cut from anywhere in a file. Basses are known by their program, drums by their channel,
as General MIDI has them; all else is `other`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aeolia.audio.smf import SmfFile, parse_smf
from aeolia.data.corpus.manifest import split_drawn
from aeolia.data.songs.composing.score import DRUM_CHANNEL, Bar, Composition, Note, Outline, Part
from aeolia.errors import DataError, InputError
from aeolia.files import read_limited

__all__ = ["Score", "find_scores", "stretch_of"]

_SUFFIXES = (".mid", ".midi")
_MOST_BYTES = 2**24
_BASSES = range(32, 40)
#: Choirs are voices that are no vocals, which would teach the wrong thing: strings play for them.
_CHOIRS, _STRINGS = (52, 53, 54, 85, 91), 48
#: More parts than these are left out, those with the fewest notes first.
_MOST_PARTS = 14
#: A stretch has so many notes a second, or the file has nothing to offer.
_LEAST_NOTES_PER_SECOND = 1.0
_BEATS_PER_BAR, _STEPS_PER_BEAT = 4, 4
#: Tempos that a song is counted in, by doubling or halving what the file says.
_SLOWEST, _FASTEST = 60.0, 180.0


@dataclass(frozen=True)
class Score:
    """A MIDI file and its split."""

    path: Path
    split: str


class _Played(NamedTuple):
    """A note in seconds, with its channel and program."""

    start: float
    end: float
    key: int
    velocity: int
    channel: int
    program: int


def find_scores(folder: Path) -> list[Score]:
    """MIDI files under a folder, in the order of their names, each with a split of its own.

    Raises:
        DataError: there is no such folder, or no MIDI file in it.
    """
    if not folder.is_dir():
        raise DataError(f"no folder of MIDI files at {folder}")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not paths:
        raise DataError(f"{folder} holds no MIDI files ({', '.join(_SUFFIXES)})")
    return [Score(path, split_drawn(path.relative_to(folder).as_posix())) for path in paths]


def stretch_of(path: Path, rng: np.random.Generator, seconds: float) -> Composition | None:
    """A stretch of a score; None where the file holds too few notes for that.

    Raises:
        DataError: it cannot be read, or is no MIDI file.
    """
    data = read_limited(path, "MIDI file", _MOST_BYTES, DataError)
    try:
        parsed = parse_smf(data, str(path))
    except InputError as error:
        raise DataError(str(error)) from error
    times = _seconds(parsed)
    notes = list(_notes(parsed, times))
    if not notes:
        return None
    first, last = min(n.start for n in notes), max(n.end for n in notes)
    begin = first + float(rng.random()) * max(0.0, last - first - seconds)
    notes = [n for n in notes if begin <= n.start < begin + seconds]
    if len(notes) < _LEAST_NOTES_PER_SECOND * seconds:
        return None
    bpm = _tempo(parsed)
    outline = _outline(path, bpm, seconds)
    parts = _parts(notes, begin, bpm)
    return Composition(outline, tuple(parts), tuple(_melody(parts)))


def _seconds(parsed: SmfFile) -> list[float]:
    """The time of each event."""
    times, now, tick = [], 0.0, 0
    per_tick = 0.5 / parsed.ticks_per_quarter
    for event in parsed.events:
        if parsed.ticks_per_second:
            now = event.tick / parsed.ticks_per_second
        else:
            now += (event.tick - tick) * per_tick
        tick = event.tick
        if event.kind == "tempo":
            per_tick = int.from_bytes(event.data[-3:], "big") / 1e6 / parsed.ticks_per_quarter
        times.append(now)
    return times


def _tempo(parsed: SmfFile) -> float:
    """Beats a minute, the file's first, within what songs are counted in."""
    tempos = (int.from_bytes(e.data[-3:], "big") for e in parsed.events if e.kind == "tempo")
    bpm = 6e7 / max(1, next(tempos, 500000))
    while bpm < _SLOWEST:
        bpm *= 2.0
    while bpm > _FASTEST:
        bpm /= 2.0
    return bpm


def _notes(parsed: SmfFile, times: Sequence[float]) -> Iterator[_Played]:
    """Notes from their beginning to their end; what is never ended, ends at once."""
    programs: dict[int, int] = defaultdict(int)
    sounding: dict[tuple[int, int], tuple[float, int]] = {}
    for event, now in zip(parsed.events, times, strict=True):
        if event.kind != "channel":
            continue
        kind, channel = event.data[0] & 0xF0, event.data[0] & 0x0F
        if kind == 0xC0:
            programs[channel] = event.data[1]
        elif kind in (0x80, 0x90):
            key = event.data[1]
            if (before := sounding.pop((channel, key), None)) is not None:
                start, velocity = before
                yield _Played(start, now, key, velocity, channel, programs[channel])
            if kind == 0x90 and event.data[2]:
                sounding[channel, key] = now, event.data[2]


def _outline(path: Path, bpm: float, seconds: float) -> Outline:
    """Bars at one tempo; the harmony is the file's own, and nobody asks for it."""
    count = int(np.ceil(seconds * bpm / 60.0 / _BEATS_PER_BAR)) + 1
    bars = tuple(
        Bar(float(k * _BEATS_PER_BAR), "verse", k, k == count - 1, 0, (0, 4, 7))
        for k in range(count)
    )
    major = (0, 2, 4, 5, 7, 9, 11)
    return Outline(
        "score", _BEATS_PER_BAR, _STEPS_PER_BEAT, 0.0, 0, "unknown", major, bars, (bpm,) * count
    )


def _parts(notes: Sequence[_Played], begin: float, bpm: float) -> list[Part]:
    """A part a channel and program, the busiest first."""
    groups: dict[tuple[int, int], list[Note]] = defaultdict(list)
    for note in notes:
        beats = ((note.start - begin) * bpm / 60.0, (note.end - note.start) * bpm / 60.0)
        one = Note(beats[0], max(0.05, beats[1]), note.key, note.velocity)
        groups[note.channel, note.program].append(one)
    parts = []
    for (channel, program), own in sorted(groups.items(), key=lambda item: -len(item[1])):
        stem = "bass" if program in _BASSES else "other"
        if channel == DRUM_CHANNEL:
            stem = "drums"
        elif program in _CHOIRS:
            program = _STRINGS
        name = f"channel {channel + 1}, program {program}"
        drums = DRUM_CHANNEL if stem == "drums" else 0
        parts.append(Part(name, stem, program, tuple(own), channel=drums, reverb=0.15))
    return parts[:_MOST_PARTS]


def _melody(parts: Sequence[Part]) -> list[Note]:
    """The top notes of the highest part: what a voice would take."""
    others = [part for part in parts if part.stem == "other" and len(part.notes) >= 8]
    if not others:
        return []
    lead = max(others, key=lambda part: float(np.median([note.key for note in part.notes])))
    melody: list[Note] = []
    for note in sorted(lead.notes, key=lambda note: (note.start, -note.key)):
        if melody and note.start - melody[-1].start < 0.1:
            continue
        if melody:
            length = min(melody[-1].length, note.start - melody[-1].start)
            melody[-1] = melody[-1]._replace(length=length)
        melody.append(note)
    return melody
