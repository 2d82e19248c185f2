"""Scores beside soundfonts: songs are cut, what is measured is what was made, and the page."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from aeolia.errors import DataError
from aeolia.runtime.synth.score_reader import read_score
from benchmarks import PAGES, RESULTS
from benchmarks.results import ClipSet, Entry, Results
from benchmarks.scores.gather import main as gather
from benchmarks.scores.gather import songs_of_wad
from benchmarks.scores.listening import spread
from benchmarks.scores.measures import (
    Heard,
    chroma,
    chroma_agreement,
    mel_distance_db,
    onset_agreement,
    onset_times,
)
from benchmarks.scores.page import levels_beside, page
from benchmarks.scores.songs import find_songs, read_song
from made.midi_bytes import midi_file, track

RATE = 48000


def song_bytes(seconds: int = 4) -> bytes:
    """Two channels and drums; a note every half second, at 120 beats a minute and 480 ticks."""
    events = [(0, bytes([0xC0, 5])), (0, bytes([0xC1, 40]))]
    for number in range(2 * seconds):
        for channel, key in ((0, 60 + number % 5), (1, 48), (9, 38)):
            events.append((480 * number, bytes([0x90 | channel, key, 100])))
    for number in range(1, 2 * seconds + 1):
        for channel, key in ((0, 60 + (number - 1) % 5), (1, 48), (9, 38)):
            events.append((480 * number - 40, bytes([0x80 | channel, key, 0])))
    events.sort(key=lambda event: event[0])
    return midi_file(track(*events))


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    folder = tmp_path / "songs"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.mid").write_bytes(song_bytes())
    return folder


# --- songs ---


def test_a_song_is_cut_and_its_keys_go_up(songs: Path, tmp_path: Path) -> None:
    song = read_song(songs / "a.mid", 1.75)
    assert song.seconds == 1.75 and song.channels == {1: 4, 2: 4, 10: 4}
    assert song.onsets.tolist() == [0.0, 0.5, 1.0, 1.5]
    assert song.programs(1) == (5,) and song.programs(2) == (40,)
    (tmp_path / "cut.mid").write_bytes(song.midi)
    cut, whole = read_score(tmp_path / "cut.mid"), read_score(songs / "a.mid")
    assert cut.seconds == 1.75 and not cut.remarks
    early = [note for note in whole.notes if note.onset_seconds < 1.75]
    assert [(n.onset_seconds, n.pitch, n.program, n.channel) for n in cut.notes] == [
        (n.onset_seconds, n.pitch, n.program, n.channel) for n in early
    ]
    (tmp_path / "alone.mid").write_bytes(song.alone(2))
    assert {note.channel for note in read_score(tmp_path / "alone.mid").notes} == {2}


def test_songs_are_spread_over_the_folder(songs: Path) -> None:
    (songs / "songs.csv").write_text("file,source,licence\nc.mid,Somebody,CC0\n")
    assert [song.name for song in find_songs(songs, 2.0, 2)] == ["a", "b"]
    found = find_songs(songs, 2.0, 9)
    assert [(one.source, one.licence) for one in found] == [
        ("songs", ""),
        ("songs", ""),
        ("Somebody", "CC0"),
    ]
    with pytest.raises(DataError, match="holds no MIDI files"):
        find_songs(songs.parent, 2.0, 2)


def wad(**lumps: bytes) -> bytes:
    body, table = b"", b""
    for name, data in lumps.items():
        table += struct.pack("<II8s", 12 + len(body), len(data), name.encode())
        body += data
    return struct.pack("<4sII", b"IWAD", len(lumps), 12 + len(body)) + body + table


def test_songs_are_gathered_from_archives_and_folders(songs: Path, tmp_path: Path) -> None:
    archive = wad(D_E1M1=song_bytes(), MAP=b"walls", D_E1M2=song_bytes(5), D_E1M3=song_bytes())
    assert [name for name, _ in songs_of_wad(archive)] == ["d_e1m1", "d_e1m2", "d_e1m3"]
    (tmp_path / "doom").mkdir()
    (tmp_path / "doom" / "freedoom1.wad").write_bytes(archive)
    gather(tmp_path / "out", freedoom=tmp_path / "doom", openmsx=songs)
    table = (tmp_path / "out" / "songs.csv").read_text().splitlines()
    assert len(table) == 1 + 2 + 1  # what stands there twice is taken once
    assert all((tmp_path / "out" / row.split(",")[0]).is_file() for row in table[1:])
    with pytest.raises(DataError, match="no WAD"):
        list(songs_of_wad(b"x" * 40))
    with pytest.raises(DataError, match="cut short"):
        list(songs_of_wad(archive[:-8]))


# --- measures ---


def notes(*keys: int, seconds: float = 0.5) -> np.ndarray:
    """Notes one after another, [T]."""
    time = np.arange(round(seconds * RATE)) / RATE
    hz = [440 * 2 ** ((key - 69) / 12) for key in keys]
    fade = np.exp(-14 * time)
    return np.concatenate(
        [0.2 * fade * sum(np.sin(2 * np.pi * k * one * time) / k for k in (1, 2, 4)) for one in hz]
    ).astype(np.float32)


def test_chroma_hears_the_note_and_not_the_octave() -> None:
    line, octave, other = (chroma(notes(*keys), RATE) for keys in ([60, 64], [72, 76], [61, 65]))
    assert chroma_agreement(line, line) == pytest.approx(1.0, abs=1e-6)
    assert chroma_agreement(line, octave) > 0.97
    assert chroma_agreement(line, other) < 0.5
    assert chroma_agreement(line, np.zeros_like(line)) == 0.0


def test_onsets_are_where_notes_begin() -> None:
    heard = onset_times(np.pad(notes(60, 64, 67, 72), (RATE // 4, 0)), RATE)
    assert onset_agreement(np.array([0.25, 0.75, 1.25, 1.75]), heard) > 0.99
    pytest.importorskip("mir_eval")
    assert onset_agreement(np.array([0.25, 0.75]), heard) == pytest.approx(2 / 3)


def test_what_is_kept_of_a_render() -> None:
    line = notes(60, 64, 67, 72)
    mono = np.pad(np.stack([line, line], axis=1), ((0, RATE), (0, 0)))
    one, louder = Heard.of(mono, RATE), Heard.of(2 * mono, RATE)
    assert louder.lufs - one.lufs == pytest.approx(6.02, abs=0.01)
    assert mel_distance_db(one.mel, louder.mel) < 0.01
    assert one.width_db == -np.inf and one.tail_db == -120.0 and one.clipped == 0.0
    wide = Heard.of(mono * np.array([1.0, 0.0], np.float32), RATE)
    assert wide.width_db == pytest.approx(0.0, abs=0.01)
    assert Heard.of(20 * mono, RATE).clipped > 0.05
    hanging = mono + np.float32(0.01)
    assert Heard.of(hanging, RATE).tail_db > -40.0


def test_songs_shown_go_from_the_nearest_to_the_furthest() -> None:
    assert spread([3.0, 1.0, 2.0, 5.0, 4.0, 6.0, 7.0], 3) == [1, 4, 6]
    assert spread([2.0, 1.0]) == [1, 0]


# --- the page ---


def test_levels_of_parts_are_beside_the_median_of_their_song() -> None:
    clips = [{"song": song, "channel": n, "programs": [0]} for song in "xy" for n in (1, 2, 3)]
    lufs = {"ours": [-20.0, -26.0, -23.0, -30.0, -np.inf, -30.0], "other": [-25.0] * 6}
    results = Results(
        "scores",
        {},
        [Entry("ours", RATE, "", ours=True), Entry("other", RATE, "")],
        {"parts": ClipSet("", clips)},
        {"parts": {name: {"lufs": values} for name, values in lufs.items()}},
        {"reference": "other"},
    )
    found = levels_beside(results, "ours")
    assert found[:3].tolist() == [3.0, -3.0, 0.0]
    assert found[3] == found[5] == 0.0 and not np.isfinite(found[4])


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="FluidSynth is not installed")
def test_songs_are_played_by_all_and_compared(
    songs: Path, synth_folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("mir_eval")
    from benchmarks.__main__ import main
    from made.tiny_soundfont import write_soundfont

    words = ["scores", "--songs", str(songs), "--seconds", "2", "--number", "2"]
    words += ["--model", str(synth_folder / "notes.onnx")]
    words += ["--drums", str(synth_folder / "drums.onnx")]
    fonts = [write_soundfont(tmp_path / f"{name}.sf2") for name in ("first", "second")]
    output, kept = tmp_path / "page.md", tmp_path / "results.json"
    ends = ["-o", str(output), "--results", str(kept), "--page", str(tmp_path / "heard")]
    assert main([*words, "--soundfont", str(fonts[0]), *ends]) == 2
    assert main([*words, *(f"--soundfont={font}" for font in fonts), *ends]) == 0
    results = Results.read(kept)
    assert [entry.name for entry in results.systems] == ["aeolia", "first", "second"]
    # Two files of one sound.
    assert results.values("songs", "second", "chroma, first").min() > 0.999
    assert results.values("songs", "second", "mel_db, first").max() < 0.01
    assert results.values("songs", "aeolia", "cost").min() > 0
    assert len(results.values("songs", "another song", "onsets, first")) == 2
    assert np.isfinite(results.values("parts", "aeolia", "lufs")).all()
    text = output.read_text()
    assert "| **aeolia** |" in text and "| another song |" in text and "licence not stated" in text
    assert page(results) == text
    heard = (tmp_path / "heard" / "index.html").read_text()
    assert heard.count("<audio") == 2 * 3


def test_the_page_is_that_of_its_results() -> None:
    kept = RESULTS / "scores.json"
    if not kept.is_file():
        pytest.skip("not measured yet")
    assert page(Results.read(kept)) == (PAGES / "scores.md").read_text()
