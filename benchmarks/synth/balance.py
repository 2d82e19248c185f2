"""A General MIDI soundfont's levels and releases: the tables that scores are played by.

FluidSynth plays each note alone, without reverb and chorus.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

from aeolia.audio.loudness import loudness
from aeolia.audio.pitch.contour import loudness_contour
from aeolia.data.songs.fluidsynth import FluidSynth, Room
from aeolia.runtime.synth.general_midi import DRUM_KEYS

__all__ = ["balance_tables", "release_of"]

_RATE, _HOP = 48000, 480
_VELOCITY, _SNARE, _TICKS = 100, 38, 480
_HELD_SECONDS = 1.0
_DRY = Room(0.2, 0.0, has_reverb=False, has_chorus=False)


def balance_tables(soundfont: Path) -> str:
    """Loudness of drums and programs beside the snare, and releases, as text."""
    snare = _loudness(soundfont, 0, _SNARE, drums=True)
    drums = {key: _loudness(soundfont, 0, key, drums=True) - snare for key in DRUM_KEYS}
    lines = [f"drums beside the snare ({snare:.1f} LUFS), LU at velocity {_VELOCITY}:"]
    lines += [f"{key}: {difference:+.1f}" for key, difference in drums.items()]
    lines.append("families of programs: loudness beside the snare, LU; release, s to -60 dB")
    for family in range(16):
        programs = range(8 * family, 8 * family + 8)
        loud = [_loudness(soundfont, program, 60) - snare for program in programs]
        releases = [release_of(_note(soundfont, program, 60)) for program in programs]
        lines.append(
            f"{8 * family}: {np.median(loud):+.1f}; {np.median(releases):.2f} "
            f"({' '.join(f'{one:.2f}' for one in releases)})"
        )
    return "\n".join(lines)


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


def _loudness(soundfont: Path, program: int, key: int, *, drums: bool = False) -> float:
    return loudness(_note(soundfont, program, key, drums=drums), _RATE)


def _note(soundfont: Path, program: int, key: int, *, drums: bool = False) -> np.ndarray:
    """A note of a second and what follows it, [T]."""
    channel = 9 if drums else 0
    seconds = 0.2 if drums else _HELD_SECONDS
    events = [
        (0, bytes([0xC0 | channel, program])),
        (0, bytes([0x90 | channel, key, _VELOCITY])),
        (round(2 * _TICKS * seconds), bytes([0x80 | channel, key, 0])),
        # Something to wait for: the sound ends with the file.
        (4 * _TICKS, bytes([0xB0 | channel, 20, 0])),
    ]
    body = b"".join(_delta(ticks) + data for ticks, data in _apart(events)) + b"\0\xff\x2f\0"
    head = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, _TICKS)
    midi = head + struct.pack(">4sI", b"MTrk", len(body)) + body
    return np.asarray(FluidSynth().play(midi, soundfont, _RATE, _DRY).mean(axis=1))


def _apart(events: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    starts = [0, *(ticks for ticks, _ in events)]
    return [(at - before, data) for before, (at, data) in zip(starts, events, strict=False)]


def _delta(ticks: int) -> bytes:
    return bytes([ticks]) if ticks < 128 else bytes([0x80 | ticks >> 7, ticks & 0x7F])
