"""Scores made by rule: in time, in key, in range, and the same for one seed."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.data.separate.scores import bass_line, chords, draw_song, drum_pattern, melody


def songs(count: int):
    for seed in range(count):
        rng = np.random.default_rng(seed)
        yield draw_song(rng, 20.0), rng


def test_a_song_fills_the_time_and_not_more() -> None:
    for song, _ in songs(50):
        assert 65.0 <= 60.0 / song.beat_seconds <= 160.0
        assert 20.0 - song.bar_seconds < len(song.chords) * song.bar_seconds <= 20.0


@pytest.mark.parametrize("part", [chords, lambda song, rng: melody(song, rng, 50, 70)])
def test_notes_are_of_the_scale(part) -> None:
    for song, rng in songs(20):
        notes = part(song, rng)
        assert notes
        assert {(note.midi - song.root) % 12 for note in notes} <= set(song.scale)


def test_parts_stay_in_their_range_and_time() -> None:
    for song, rng in songs(20):
        end = len(song.chords) * song.bar_seconds
        for notes, low, high in (
            (melody(song, rng, 50, 70), 50, 70),
            (bass_line(song, rng, 28), 28, 28 + 11 + 12),
            (chords(song, rng, 50), 47, 53 + 11),
        ):
            assert all(low <= note.midi <= high for note in notes)
            assert all(0.0 <= note.onset_seconds < end + 0.1 for note in notes)
            assert all(note.seconds > 0.0 for note in notes)


def test_the_bass_begins_each_bar_on_the_root_of_its_chord() -> None:
    hits = total = 0
    for song, rng in songs(20):
        notes = bass_line(song, rng)
        for bar, degree in enumerate(song.chords):
            begin = bar * song.bar_seconds
            first = min(notes, key=lambda note: abs(note.onset_seconds - begin))
            total += 1
            hits += (first.midi - song.pitch(degree, 0)) % 12 == 0
    assert hits / total > 0.85  # a fifth now and then


def test_grooves_have_kicks_on_one_and_snares_between() -> None:
    kinds = set()
    for song, rng in songs(40):
        hits = drum_pattern(song, rng)
        roles = {hit.role for hit in hits}
        kinds |= roles
        if "kick" in roles:
            kicks = [h.onset_seconds for h in hits if h.role == "kick"]
            assert min(abs(onset) for onset in kicks) < 0.03
            assert "snare" in roles
        else:
            assert roles == {"hand"}
    assert kinds == {"kick", "snare", "closed", "open", "ride", "crash", "tom", "hand"}


def test_one_seed_is_one_score() -> None:
    def whole(seed: int):
        rng = np.random.default_rng(seed)
        song = draw_song(rng, 10.0)
        return song, chords(song, rng), bass_line(song, rng), drum_pattern(song, rng)

    assert whole(3) == whole(3)
    assert whole(3) != whole(4)
