"""General MIDI soundfonts' levels and releases: the tables that scores are played by.

FluidSynth plays each note alone, without reverb and chorus. Its loudest 400 ms count.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aeolia.audio.loudness import loudest_moment
from aeolia.audio.pitch.contour import loudness_contour
from aeolia.data.songs.fluidsynth import FluidSynth, Room
from aeolia.data.songs.midi import variable_length
from aeolia.runtime.catalogue import load
from aeolia.runtime.synth.general_midi import KIT_KEYS, best_instrument
from aeolia.runtime.synth.stage.balance import MEASURED_VELOCITY, measured_pitches

__all__ = ["balance_tables", "release_of"]

_RATE, _HOP = 48000, 480
_SNARE, _TICKS_PER_SECOND = 38, 960
_HELD_SECONDS, _HEARD_SECONDS, _APART_SECONDS = 1.0, 1.5, 5.0
_DRY = Room(0.2, 0.0, has_reverb=False, has_chorus=False)


def balance_tables(soundfonts: Sequence[Path]) -> str:
    """Loudness of drums and programs beside the snare, means over soundfonts, and releases.

    Programs are measured at the pitches at which `instrument_gain_db` measures ours.
    """
    fonts = [_Font(path) for path in soundfonts]
    lines = [f"drums beside the snare, LU at velocity {MEASURED_VELOCITY}:"]
    lines += [f"{key}: {_mean([font.drum(key) for font in fonts])}" for key in KIT_KEYS]
    lines.append("families of programs: loudness beside the snare, LU; release, s to -60 dB")
    model = load("notes", "synth")
    for family in range(16):
        programs = range(8 * family, 8 * family + 8)
        pitches = [measured_pitches(model, best_instrument(model, number)) for number in programs]
        found = [
            [font.program(number, [int(key) for key in keys], weights) for font in fonts]
            for number, (keys, weights) in zip(programs, pitches, strict=True)
        ]
        loud = " ".join(_mean([level for level, _ in one]) for one in found)
        releases = " ".join(f"{np.median([fall for _, fall in one]):.2f}" for one in found)
        lines.append(f"{8 * family}: {loud}; {releases}")
    return "\n".join(lines)


def _mean(levels: Sequence[float]) -> str:
    """Silence in one of the soundfonts is no level."""
    sounding = [level for level in levels if math.isfinite(level)]
    return f"{np.mean(sounding):+.1f}" if sounding else "-inf"


def release_of(audio: np.ndarray) -> float:
    """Seconds in which a note falls by 60 dB once its key is up, from its first 20 dB.

    Args:
        audio: [T], its key up at one second; `math.inf` where it does not fall.
    """
    levels = loudness_contour(audio, _HOP)
    at = round(_HELD_SECONDS * _RATE / _HOP)
    start = float(levels[at - 3 : at].mean())
    low = np.flatnonzero(levels[at:] < start - 20.0)
    return 3.0 * (low[0] + 1) * _HOP / _RATE if len(low) else math.inf


class _Font:
    """A soundfont whose notes are measured."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._snare = 0.0
        self._snare = self.drum(_SNARE)

    def drum(self, key: int) -> float:
        """LU of a drum beside the snare."""
        (audio,) = self._notes(9, 0, [key])
        return _level(audio) - self._snare

    def program(
        self, number: int, pitches: Sequence[int], weights: Sequence[float]
    ) -> tuple[float, float]:
        """LU of a program beside the snare over these pitches, and its release."""
        notes = self._notes(0, number, pitches)
        levels = np.dot([_level(audio) for audio in notes], weights)
        return float(levels) - self._snare, release_of(notes[len(notes) // 2])

    def _notes(self, channel: int, program: int, keys: Sequence[int]) -> list[np.ndarray]:
        """Notes of a second and what follows them, [T] each."""
        events = [(0.0, bytes([0xC0 | channel, program]))]
        for index, key in enumerate(keys):
            at = index * _APART_SECONDS
            events.append((at, bytes([0x90 | channel, key, MEASURED_VELOCITY])))
            events.append((at + _HELD_SECONDS, bytes([0x80 | channel, key, 0])))
        # Something to wait for: the sound ends with the file.
        events.append((len(keys) * _APART_SECONDS, bytes([0xB0 | channel, 20, 0])))
        body, before = bytearray(), 0
        for seconds, data in events:
            tick = round(seconds * _TICKS_PER_SECOND)
            body += variable_length(tick - before) + data
            before = tick
        body += b"\0\xff\x2f\0"
        # Two quarter notes a second, which is what files begin with.
        head = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, _TICKS_PER_SECOND // 2)
        midi = head + struct.pack(">4sI", b"MTrk", len(body)) + bytes(body)
        audio = FluidSynth().play(midi, self._path, _RATE, _DRY).mean(axis=1)
        step = round(_APART_SECONDS * _RATE)
        return [audio[index * step : (index + 1) * step] for index in range(len(keys))]


def _level(audio: np.ndarray) -> float:
    return loudest_moment(audio[: round(_HEARD_SECONDS * _RATE)], _RATE)
