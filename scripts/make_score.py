"""Make examples/greensleeves.mid: a tune of the sixteenth century, arranged here as note lists.

    python scripts/make_score.py [FOLDER]

The tune is traditional and in the public domain; the arrangement for saxophone, piano, double bass,
cello and drums is this project's. It uses what a player must understand: several channels and
programs, velocities, the sustain pedal, pitch bend with a range of its own, expression, changes
of tempo, drums on channel 10. Same script, same bytes.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

from aeolia.audio.pitch.names import parse_pitch

TICKS = 240  # per eighth; a quarter note has two
BAR = 6  # eighths
SAX, PIANO, BASS, CELLO, DRUMS = 0, 1, 2, 3, 9
PROGRAMS = {SAX: 65, PIANO: 0, BASS: 32, CELLO: 42}

# Notes as name:eighths.
PICKUP = "A4:1"
VERSE = """
C5:2 D5:1 E5:1.5 F5:.5 E5:1  D5:2 B4:1 G4:1.5 A4:.5 B4:1
C5:2 A4:1 A4:1.5 G#4:.5 A4:1  B4:2 G#4:1 E4:2 A4:1
C5:2 D5:1 E5:1.5 F5:.5 E5:1  D5:2 B4:1 G4:1.5 A4:.5 B4:1
C5:1.5 B4:.5 A4:1 G#4:1.5 F#4:.5 G#4:1  A4:3 A4:3
"""
CHORUS = """
G5:3 G5:1.5 F#5:.5 E5:1  D5:2 B4:1 G4:1.5 A4:.5 B4:1
C5:2 A4:1 A4:1.5 G#4:.5 A4:1  B4:2 G#4:1 E4:3
G5:3 G5:1.5 F#5:.5 E5:1  D5:2 B4:1 G4:1.5 A4:.5 B4:1
C5:1.5 B4:.5 A4:1 G#4:1.5 F#4:.5 G#4:1  A4:6
"""
# A chord for each half of a bar.
VERSE_CHORDS = "Am Am G Em Am F E E Am Am G Em Am E Am Am"
CHORUS_CHORDS = "C C G Em Am F E E C C G Em Am E Am Am"
CHORDS = {  # bass, then three voices around the middle C
    "Am": "A2 A3 C4 E4",
    "G": "G2 B3 D4 G4",
    "Em": "E2 B3 E4 G4",
    "F": "F2 A3 C4 F4",
    "E": "E2 G#3 B3 E4",
    "C": "C3 G3 C4 E4",
}

Event = tuple[float, int, bytes]  # eighths from the start, order at one time, message


def key(name: str) -> int:
    """MIDI number of a name such as G#4."""
    return int(parse_pitch(name))


def note(channel: int, pitch: int, start: float, length: float, velocity: int) -> list[Event]:
    """Key down and key up."""
    return [
        (start, 2, bytes([0x90 | channel, pitch, velocity])),
        (start + length, 0, bytes([0x80 | channel, pitch, 0])),
    ]


def control(channel: int, at: float, number: int, value: int) -> Event:
    return (at, 1, bytes([0xB0 | channel, number, value]))


def bend(channel: int, at: float, semitones: float, reach: float = 1.0) -> Event:
    """The wheel, for a bend range of `reach` semitones."""
    value = min(16383, round(8192 * (1 + semitones / reach)))
    return (at, 1, bytes([0xE0 | channel, value & 0x7F, value >> 7]))


def melody(notes: str, start: float, loud: int) -> list[Event]:
    """The saxophone: firmer on the first and fourth eighth, long notes swell, some slide up."""
    events: list[Event] = []
    at = start
    for entry in notes.split():
        name, length = entry.split(":")
        eighths = float(length)
        beat = (at - start) % 3 == 0
        events += note(SAX, key(name), at, 0.94 * eighths, loud + (8 if beat else 0))
        if eighths >= 2:
            swell = [80, 92, 104, 112, 104, 96]
            events += [
                control(SAX, at + eighths * n / 6, 11, value) for n, value in enumerate(swell)
            ]
        if name == "G5":  # scooped from half a tone below
            events += [bend(SAX, at + 0.06 * n, -0.5 + 0.125 * n) for n in range(5)]
        at += eighths
    return events


def accompaniment(chords: str, start: float, full: bool) -> list[Event]:
    """Piano broken upwards under the pedal, bass on the beats; the cello in the second verse."""
    events: list[Event] = []
    for number, name in enumerate(chords.split()):
        at = start + 3 * number
        bass, *voices = (key(pitch) for pitch in CHORDS[name].split())
        events.append(control(PIANO, at + 0.02, 64, 127))
        for step, pitch in enumerate(voices):
            events += note(PIANO, pitch, at + step, 0.8, 58 - 4 * step)
        events.append(control(PIANO, at + 2.95, 64, 0))
        events += note(BASS, bass, at, 2.6, 84 if number % 2 == 0 else 70)
        if full:
            events += note(CELLO, voices[number % 2], at, 2.9, 64)
    return events


def drums(bars: int, start: float) -> list[Event]:
    """Bass drum on one, stick on four, hat on every eighth, a crash at the start."""
    events = note(DRUMS, 49, start, 0.5, 80)
    for bar in range(bars):
        at = start + BAR * bar
        events += note(DRUMS, 36, at, 0.5, 88) + note(DRUMS, 37, at + 3, 0.5, 72)
        for eighth in range(BAR):
            events += note(DRUMS, 42, at + eighth, 0.3, 60 if eighth % 3 == 0 else 44)
    return events


def arrangement() -> list[Event]:
    """All events of the piece: verse and chorus for three, then again for all."""
    events: list[Event] = [(0.0, 1, bytes([0xC0 | c, p])) for c, p in PROGRAMS.items()]
    for controller, value in ((101, 0), (100, 0), (6, 1), (38, 0)):  # the bend's range: 1 semitone
        events.append(control(SAX, 0.0, controller, value))
    events.append(control(CELLO, 0.0, 7, 84))
    at = 1.0
    events += melody(PICKUP, 0.0, 78)
    for full in (False, True):
        for tune, chords in ((VERSE, VERSE_CHORDS), (CHORUS, CHORUS_CHORDS)):
            events += melody(tune, at, 92 if full else 80)
            events += accompaniment(chords, at, full)
            if full:
                events += drums(8, at)
            at += 8 * BAR
    return events


def tempo(at: float, eighths_per_minute: float) -> Event:
    microseconds = round(2 * 60e6 / eighths_per_minute)
    return (at, 0, b"\xff\x51\x03" + microseconds.to_bytes(3, "big"))


def tempos() -> list[Event]:
    """Steady, and slower to the end."""
    end = 1.0 + 4 * 8 * BAR
    changes = [tempo(0.0, 252)]
    changes += [tempo(end - 6 + n, 252 - 18 * (n + 1)) for n in range(6)]
    return [(0.0, 0, b"\xff\x58\x04\x06\x03\x24\x08"), *changes]


def number(value: int) -> bytes:
    """A variable-length number: seven bits a byte, the highest bit says that more follow."""
    digits = bytes([value & 0x7F])
    while value := value >> 7:
        digits = bytes([value & 0x7F | 0x80]) + digits
    return digits


def chunk(events: list[Event]) -> bytes:
    """A track."""
    body, now = b"", 0
    for at, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(at * TICKS)
        body += number(tick - now) + message
        now = tick
    body += b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(body)) + body


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "examples")
    events = arrangement()
    tracks = [tempos()]
    tracks += [
        [event for event in events if event[2][0] & 0x0F == channel]
        for channel in (*PROGRAMS, DRUMS)
    ]
    head = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), 2 * TICKS)
    path = folder / "greensleeves.mid"
    path.write_bytes(head + b"".join(map(chunk, tracks)))
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
