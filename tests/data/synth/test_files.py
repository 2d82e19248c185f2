"""What files and labels say of notes: names, tables, NSynth's JSON, SFZ."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aeolia.data.synth.files import find_notes, pitch_from_name
from aeolia.data.synth.words import drum_kind, instrument_words
from aeolia.errors import DataError


@pytest.mark.parametrize(
    ("name", "midi"),
    [
        ("A4", 69),
        ("piano_C4_f", 60),
        ("db2_vl1_rr1", 37),
        ("F#3", 54),
        ("Bb0", 22),
        ("C-1", 0),
        ("ab6mp", 92),
        ("piano_060_001", 60),
        ("piano_60_100", 60),
        ("piano_C4_100", 60),
        ("F#3_64", 54),
        ("102", 102),
        ("026-D2-F", 38),
        ("SteelDrum_060__C4_4-1", 60),
        ("HEADROOM LEVEL1 DECCA 21", 21),
        ("bass_electronic_018-022-100", 22),
        ("snare", 0),
        ("take_7", 0),
        ("MIDI72", 72),
    ],
)
def test_pitch_from_name(name: str, midi: float) -> None:
    assert pitch_from_name(name) == midi


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


def test_folders_are_instruments_and_names_tell_pitches(tmp_path: Path) -> None:
    touch(tmp_path / "Alto Sax/A4.wav")
    touch(tmp_path / "tuba/notes_034.flac")
    touch(tmp_path / "tuba/.hidden_C4.wav")
    touch(tmp_path / "tuba/read me.txt")
    found = {(note.instrument, note.midi, note.labelled_by) for note in find_notes(tmp_path)}
    assert found == {("alto_sax", 69.0, "file names"), ("tuba", 34.0, "file names")}


def test_files_without_a_folder_are_named_before_their_pitch(tmp_path: Path) -> None:
    touch(tmp_path / "cello_C3.wav")
    touch(tmp_path / "cello_D3.wav")
    assert {note.instrument for note in find_notes(tmp_path)} == {"cello"}


def test_a_table_speaks_before_names(tmp_path: Path) -> None:
    touch(tmp_path / "a_C4.wav")
    touch(tmp_path / "b.wav")
    (tmp_path / "notes.csv").write_text(
        "file,pitch,instrument,velocity,licence\na_C4.wav,61.5,harp,127,CC0\nb.wav,D5,harp,64,CC0\n"
    )
    first, second = find_notes(tmp_path)
    assert (first.midi, first.instrument, first.velocity) == (61.5, "harp", 1.0)
    assert (second.midi, second.labelled_by, second.licence) == (74.0, "notes.csv", "CC0")
    assert second.velocity == pytest.approx(64 / 127)
    assert find_notes(tmp_path / "notes.csv") == [first, second]


def test_a_manifest_above_lists_what_lies_below(tmp_path: Path) -> None:
    touch(tmp_path / "notes/x.wav")
    touch(tmp_path / "drums/y.wav")
    (tmp_path / "manifest.csv").write_text(
        "path,kind,label,midi\nnotes/x.wav,note,organ,57\ndrums/y.wav,drum,kick,\n"
    )
    (note,) = find_notes(tmp_path / "notes")
    assert (note.instrument, note.midi) == ("organ", 57.0)
    (hit,) = find_notes(tmp_path / "drums", "drum")
    assert (hit.instrument, hit.midi) == ("kick", 0.0)


def test_nsynth(tmp_path: Path) -> None:
    touch(tmp_path / "audio/organ_electronic_001-048-075.wav")
    (tmp_path / "examples.json").write_text(
        json.dumps(
            {
                "organ_electronic_001-048-075": {
                    "pitch": 48,
                    "velocity": 75,
                    "instrument_str": "organ_electronic_001",
                }
            }
        )
    )
    (note,) = find_notes(tmp_path)
    assert (note.instrument, note.midi) == ("organ_electronic_001", 48.0)
    assert note.velocity == pytest.approx(75 / 127)


def test_sfz(tmp_path: Path) -> None:
    for name in ("low one.wav", "high.wav", "key.wav"):
        touch(tmp_path / "samples" / name)
    (tmp_path / "Harp.sfz").write_text(
        "// a comment with sample=nothing.wav\n<control> default_path=samples/\n"
        "<group> hivel=127\n<region> sample=low one.wav pitch_keycenter=c3 lokey=40\n"
        "<region>\nsample=high.wav\npitch_keycenter=72\n<group> hivel=64\n"
        "<region> sample=key.wav key=66\n<region> sample=absent.wav key=67\n"
    )
    found = {Path(n.path).name: (n.instrument, n.midi, n.velocity) for n in find_notes(tmp_path)}
    assert found["low one.wav"] == ("Harp", 48.0, 1.0)
    assert found["high.wav"] == ("Harp", 72.0, 1.0)
    assert found["key.wav"] == ("Harp", 66.0, pytest.approx(64 / 127))
    assert set(found) == {"low one.wav", "high.wav", "key.wav"}


def test_wrong_places_are_answered_in_words(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist; name a folder of notes"):
        find_notes(tmp_path / "absent")
    with pytest.raises(DataError, match="is a file; name a folder"):
        find_notes(touch(tmp_path / "note.wav"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no audio files"):
        find_notes(tmp_path / "empty")
    touch(tmp_path / "bad/audio/x.wav")
    (tmp_path / "bad/examples.json").write_text("{")
    with pytest.raises(DataError, match="not valid JSON"):
        find_notes(tmp_path / "bad")


def test_words() -> None:
    assert {"alto", "sax", "blown", "reed"} <= set(instrument_words("alto_sax"))
    assert {"plucked", "guitar", "strings"} <= set(instrument_words("nylon_guitar"))
    assert instrument_words("theremin") == ("theremin",)


def test_drum_kinds(tmp_path: Path) -> None:
    names = {
        "kit/KdrumL_01.wav": "kick",
        "kit/10_basic_btm_sn_vl1.wav": "snare",
        "kit/hihat-open-3.wav": "hihat_open",
        "kit/HihatClosed.wav": "hihat_closed",
        "kit/4_basic_oh_ss_vl2.wav": "sidestick",
        "kit/ride_9.wav": "ride",
        "kit/zz.wav": "percussion",
    }
    for name in names:
        touch(tmp_path / name)
    found = {n.path[len(str(tmp_path)) + 1 :]: drum_kind(n) for n in find_notes(tmp_path, "drum")}
    assert found == names
