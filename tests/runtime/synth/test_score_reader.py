"""Scores: notes and curves against times worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.errors import InputError
from aeolia.runtime.synth.score import Score
from aeolia.runtime.synth.score_reader import read_score
from made.midi_bytes import midi_file, tempo, track


def message(*values: int) -> bytes:
    return bytes(values)


def on(tick: int, key: int, velocity: int = 9, channel: int = 0) -> tuple[int, bytes]:
    return tick, bytes([0x90 | channel, key, velocity])


def off(tick: int, key: int, channel: int = 0) -> tuple[int, bytes]:
    return tick, bytes([0x80 | channel, key, 0])


def control(tick: int, number: int, value: int, channel: int = 0) -> tuple[int, bytes]:
    return tick, bytes([0xB0 | channel, number, value])


@pytest.fixture
def read(tmp_path: Path):
    def score(*tracks: bytes, **options: int) -> Score:
        path = tmp_path / "song.mid"
        path.write_bytes(midi_file(*tracks, **options))
        return read_score(path)

    return score


def spans(score: Score) -> list[tuple[int, float, float]]:
    return [(n.pitch, round(n.onset_seconds, 9), round(n.release_seconds, 9)) for n in score.notes]


def test_tempo_changes_in_one_track_move_the_notes_of_another(read) -> None:
    # A quarter note is 0.5 s, then 1 s from tick 480 on, then 0.25 s from tick 960 on.
    score = read(
        track((480, tempo(1_000_000)), (960, tempo(250_000))),
        track(on(240, 60, 100), off(720, 60), on(960, 62, 1), on(1920, 62, 0)),
    )
    assert spans(score) == [(60, 0.25, 1.0), (62, 1.5, 2.0)]
    assert [n.velocity for n in score.notes] == [100, 1]
    assert score.seconds == 2.0


def test_smpte_time_heeds_no_tempo(read) -> None:
    score = read(track((0, tempo(100)), on(0, 60), off(1000, 60)), division=(256 - 25) << 8 | 40)
    assert spans(score) == [(60, 0.0, 1.0)]


def test_channels_keep_their_programs(read) -> None:
    score = read(
        track(
            (0, message(0xC0, 5)),
            on(0, 60),
            off(480, 60),
            (480, message(0xC0, 7)),
            on(480, 61),
            off(960, 61),
        ),
        track(on(0, 36, 9, channel=9), off(10, 36, channel=9)),
        track((0, message(0xC3, 56)), on(0, 72, 9, channel=3), off(480, 72, channel=3)),
    )
    assert score.channels() == {1: (5, 7), 4: (56,), 10: (0,)}
    assert [n.program for n in score.notes if n.channel == 1] == [5, 7]


PEDAL_DOWN, PEDAL_UP = message(0xB0, 64, 127), message(0xB0, 64, 0)


def test_the_pedal_holds_notes(read) -> None:
    score = read(
        track(on(0, 60), (0, PEDAL_DOWN), off(480, 60), on(480, 64), (960, PEDAL_UP), off(1440, 64))
    )
    assert spans(score) == [(60, 0.0, 1.0), (64, 0.5, 1.5)]


def test_a_key_struck_again_ends_its_old_note(read) -> None:
    held = read(
        track((0, PEDAL_DOWN), on(0, 60), off(240, 60), on(480, 60), off(720, 60), (960, PEDAL_UP))
    )
    assert spans(held) == [(60, 0.0, 0.5), (60, 0.5, 1.0)]
    down = read(track(on(0, 60), on(480, 60), off(960, 60)))
    assert spans(down) == [(60, 0.0, 0.5), (60, 0.5, 1.0)]


def strikes(*times: tuple[int, int]) -> bytes:
    """A track of key 60, struck (velocity above 0) and lifted at these ticks."""
    return track(*((tick, message(0x90, 60, velocity)) for tick, velocity in times))


def test_a_key_lifted_as_often_as_struck_ends_its_notes_in_their_order(read) -> None:
    # The second strike stands before the first one's end, at one tick: as Verovio writes it.
    repeated = read(strikes((0, 9), (480, 9), (480, 0), (960, 9), (960, 0), (1440, 0)))
    assert spans(repeated) == [(60, 0.0, 0.5), (60, 0.5, 1.0), (60, 1.0, 1.5)]
    overlapping = read(strikes((0, 9), (240, 9), (480, 0), (960, 0)))
    assert spans(overlapping) == [(60, 0.0, 0.5), (60, 0.25, 1.0)]
    other_channel = read(
        track(on(0, 60), on(240, 60, 9, channel=1), off(480, 60, channel=1), off(960, 60))
    )
    assert spans(other_channel) == [(60, 0.0, 1.0), (60, 0.25, 0.5)]


def test_a_lost_end_of_a_note_moves_no_other_note(read) -> None:
    score = read(strikes((0, 9), (480, 9), (720, 0), (960, 9), (1200, 0), (1440, 9)))
    assert spans(score) == [(60, 0.0, 0.5), (60, 0.5, 0.75), (60, 1.0, 1.25), (60, 1.5, 1.5)]
    assert score.remarks == ("1 note is never released and ends with the file",)


def test_the_pedal_holds_the_last_of_overlapping_notes(read) -> None:
    score = read(
        track((0, PEDAL_DOWN), on(0, 60), on(240, 60), off(480, 60), off(720, 60), (960, PEDAL_UP))
    )
    assert spans(score) == [(60, 0.0, 0.5), (60, 0.25, 1.0)]


def test_oddities_of_the_file_come_with_the_score(read) -> None:
    score = read(track((0, tempo(0)), on(0, 60, 128), off(480, 60)))
    assert spans(score) == [(60, 0.0, 0.5)] and score.notes[0].velocity == 127
    assert score.remarks == ("a tempo of 000000 is skipped", "values above 127 are taken as 127")


def test_drums_have_no_pedal(read) -> None:
    score = read(
        track(
            control(0, 64, 127, channel=9),
            on(0, 38, 9, channel=9),
            off(48, 38, channel=9),
            control(960, 64, 0, channel=9),
        )
    )
    assert spans(score) == [(38, 0.0, 0.05)]


def test_notes_that_are_never_released_end_with_the_file(read) -> None:
    score = read(track(on(0, 60), end=960))
    assert spans(score) == [(60, 0.0, 1.0)]
    assert score.remarks == ("1 note is never released and ends with the file",)


def test_all_notes_off(read) -> None:
    for controller in (120, 123):
        score = read(
            track(
                (0, PEDAL_DOWN),
                on(0, 60),
                off(240, 60),
                on(240, 64),
                control(480, controller, 0),
                end=480,
            )
        )
        assert spans(score) == [(60, 0.0, 0.5), (64, 0.25, 0.5)]


def test_bend_and_its_range(read) -> None:
    score = read(
        track(
            on(0, 60),
            (480, message(0xE0, 0, 0x60)),  # half way up: 1 of 2 semitones
            control(960, 101, 0),
            control(960, 100, 0),
            control(960, 6, 12),  # a range of an octave, with the wheel still up
            (1440, message(0xE0, 0, 0)),
            control(1680, 101, 127),
            control(1680, 100, 127),
            control(1680, 6, 2),  # no parameter is chosen: nothing changes
            (1920, message(0xE0, 0, 0x40)),
            off(2400, 60),
        )
    )
    bend = score.bends[1].at(np.array([0.0, 0.4, 0.6, 1.1, 1.6, 1.9, 2.1]))
    np.testing.assert_allclose(bend, [0, 0, 1, 6, -12, -12, 0])


def test_tuning_of_a_channel(read) -> None:
    score = read(
        track(
            control(0, 101, 0),
            control(0, 100, 2),
            control(0, 6, 64 - 12),  # an octave down
            control(480, 100, 1),
            control(480, 6, 96),  # half a semitone up
            control(480, 38, 0),
            on(480, 60),
            (960, message(0xE0, 0, 0x60)),  # the wheel half way up: 1 of 2 semitones
            control(1440, 121, 0),  # resets the wheel, and not the tuning
            off(1920, 60),
        )
    )
    times = np.array([0.1, 0.6, 1.1, 1.6])
    np.testing.assert_allclose(score.bends[1].at(times), [-12.0, -11.5, -10.5, -11.5])


def test_fine_bend_range(read) -> None:
    score = read(
        track(
            control(0, 101, 0),
            control(0, 100, 0),
            control(0, 6, 1),
            control(0, 38, 50),
            on(0, 60),
            (0, message(0xE0, 0, 0)),
            off(480, 60),
        )
    )
    np.testing.assert_allclose(score.bends[1].at(np.array([0.1])), [-1.5])


def test_volume_and_expression(read) -> None:
    score = read(
        track(
            on(0, 60), control(480, 7, 50), control(960, 11, 64), control(1440, 7, 0), off(1920, 60)
        )
    )
    level = score.levels_db[1].at(np.array([0.1, 0.6, 1.1, 1.6]))
    half = 40 * np.log10(0.5)
    np.testing.assert_allclose(level[:3], [0, half, half + 40 * np.log10(64 / 127)])
    assert level[3] <= -90
    assert not score.bends


def test_positions_from_left_to_right(read) -> None:
    left = (
        control(0, 10, 0, channel=2),
        on(0, 60, 9, channel=2),
        control(480, 10, 127, channel=2),
        off(960, 60, channel=2),
    )
    middle = (control(0, 10, 64), on(0, 60), off(480, 60))
    silent = (control(0, 10, 1, channel=5),)
    assert read(track(*middle), track(*silent)).pans == {}
    score = read(track(*middle), track(*left))
    assert list(score.pans) == [3] and score.remarks == ()
    np.testing.assert_allclose(score.pans[3].at(np.array([0.1, 0.6])), [-1.0, 1.0])


def test_modulation_and_what_the_room_gets(read) -> None:
    notes = (on(0, 60), control(0, 91, 127), control(240, 1, 127), control(240, 91, 0))
    score = read(track(*notes, control(360, 121, 0), off(480, 60)))
    times = np.array([0.1, 0.3, 0.4])
    np.testing.assert_allclose(score.modulations[1].at(times), [0, 1, 0])
    np.testing.assert_allclose(score.sends[1].at(times), [1, 0, 0])
    plain = read(track(on(0, 60), control(0, 1, 0), off(480, 60)))
    assert plain.modulations == plain.sends == {}


def test_banks_are_variations_of_a_program(read) -> None:
    chosen = (control(0, 0, 8), control(0, 32, 3), (0, message(0xC0, 40)))
    (note,) = read(track(*chosen, on(0, 60), off(480, 60))).notes
    assert note.program == 40


def test_reset_puts_controllers_back(read) -> None:
    score = read(
        track(
            (0, PEDAL_DOWN),
            control(0, 11, 20),
            (0, message(0xE0, 0, 0)),
            on(0, 60),
            off(240, 60),
            control(480, 121, 0),
            end=480,
        )
    )
    assert spans(score) == [(60, 0.0, 0.5)]
    assert score.bends[1].at(np.array([0.1, 0.6])).tolist() == [-2.0, 0.0]
    assert score.levels_db[1].at(np.array([0.6])).tolist() == [0.0]


def test_bad_files(tmp_path: Path, read) -> None:
    with pytest.raises(InputError, match="holds no notes"):
        read(track((0, tempo(500_000))))
    with pytest.raises(InputError, match="longer than 6 hours"):
        read(track((0, tempo(0xFFFFFF)), (0x0FFFFFF, message(0x90, 60, 9))), division=1)
    with pytest.raises(InputError, match="a folder"):
        read_score(tmp_path)
    with pytest.raises(InputError, match="no such MIDI file"):
        read_score(tmp_path / "none.mid")
