"""What folders hold for separation: classes, songs, LibriMix and speakers, split and in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aeolia.data.corpus.layouts import named_class
from aeolia.data.corpus.manifest import HELD_OUT, recording_of, write_manifest
from aeolia.data.separate.arrangements import drum_role
from aeolia.data.separate.rows import class_rows, speaker_rows, split_played, split_songs
from aeolia.errors import DataError
from made.music import hit_rows, note_rows, song_rows
from made.recordings import made_rows, noise_like, voice_like, write

RATE = 16000
REAL = Path(__file__).parents[4] / "shared" / "data" / "manifest.csv"


def write_songs(root: Path, songs: dict[str, tuple[str, ...]]) -> Path:
    for number, (song, stems) in enumerate(songs.items()):
        for index, stem in enumerate(stems):
            sound = voice_like(1.0, RATE, 80.0 + 60 * index + 7 * number, seed=number)
            write(root / song / f"{stem}.wav", sound, RATE)
    return root


FOUR = ("mixture", "vocals", "drums", "bass", "other")


def test_musdb_is_recognised_its_test_songs_held_out(tmp_path: Path) -> None:
    songs = {f"train/Artist - Song {i}": FOUR for i in range(4)}
    root = write_songs(tmp_path / "musdb18hq", {**songs, "test/Artist - Last": FOUR})
    rows, words, _ = class_rows(root)
    assert {row.kind for row in rows} == {"stem"} and len(rows) == 20
    assert {row.label for row in rows} == {"vocals", "drums", "bass", "other"}
    splits = {row.source: row.split for row in rows}
    assert splits["Artist - Last"] == "report" and "train" in splits.values()
    by_song = {(row.source, row.split) for row in rows}
    assert len(by_song) == 5  # the stems of a song stay together
    text = "\n".join(words)
    assert "4 classes of 5 songs" in text and "layout: songs with stems" in text
    assert "sum of its stems" in text  # why the mixtures are left out
    assert "class speech: none; mixtures will not hold it" in text


def test_named_songs_are_held_out(tmp_path: Path) -> None:
    root = write_songs(tmp_path / "songs", {f"song{i}": FOUR for i in range(3)})
    rows, *_ = class_rows(root, hold_out=["song1"])
    assert {row.source for row in rows if row.split == "choose"} == {"song1"}
    with pytest.raises(DataError, match="no song is called 'song9'; songs are song0, song1"):
        class_rows(root, hold_out=["song9"])


def test_a_stem_of_another_name_is_said_to_be_left_out(tmp_path: Path) -> None:
    root = write_songs(tmp_path / "songs", {"a": (*FOUR, "kazoo"), "b": FOUR})
    rows, words, _ = class_rows(root)
    assert len(rows) == 8
    assert any("kazoo.wav (no stem; stems are named vocals, drums" in line for line in words)


def test_a_folder_of_class_folders(tmp_path: Path) -> None:
    for name, audio in (
        ("Dialogue", voice_like),
        ("drum loops", noise_like),
        ("Ambience", noise_like),
        ("holiday", noise_like),
    ):
        for take in range(4):
            write(tmp_path / "mine" / name / f"{take}.wav", audio(1.0, RATE, seed=take), RATE)
            if name == "drum loops":
                sound = np.roll(noise_like(1.0, RATE, seed=take), 7)
                write(tmp_path / "mine" / name / "more" / f"{take}.wav", sound, RATE)
    rows, words, _ = class_rows(tmp_path / "mine")
    assert sorted({(row.kind, row.label) for row in rows if row.kind == "stem"}) == [
        ("stem", "drums")
    ]
    assert {row.kind for row in rows} == {"speech", "noise", "stem"}
    drums = [row for row in rows if row.kind == "stem"]
    assert len({row.source for row in drums}) == 8  # nothing is taken as aligned
    assert {row.split for row in drums} == {"train", "choose"}
    text = "\n".join(words)
    assert "drum loops/ as drums:" in text and "Dialogue/ as speech:" in text
    assert "left out: holiday/ names no class" in text
    assert "class bass: none; mixtures will not hold it" in text


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Speech", "speech"),
        ("lead vocals", "vocals"),
        ("percussion", "drums"),
        ("sfx_2", "noise"),
        ("electric guitars", "other"),
        ("Bass", "bass"),
        ("music", ""),
        ("2024", ""),
    ],
)
def test_class_folders_are_named_in_words(folder: str, name: str) -> None:
    assert named_class(folder) == name


def test_a_manifest_brings_everything(tmp_path: Path) -> None:
    rows = [*made_rows(tmp_path), *song_rows(tmp_path), *note_rows(tmp_path), *hit_rows(tmp_path)]
    write_manifest(tmp_path / "manifest.csv", (replace(row, split="") for row in rows))
    found, words, _ = class_rows(tmp_path / "manifest.csv", hold_out=["song2"])
    assert {row.kind for row in found} == {"speech", "noise", "stem", "note", "drum"}
    assert {row.source for row in found if row.split == "choose" and row.kind == "stem"} == {
        "made/song2"
    }
    held = [row for row in found if row.kind in ("note", "drum") and row.split in HELD_OUT]
    assert held and any(f"{len(held)} of them held out" in line for line in words)


def test_what_a_manifest_keeps_for_reports_is_not_validated_on(tmp_path: Path) -> None:
    rows = [*song_rows(tmp_path), *note_rows(tmp_path)]
    kept = {"made/song0": "report", "made/song1": "choose", "made/song2": "train"}
    rows = [replace(row, split=kept.get(row.source, "report")) for row in rows]
    write_manifest(tmp_path / "manifest.csv", rows)
    found, *_ = class_rows(tmp_path / "manifest.csv")
    assert [row.split for row in found] == [row.split for row in rows]
    found, *_ = class_rows(tmp_path / "manifest.csv", hold_out=["song0", "song2"])
    songs = {row.source: row.split for row in found if row.kind == "stem"}
    assert songs == {"made/song0": "report", "made/song1": "choose", "made/song2": "choose"}


def test_nothing_to_separate_is_one_clear_error(tmp_path: Path) -> None:
    write(tmp_path / "noise" / "a.wav", noise_like(1.0, RATE), RATE)
    with pytest.raises(DataError, match="holds no classes to separate; give a folder with"):
        class_rows(tmp_path)


def test_both_sides_can_play(tmp_path: Path) -> None:
    """Takes of a pitch and microphones of a stroke stay together; every player is on both sides."""
    rows = split_played([*note_rows(tmp_path), *hit_rows(tmp_path)])
    sides: dict[str, set[str]] = {}
    for row in rows:
        sides.setdefault(recording_of(row), set()).add(row.split)
    assert all(len(side) == 1 for side in sides.values())
    for player in {row.label for row in rows if row.kind == "note"}:
        assert {row.split for row in rows if row.label == player} >= {"train", "choose"}
    for role in ("kick", "snare", "closed"):
        hits = [row for row in rows if row.kind == "drum" and drum_role(row) == role]
        assert {row.split for row in hits} >= {"train", "choose"}
    assert rows == split_played(rows) and rows != split_played(rows, seed=1)


def test_librimix_names_its_speakers(tmp_path: Path) -> None:
    root = tmp_path / "Libri2Mix" / "wav16k" / "max"
    people = [(str(100 + i), str(200 + i)) for i in range(6)]
    for number, (one, two) in enumerate(people):
        part = ("train-100", "train-100", "train-100", "train-100", "dev", "test")[number]
        name = f"{one}-1-0001_{two}-2-0002.wav"
        for index, folder in enumerate(("s1", "s2", "noise", "mix_both")):
            seconds = 5.1 if folder.startswith("s") else 0.6
            audio = voice_like(seconds, RATE, 90.0 + 15 * number + 40 * index, seed=index)
            write(root / part / folder / name, audio, RATE)
    rows, words, _ = speaker_rows(tmp_path / "Libri2Mix")
    speech = {row.label: row.split for row in rows if row.kind == "speech"}
    assert set(speech) == {name for pair in people[:5] for name in pair}
    assert speech["104"] == speech["204"] == "choose"
    assert {row.kind for row in rows} == {"speech", "noise"}
    text = "\n".join(words)
    assert "layout: LibriMix" in text and "its sources are used themselves" in text
    assert "kept for evaluation" in text


def test_speakers_folders_and_their_words(tmp_path: Path) -> None:
    for speaker in range(8):
        for take in range(2):
            audio = voice_like(3.0, RATE, 90.0 + 17 * speaker, seed=take)
            write(tmp_path / "people" / f"person{speaker}" / f"{take}.wav", audio, RATE)
    write(tmp_path / "fans" / "fan.wav", noise_like(3.0, RATE), RATE)
    write(tmp_path / "fans" / "mill.wav", noise_like(3.0, RATE, seed=1), RATE)
    rows, words, _ = speaker_rows(tmp_path / "people", tmp_path / "fans")
    assert {row.label for row in rows if row.kind == "speech"} == {f"person{i}" for i in range(8)}
    assert sum(row.kind == "noise" for row in rows) == 2
    trained = [line for line in words if line.startswith("speakers, train")]
    assert len(trained) == 1 and "7 named" in trained[0] or "6 named" in trained[0]


def test_too_few_speakers_are_refused(tmp_path: Path) -> None:
    for speaker in ("a", "b"):
        write(tmp_path / speaker / "x.wav", voice_like(2.0, RATE, 100.0 + len(speaker)), RATE)
    write(tmp_path / "b" / "y.wav", voice_like(2.0, RATE, 190.0), RATE)
    with pytest.raises(DataError, match="give at least two, one folder each"):
        speaker_rows(tmp_path)


@pytest.mark.skipif(not REAL.is_file(), reason="the shared recordings are not here")
def test_the_shared_recordings_split_as_the_cards_say() -> None:
    rows, *_ = class_rows(REAL, hold_out=["5_rubidium"])
    assert {row.source for row in rows if row.kind == "stem" and row.split == "choose"} == {
        "everythingisfree/5_rubidium"
    }
    assert not any("by-sa" in row.licence.lower() for row in rows if row.kind in ("drum", "note"))
    assert not any(row.source == "oramics_avl_drums" for row in rows)
    kicks = [row.split for row in rows if row.kind == "drum" and drum_role(row) == "kick"]
    assert set(kicks) == {"train", "choose", "report"}
    groups: dict[str, set[str]] = {}
    for row in rows:
        groups.setdefault(f"{row.kind} {recording_of(row)}", set()).add(row.split)
    assert all(len(split) == 1 for split in groups.values())


def test_songs_by_name_only() -> None:
    with pytest.raises(DataError, match="no song is called 'x'"):
        split_songs([], ["x"])
