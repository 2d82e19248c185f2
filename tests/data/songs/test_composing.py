"""Composition: the same for a seed, in its scale, in its bars, and different elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.config.classes import KIT, PERCUSSION
from aeolia.data.songs.composing.arranging import compose
from aeolia.data.songs.composing.grooves import GROOVES, LEVELS
from aeolia.data.songs.composing.kit import kit_part, played_key
from aeolia.data.songs.composing.lines import BASS_LINES, COMPS
from aeolia.data.songs.composing.outline import MODES
from aeolia.data.songs.composing.player import Step, read_line
from aeolia.data.songs.composing.score import Note
from aeolia.data.songs.composing.styles import REPORT_STYLES, STYLES


@pytest.mark.parametrize("name", STYLES)
def test_every_style_makes_songs(name: str) -> None:
    songs = [compose(np.random.default_rng(seed), name, 8.0) for seed in range(2)]
    style = STYLES[name]
    for song in songs:
        outline = song.outline
        assert outline.seconds >= 8.0 and outline.seconds_at(outline.beats) == outline.seconds
        assert style.bpm[0] * 0.9 <= outline.bpm <= style.bpm[1] * 1.1
        assert song.parts and all(part.notes for part in song.parts)
        for part in song.parts:
            starts = np.array([note.start for note in part.notes])
            assert starts.min() >= 0.0 and starts.max() < outline.beats + 1.0
            assert all(1 <= note.velocity <= 127 for note in part.notes)
            assert all(0 <= note.key <= 127 and note.length > 0 for note in part.notes)
            if part.stem == "bass":
                assert all(20 <= note.key <= 60 for note in part.notes)
    assert len({part.stem for song in songs for part in song.parts}) >= 2
    assert len({(song.outline.bpm, song.outline.key) for song in songs}) == len(songs)


def test_a_song_is_that_of_its_seed() -> None:
    first, again, other = (compose(np.random.default_rng(seed), "funk", 8.0) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_chords_and_melodies_are_of_the_key() -> None:
    shares = []
    for seed in range(8):
        song = compose(np.random.default_rng(seed), "trance", 12.0)
        outline = song.outline
        scale = {(outline.key + step) % 12 for step in MODES[outline.mode]}
        shares.append(np.mean([note.key % 12 in scale for note in song.melody]))
        shares.append(np.mean([bar.root in scale for bar in outline.bars]))
    # All but what goes up for its last part, and fourths in place of thirds.
    assert np.median(shares) == 1.0 and np.mean(np.array(shares) > 0.9) > 0.6


def test_steps_are_read_with_their_lengths() -> None:
    assert list(read_line("R--.5-r.", 16))[:3] == [
        Step(0, 3, "R"),
        Step(4, 2, "5"),
        Step(6, 1, "r"),
    ]
    assert [step.position for step in read_line("..x.", 12)] == [2, 6, 10]


def test_tables_hold_only_what_is_read() -> None:
    for grooves in GROOVES.values():
        for groove in grooves:
            for line in groove.values():
                assert set(line) <= {*LEVELS, "."} and 16 % len(line) * (12 % len(line)) == 0
    for lines in BASS_LINES.values():
        assert set("".join(lines)) <= set("Rr3578a-.?")
    for comp in COMPS.values():
        assert set("".join(comp.lines)) <= set("CcUulPp12345-.?")
    for style in STYLES.values():
        assert set(style.grooves) <= set(GROOVES) and set(style.basses) <= set(BASS_LINES)
        assert set(style.comps) <= set(COMPS)
        for lines in (
            *(BASS_LINES[n] for n in style.basses),
            *(COMPS[n].lines for n in style.comps),
        ):
            steps = style.beats_per_bar * style.steps_per_beat
            assert all(steps % len(line) == 0 for line in lines), lines
        for groove in (one for name in style.grooves for one in GROOVES[name]):
            steps = style.beats_per_bar * style.steps_per_beat
            assert all(steps % len(line) == 0 for line in groove.values()), groove
    assert len(STYLES) >= 23 and set(REPORT_STYLES) < set(STYLES)


def test_parts_of_the_kit() -> None:
    keys = {36: "kick", 38: "snare", 45: "toms", 46: "hihat", 51: "cymbals", 63: PERCUSSION}
    assert {key: kit_part(key) for key in keys} == keys
    assert {kit_part(key) for key in range(35, 82)} == {*KIT, PERCUSSION}
    # The Groove MIDI Dataset's own keys, as its table translates them.
    assert [kit_part(played_key(key)) for key in (22, 26, 40, 58)] == [
        "hihat",
        "hihat",
        "snare",
        "toms",
    ]


def test_a_drummer_is_repeated_to_the_end_and_no_further() -> None:
    played = tuple(Note(beat + 0.01, 0.2, 36, 80) for beat in range(8))
    song = compose(np.random.default_rng(3), "rock", 20.0, played, "somebody")
    (drums,) = (part for part in song.parts if part.stem == "drums")
    beats = [round(note.start - 0.01, 6) for note in drums.notes]
    assert beats == [float(beat) for beat in range(int(song.outline.beats))]
    assert song.drums_from == "somebody"
