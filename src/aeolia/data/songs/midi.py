"""Parts as Standard MIDI Files (RP-001), which the synthesiser plays."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from aeolia.data.songs.composing.score import DRUM_CHANNEL, Note, Outline, Part

__all__ = ["midi_bytes", "variable_length"]

#: Ticks of a quarter note.
_TICKS = 480
#: The shortest note in ticks.
_SHORTEST = 12
#: Semitones of pitch bend on either side, which is what synthesisers begin with.
_BEND_SEMITONES = 2.0
#: Channel volume of all parts; levels are settled where they are mixed.
_VOLUME = 110


def midi_bytes(
    outline: Outline, part: Part, notes: Sequence[Note] | None = None, tune_cents: float = 0.0
) -> bytes:
    """A file of format 0 with one part.

    Args:
        notes: play these of its notes only.
        tune_cents: how far the instrument is from A 440, within a semitone; drums have no tune.
    """
    events = [
        (_tick(bar.start), 0, b"\xff\x51\x03" + struct.pack(">I", round(60e6 / bpm))[1:])
        for bar, bpm in zip(outline.bars, outline.tempos, strict=True)
    ]
    events += [(0, 1, message) for message in _setting(part, tune_cents)]
    channel = part.channel
    for beat, controller, value in part.controls:
        events.append((_tick(beat), 2, bytes((0xB0 | channel, controller, _data(value)))))
    for beat, semitones in part.bends:
        bend = max(0, min(16383, round(8192 + 8191 * semitones / _BEND_SEMITONES)))
        events.append((_tick(beat), 2, bytes((0xE0 | channel, bend & 127, bend >> 7))))
    for note in part.notes if notes is None else notes:
        start = _tick(note.start)
        end = max(start + _SHORTEST, _tick(note.start + note.length))
        velocity = max(1, _data(note.velocity))
        events.append((start, 4, bytes((0x90 | channel, _data(note.key), velocity))))
        # Before notes that begin at the same tick, or it would end those.
        events.append((end, 3, bytes((0x80 | channel, _data(note.key), 0))))
    # Every file of a song is as long as the song, whatever its part plays.
    events.append((_tick(outline.beats), 5, b"\xff\x06\x00"))
    events.sort(key=lambda event: event[:2])
    body, now = bytearray(), 0
    for tick, _, message in events:
        body += variable_length(tick - now) + message
        now = tick
    body += variable_length(_TICKS) + b"\xff\x2f\x00"
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, _TICKS)
    return header + b"MTrk" + struct.pack(">I", len(body)) + bytes(body)


def _setting(part: Part, tune_cents: float) -> list[bytes]:
    """Messages before the first note: program, tune, volume, place, and what goes to effects."""
    channel = part.channel
    cents = 0.0 if channel == DRUM_CHANNEL else max(-99.0, min(99.0, tune_cents))
    tune = round(8192 + 81.92 * cents)
    controls = (
        # Registered parameter 1, channel fine tuning: +-100 cents over 14 bits.
        *((101, 0), (100, 1), (6, tune >> 7), (38, tune & 127), (101, 127), (100, 127)),
        (7, _VOLUME),
        (10, 64 + 63 * part.pan),
        (91, 127 * part.reverb),
        (93, 127 * part.chorus),
    )
    messages = [bytes((0xB0 | channel, number, _data(value))) for number, value in controls]
    return [bytes((0xC0 | channel, _data(part.program))), *messages]


def _data(value: float) -> int:
    """A byte of data: seven bits."""
    return max(0, min(127, round(value)))


def _tick(beats: float) -> int:
    return max(0, round(beats * _TICKS))


def variable_length(number: int) -> bytes:
    """MIDI's number of variable length: seven bits a byte, all but the last with the eighth set."""
    parts = [number & 127]
    while number := number >> 7:
        parts.append(number & 127 | 128)
    return bytes(reversed(parts))
