"""Pitches as people write them."""

from __future__ import annotations

import pytest

from aeolia.audio.pitch.names import hz_to_midi, midi_to_hz, note_name, parse_pitch
from aeolia.errors import InputError


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("A4", 69),
        ("a4", 69),
        ("C4", 60),
        ("C-1", 0),
        ("G9", 127),
        ("Bb2", 46),
        ("A#2", 46),
        ("Cb4", 59),
        ("B#3", 60),
        ("F##3", 55),
        ("E♭3", 51),
        ("69", 69),
        ("69.5", 69.5),
        (69, 69),
        ("440Hz", 69),
        ("880 hz", 81),
        (" 27.5HZ ", 21),
    ],
)
def test_pitches(text: str | int, number: float) -> None:
    assert parse_pitch(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["H4", "A", "4A", "", "loud", "A4 Hz", "1e3Hz", "nan"])
def test_no_pitches(text: str) -> None:
    with pytest.raises(InputError, match="is none; write a name|beyond what can be played"):
        parse_pitch(text)


@pytest.mark.parametrize("text", ["128", "-1", "A9", "0Hz", "20000Hz", "inf"])
def test_out_of_range(text: str) -> None:
    with pytest.raises(InputError, match="beyond what can be played"):
        parse_pitch(text)


def test_names_and_frequencies_go_back_and_forth() -> None:
    for number in range(128):
        assert parse_pitch(note_name(number)) == number
        assert hz_to_midi(midi_to_hz(number)) == pytest.approx(number)
    # Equal temperament: the middle C is 261.626 Hz.
    assert midi_to_hz(60) == pytest.approx(261.6256, abs=1e-4)
