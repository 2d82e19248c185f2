"""Speech that sings: its syllables on the notes of a melody, by the vocoder WORLD.

speech -> pitch, envelope, aperiodicity of every 5 ms -> syllables, each stretched to a note, at the
note's pitch with glides, vibrato and drift -> sound

WORLD (Morise, Yokomori and Ozawa, 2016) keeps the envelope, so that vowels stay vowels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aeolia.audio.pitch.vocoder import world
from aeolia.data.songs.composing.score import Note, Outline
from aeolia.errors import MissingExtraError

__all__ = ["can_sing", "sung"]

_SUNG = "a sung voice"
_FRAME_MS = 5.0
#: Pitches that speech is searched for.
_LOWEST_HZ, _HIGHEST_HZ = 70.0, 600.0
#: Frames of a syllable: at least, at most, and where a longer run of voice is cut.
_LEAST, _MOST, _CUT_FROM, _CUT_TO = 12, 70, 25, 60
#: Frames before the vowel that go with it: its consonant.
_LEAD = 12
#: Frames at either end that are not stretched.
_FIXED = 14
#: Frames of a glide from the note before, if it ended no longer ago than that.
_GLIDE, _NEAR = 14, 30
#: Vibrato sets in on notes of this length, after this long.
_VIBRATO_FROM_SECONDS = 0.25
_SILENCE = 1e-12


@dataclass(frozen=True)
class _Speech:
    """Frames of WORLD: pitch [F] in Hz (0 unvoiced), envelope and aperiodicity [F, Q]."""

    pitch: np.ndarray
    envelope: np.ndarray
    aperiodicity: np.ndarray


def can_sing() -> bool:
    """Whether the vocoder is installed."""
    try:
        world(_SUNG)
    except MissingExtraError:
        return False
    return True


def sung(
    outline: Outline,
    melody: Sequence[Note],
    speech: np.ndarray,
    sample_rate: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Speech [T] on a melody, [T'] float32.

    Raises:
        ValueError: the melody is empty, or the speech has too little voice to sing with.
        MissingExtraError: the package pyworld is not installed.
    """
    pyworld = world(_SUNG)
    heard = _analysed(pyworld, speech, sample_rate)
    syllables = _syllables(heard)
    if len(syllables) < 4 or not melody:
        raise ValueError("too little voice in this speech, or nothing to sing")
    shift = _transposition(heard, melody)
    frames = int(outline.seconds * 1000.0 / _FRAME_MS) + 200
    singing = _Singing(heard, frames, rng)
    number = int(rng.integers(len(syllables)))
    for note in melody:
        begin, end = (
            int(float(outline.seconds_at(beat)) * 1000.0 / _FRAME_MS)
            for beat in (note.start, note.start + note.length)
        )
        singing.sing(note, shift, begin, min(end, frames), syllables[number % len(syllables)])
        number += 1
    out = singing.result
    sound = pyworld.synthesize(out.pitch, out.envelope, out.aperiodicity, sample_rate, _FRAME_MS)
    return np.asarray(sound, np.float32)


def _analysed(pyworld: Any, speech: np.ndarray, sample_rate: int) -> _Speech:
    signal = np.ascontiguousarray(speech, np.float64)
    limits = {"f0_floor": _LOWEST_HZ, "f0_ceil": _HIGHEST_HZ, "frame_period": _FRAME_MS}
    pitch, times = pyworld.dio(signal, sample_rate, **limits)
    pitch = pyworld.stonemask(signal, pitch, times, sample_rate)
    envelope = pyworld.cheaptrick(signal, pitch, times, sample_rate)
    return _Speech(pitch, envelope, pyworld.d4c(signal, pitch, times, sample_rate))


def _syllables(heard: _Speech) -> list[tuple[int, int]]:
    """Voiced runs as (first, after the last) frames, long ones cut where they are quietest."""
    voiced = np.concatenate([[False], heard.pitch > 0.0, [False]])
    edges = np.flatnonzero(np.diff(voiced.astype(int)))
    power = heard.envelope.mean(1)
    found = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        while end - start > _MOST:
            cut = start + _CUT_FROM + int(np.argmin(power[start + _CUT_FROM : start + _CUT_TO]))
            found.append((start, cut))
            start = cut
        if end - start >= _LEAST:
            found.append((start, end))
    return found


def _transposition(heard: _Speech, melody: Sequence[Note]) -> int:
    """Octaves in semitones that bring a melody a little above where the speaker speaks."""
    spoken = 69.0 + 12.0 * float(np.log2(np.median(heard.pitch[heard.pitch > 0.0]) / 440.0))
    centre = float(np.median([note.key for note in melody]))
    return 12 * round((spoken + 3.0 - centre) / 12.0)


class _Singing:
    """Frames of a sung line as they are filled, note by note."""

    def __init__(self, heard: _Speech, frames: int, rng: np.random.Generator) -> None:
        self._heard, self._rng = heard, rng
        self.result = _Speech(
            np.zeros(frames),
            np.full((frames, heard.envelope.shape[1]), _SILENCE),
            np.ones((frames, heard.aperiodicity.shape[1])),
        )
        self._vibrato_hz = float(rng.uniform(4.8, 6.2))
        self._vibrato_semitones = float(rng.uniform(0.1, 0.6))
        self._drift = float(rng.uniform(0.0, 0.015))
        self._last: tuple[float, int] | None = None

    def sing(self, note: Note, shift: int, begin: int, end: int, syllable: tuple[int, int]) -> None:
        """A note from frame `begin` to `end` on a syllable of the speech."""
        first, last = syllable
        lead, length = min(_LEAD, first, begin), end - begin
        if length < 8:
            return
        heard, out = self._heard, self.result
        fixed = min(_FIXED, (last - first) // 3, length // 3)
        knots = [0, fixed, length - fixed, length]
        source = np.interp(
            np.arange(length), knots, [0, fixed, last - first - fixed, last - first - 1]
        )
        index = first + source.round().astype(int)
        level = (note.velocity / 100.0) ** 2
        rise = np.minimum(1.0, np.arange(length) / 4.0 + 0.25)
        fade = np.minimum(rise, (length - np.arange(length)) / 10.0)
        out.envelope[begin:end] = heard.envelope[index] * (np.square(fade) * level)[:, None]
        out.aperiodicity[begin:end] = heard.aperiodicity[index]
        before = slice(begin - lead, begin)
        consonant = heard.envelope[first - lead : first] * level
        out.envelope[before] = np.maximum(out.envelope[before], consonant)
        out.aperiodicity[before] = heard.aperiodicity[first - lead : first]
        key = float(note.key + shift)
        out.pitch[begin:end] = 440.0 * 2.0 ** ((self._line(key, begin, length) - 69.0) / 12.0)
        self._last = (key, end)

    def _line(self, key: float, begin: int, length: int) -> np.ndarray:
        """Pitch of a note in semitones, frame by frame."""
        seconds = np.arange(length) * _FRAME_MS / 1000.0
        vibrato = self._vibrato_semitones * np.sin(2.0 * np.pi * self._vibrato_hz * seconds)
        line = key + np.where(seconds > _VIBRATO_FROM_SECONDS, vibrato, 0.0)
        if self._last is not None and begin - self._last[1] < _NEAR:
            glide = min(length, _GLIDE)
            line[:glide] = np.linspace(self._last[0], line[glide - 1], glide)
        return np.asarray(line + np.cumsum(self._rng.normal(0.0, self._drift, length)))
