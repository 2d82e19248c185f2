"""The reader of MIDI files: what is in them, and every way they can be damaged."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeolia.audio.smf import parse_smf
from aeolia.errors import InputError
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
        (midi_file(track((0, ON)), division=0), "0 ticks per quarter"),
        (midi_file(track((0, ON)), division=(256 - 26) << 8 | 40), "26 frames of 40 ticks"),
        (midi_file(track((0, bytes([60, 100])))), "byte 23 is 0x3c, where an event must begin"),
        (midi_file(b"MTrk\x00\x00\x00\x05\x80\x80\x80\x80\x80"), "longer than four bytes"),
        (midi_file(track((0, b"\xf4"))), "0xf4"),
    ],
)
def test_damage_is_named(data: bytes, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        parse_smf(data, "song.mid")
    assert str(caught.value).startswith("song.mid: ")
    assert "\n" not in str(caught.value)


def test_independent_patterns_are_no_score() -> None:
    one = track((0, ON), (480, OFF))
    with pytest.raises(InputError, match="type 2, with 2 independent patterns") as caught:
        parse_smf(midi_file(one, one, kind=2), "song.mid")
    assert "damaged" not in str(caught.value)
    assert messages(midi_file(one, kind=2)) == [ON, OFF]


def messages(data: bytes, *remarks: str) -> list[bytes]:
    """The channel messages of a file whose remarks are these."""
    smf = parse_smf(data, "x.mid")
    assert smf.remarks == remarks
    return [event.data for event in smf.events if event.kind == "channel"]


WRAPPED = b"RIFF" + (len(GOOD) + 12).to_bytes(4, "little") + b"RMIDdata"
WRAPPED += len(GOOD).to_bytes(4, "little") + GOOD
CUT = "a track is cut short; it is played up to there"
RUNNING = "a status left out after text or system data is that before it"


@pytest.mark.parametrize(
    ("data", "remarks"),
    [
        (GOOD, ()),
        (WRAPPED, ()),
        (WRAPPED + b"LIST\x04\x00\x00\x00INFO", ()),
        (bytes(128) + GOOD, ("128 bytes before its header are skipped",)),
        (GOOD + bytes(9), ()),
        (GOOD + b"\x1aCopied from a board", ("20 bytes behind its last track are skipped",)),
        (
            GOOD[:10] + b"\x00\x03" + GOOD[12:],
            ("its header promises 3 tracks and 1 are there; all are played",),
        ),
        (
            GOOD[:9] + b"\x07" + GOOD[10:],
            ("its type is 7, which does not exist; it is read as type 1",),
        ),
        (midi_file(track((0, tempo(0)), (0, ON), (480, OFF))), ("a tempo of 000000 is skipped",)),
        (
            midi_file(track((0, b"\xff\x51\x02\x01\x02"), (0, ON), (480, OFF))),
            ("a tempo of 0102 is skipped",),
        ),
        (
            midi_file(track((0, ON), (9, b"\xf8"), (10, b"\xf2\x01\x02"), (480, OFF))),
            ("messages that have no meaning in a file are skipped (2 times)",),
        ),
        (midi_file(track((0, ON), (9, b"\xff\x01\x02hi"), (480, OFF))), ()),
        (
            midi_file(track((0, ON), (480, OFF)), b"junk\xff\xff\xff\xff\x01" + track()),
            ("9 bytes between its tracks are skipped",),
        ),
        (GOOD[:-4], (CUT,)),
        (GOOD[:18] + b"\xff" * 4 + GOOD[22:], (CUT,)),
        (midi_file(track((0, ON), (480, OFF)), b"MTrk\x00\x00\x00\x01\x00"), (CUT,)),
        (midi_file(track((0, ON), (480, OFF), (480, b"\xff\x01\x7fabc"))), (CUT,)),
    ],
)
def test_what_players_forgive_is_a_remark(data: bytes, remarks: tuple[str, ...]) -> None:
    assert messages(data, *remarks) == [ON, OFF]


@pytest.mark.parametrize("between", [b"\xff\x01\x02hi", b"\xf0\x02\x01\xf7"])
def test_running_status_goes_on_over_text_and_system_data(between: bytes) -> None:
    data = midi_file(track((0, ON), (9, between), (480, bytes([60, 0])), (500, bytes([62, 9]))))
    expected = [ON, bytes([0x90, 60, 0]), bytes([0x90, 62, 9])]
    assert messages(data, f"{RUNNING} (2 times)") == expected


def test_values_above_127_are_taken_as_127() -> None:
    data = midi_file(track((0, bytes([0x90, 60, 128])), (9, b"\xb0\x07\xff"), (10, b"\xc0\xf0")))
    expected = [bytes([0x90, 60, 127]), b"\xb0\x07\x7f", b"\xc0\x7f"]
    assert messages(data, "values above 127 are taken as 127 (3 times)") == expected


def test_megabytes_of_zeros_behind_a_track_take_no_time() -> None:
    started = time.process_time()
    assert messages(GOOD + bytes(5_000_000)) == [ON, OFF]
    junk = GOOD + bytes(5_000_000) + b"x"
    assert messages(junk, "5000001 bytes behind its last track are skipped") == [ON, OFF]
    gap = midi_file(track((0, ON)), bytes(5_000_000) + track((0, OFF)))
    assert messages(gap, "5000000 bytes between its tracks are skipped") == [ON, OFF]
    assert time.process_time() - started < 1.0


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
