"""The reader of MIDI files: what is in them, and every way they can be damaged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeolia.errors import InputError
from aeolia.runtime.synth.smf import parse_smf
from made.midi_bytes import midi_file, number, tempo, track

ON, OFF = bytes([0x90, 60, 100]), bytes([0x80, 60, 64])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 200_000),
            st.sampled_from([0x80, 0x93, 0xB0, 0xC1, 0xD0, 0xEF, 0xA2]),
            st.integers(0, 127),
            st.integers(0, 127),
        ),
        max_size=30,
    ),
    st.booleans(),
)
def test_events_come_back_as_written(
    events: list[tuple[int, int, int, int]], running: bool
) -> None:
    written = [
        (tick, bytes([status, first] if status & 0xE0 == 0xC0 else [status, first, second]))
        for tick, status, first, second in sorted(events, key=lambda event: event[0])
    ]
    smf = parse_smf(midi_file(track(*written, end=7, running=running)), "x.mid")
    assert [(e.tick, e.data) for e in smf.events if e.kind == "channel"] == written
    assert smf.events[-1].kind == "end"
    assert smf.events[-1].tick == (written[-1][0] if written else 0) + 7


@given(st.integers(0, 0x0FFFFFFF))
def test_numbers_of_any_length(value: int) -> None:
    smf = parse_smf(midi_file(track((value, ON))), "x.mid")
    assert smf.events[0].tick == value


def test_tracks_are_merged_in_the_order_of_time() -> None:
    data = midi_file(track((0, tempo(400_000)), (96, OFF)), track((0, ON), (50, OFF)), division=96)
    smf = parse_smf(data, "x.mid")
    assert smf.ticks_per_quarter == 96 and smf.ticks_per_second is None
    assert [(e.tick, e.kind) for e in smf.events] == [
        (0, "tempo"),
        (0, "channel"),
        (50, "channel"),
        (50, "end"),
        (96, "channel"),
        (96, "end"),
    ]


def test_text_sysex_and_foreign_chunks_are_skipped() -> None:
    text = b"\xff\x03\x05Piano"
    sysex = b"\xf0" + number(3) + b"\x01\x02\xf7"
    data = midi_file(track((0, text), (1, sysex), (2, ON)))
    data = data[:14] + b"XXXX\x00\x00\x00\x03abc" + data[14:] + bytes(9)
    assert [e.data for e in parse_smf(data, "x.mid").events if e.kind == "channel"] == [ON]


def test_smpte_division() -> None:
    for frames, rate in ((24, 24.0), (25, 25.0), (29, 30000 / 1001), (30, 30.0)):
        division = (256 - frames) << 8 | 40
        smf = parse_smf(midi_file(track((0, ON)), division=division), "x.mid")
        assert smf.ticks_per_second == pytest.approx(rate * 40)


GOOD = midi_file(track((0, ON), (480, OFF)))


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "empty"),
        (b"RIFF....WAVE", "not a MIDI file"),
        (GOOD[:10], "truncated: the chunk 'MThd'"),
        (GOOD[:-4], "truncated: the chunk 'MTrk' at byte 14 promises"),
        (GOOD[:17], "ends inside the head of a chunk, at byte 14"),
        (GOOD + b"MTrk", "ends inside the head of a chunk"),
        (midi_file(track((0, ON)), kind=2), "type 2"),
        (midi_file(track((0, ON)), kind=7), "type is 7"),
        (midi_file(track((0, ON)), division=0), "0 ticks per quarter"),
        (midi_file(track((0, ON)), division=(256 - 26) << 8 | 40), "26 frames of 40 ticks"),
        (
            midi_file(track((0, ON)))[:10] + b"\x00\x03" + midi_file(track((0, ON)))[12:],
            "promises 3 tracks and 1 are there",
        ),
        (midi_file(track((0, bytes([60, 100])))), "byte 23 is 0x3c, where an event must begin"),
        (midi_file(track((0, bytes([0x90, 60, 200])))), "value above 127"),
        (midi_file(track((0, b"\xff\x51\x02\x01\x02"))), "the tempo before byte 28"),
        (midi_file(track((0, b"\xff\x51\x03\x00\x00\x00"))), "the tempo before byte"),
        (midi_file(track((0, b"\xff\x01\x7fabc"))), "ends inside an event"),
        (midi_file(b"MTrk\x00\x00\x00\x05\x80\x80\x80\x80\x80"), "longer than four bytes"),
        (midi_file(b"MTrk\x00\x00\x00\x01\x00"), "ends after a delta time"),
        (midi_file(track((0, b"\xf4"))), "0xf4"),
    ],
)
def test_damage_is_named(data: bytes, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        parse_smf(data, "song.mid")
    assert str(caught.value).startswith("song.mid: ")
    assert "\n" not in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_damage_is_an_input_error_or_nothing(data: st.DataObject) -> None:
    broken = bytearray(midi_file(track((0, tempo(500_000)), (0, ON)), track((480, OFF))))
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    del broken[data.draw(st.integers(4, len(broken))) :]
    try:
        parse_smf(bytes(broken), "song.mid")
    except InputError as error:
        assert "\n" not in str(error)
