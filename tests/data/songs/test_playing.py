"""What is handed to the synthesiser, and what drummers and speakers bring."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aeolia.audio.smf import parse_smf
from aeolia.data.songs.composing.arranging import compose
from aeolia.data.songs.composing.score import DRUM_CHANNEL, Note, Part
from aeolia.data.songs.drummers import find_performances, read_performance
from aeolia.data.songs.fluidsynth import FluidSynth, Room
from aeolia.data.songs.midi import midi_bytes
from aeolia.data.songs.scores import find_scores, stretch_of
from aeolia.data.songs.song import _groups, _playable
from aeolia.data.songs.soundfont import read_soundfont
from aeolia.data.songs.voices.rapping import rapped, spoken
from aeolia.data.songs.voices.singers import find_singers
from aeolia.data.songs.voices.singing import can_sing, sung
from aeolia.data.songs.voices.speech import phrases_of, read_speech, syllables_of
from aeolia.errors import DataError
from made.recordings import voice_like, write
from made.tiny_soundfont import write_soundfont

RATE = 16000
SONG = compose(np.random.default_rng(2), "rock", 6.0)
PART = Part("lead", "other", 5, (Note(1.0, 0.5, 69, 90), Note(2.0, 1.0, 72, 100)), pan=-1.0)


def test_midi_files_hold_the_notes_and_the_tempo() -> None:
    parsed = parse_smf(midi_bytes(SONG.outline, PART, tune_cents=10.0), "part")
    assert not parsed.remarks
    ons = [e for e in parsed.events if e.kind == "channel" and e.data[0] == 0x90 and e.data[2]]
    assert [(e.tick / parsed.ticks_per_quarter, *e.data[1:]) for e in ons] == [
        (1.0, 69, 90),
        (2.0, 72, 100),
    ]
    tempos = [e for e in parsed.events if e.kind == "tempo"]
    assert len(tempos) == len(SONG.outline.bars)
    assert 6e7 / int.from_bytes(tempos[0].data[-3:], "big") == pytest.approx(
        SONG.outline.tempos[0], rel=1e-4
    )
    programs = [e.data[1] for e in parsed.events if e.kind == "channel" and e.data[0] == 0xC0]
    assert programs == [5]


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="needs the program fluidsynth")
def test_fluidsynth_plays_in_tune_and_in_time(tmp_path: Path) -> None:
    font = write_soundfont(tmp_path / "tiny.sf2")
    played = FluidSynth().play(midi_bytes(SONG.outline, PART), font, RATE, Room(0.2, 0.5))
    sound = played[:, 0]
    onset = float(SONG.outline.seconds_at(1.0))
    loud = np.flatnonzero(np.abs(sound) > 0.1 * np.abs(sound).max())
    assert loud[0] / RATE == pytest.approx(onset, abs=0.02)
    note = sound[int((onset + 0.02) * RATE) :][: RATE // 8]
    spectrum = np.abs(np.fft.rfft(note * np.hanning(len(note)), RATE))
    assert np.argmax(spectrum[:600]) == pytest.approx(440, abs=8)
    assert np.square(played[:, 0]).sum() > 10 * np.square(played[:, 1]).sum()  # on the left


def test_drums_come_apart_and_nothing_is_lost(tmp_path: Path) -> None:
    (drums,) = (part for part in SONG.parts if part.stem == "drums")
    groups = _groups(drums)
    assert {"kick", "snare"} <= set(groups)
    assert sorted(note for group in groups.values() for note in group.notes) == sorted(drums.notes)
    font = read_soundfont(write_soundfont(tmp_path / "a.sf2", (0, 32, 36)))
    assert _playable(replace(PART, program=36), font).program == 36
    assert _playable(replace(PART, program=38), font).program == 32  # of its family
    assert _playable(replace(PART, program=90), font).program == 0
    assert _playable(replace(drums, program=25, channel=DRUM_CHANNEL), font).program == 0


def test_performances_are_found_with_their_splits(tmp_path: Path) -> None:
    (tmp_path / "drummer1").mkdir()
    beats = Part("drums", "drums", 0, tuple(Note(k / 2, 0.2, 22, 70) for k in range(20)), 9)
    for name in ("1_funk-groove1_138_beat_4-4", "2_jazz_90_beat_3-4", "3_rock_90_fill_4-4"):
        (tmp_path / f"drummer1/{name}.mid").write_bytes(midi_bytes(SONG.outline, beats))
    (tmp_path / "info.csv").write_text(
        "midi_filename,split\ndrummer1/1_funk-groove1_138_beat_4-4.mid,test\n"
        "drummer1/2_jazz_90_beat_3-4.mid,validation\n"
    )
    found = find_performances(tmp_path)
    assert [(one.style, one.beats_per_bar, one.split) for one in found] == [
        ("funk", 4, "report"),
        ("jazz", 3, "choose"),
    ]
    strokes = read_performance(found[0].path)
    assert [note.start for note in strokes] == [k / 2 for k in range(20)]
    assert {note.key for note in strokes} == {42}  # the hi-hat's rim, as General MIDI has it
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="no performances"):
        find_performances(tmp_path / "none")


def test_scores_become_parts(tmp_path: Path) -> None:
    outline = compose(np.random.default_rng(4), "house", 30.0).outline
    steps = [k / 2 for k in range(int(2 * outline.beats))]
    parts = [
        Part("a", "bass", 33, tuple(Note(at, 0.4, 40 + int(at) % 5, 80) for at in steps), 1),
        Part("b", "drums", 0, tuple(Note(at, 0.1, 36, 90) for at in steps), DRUM_CHANNEL),
        Part("c", "other", 53, tuple(Note(at, 0.4, 72 + int(at) % 4, 70) for at in steps), 3),
    ]
    tracks = [midi_bytes(outline, part)[14:] for part in parts]
    head = b"MThd" + (6).to_bytes(4, "big") + bytes((0, 1, 0, len(parts), 480 >> 8, 480 & 255))
    (tmp_path / "song.mid").write_bytes(head + b"".join(tracks))
    (found,) = find_scores(tmp_path)
    song = stretch_of(found.path, np.random.default_rng(0), 6.0)
    assert song is not None
    assert {part.stem: part.program for part in song.parts} == {"bass": 33, "drums": 0, "other": 48}
    for part in song.parts:
        starts = np.array([float(song.outline.seconds_at(note.start)) for note in part.notes])
        assert starts.min() >= 0.0 and starts.max() < 6.0
        assert np.diff(starts) == pytest.approx(30.0 / outline.bpm, rel=0.02)
    assert {note.key for note in song.melody} <= {72, 73, 74, 75} and len(song.melody) > 10
    assert stretch_of(found.path, np.random.default_rng(0), 6.0) == song
    (tmp_path / "song.mid").write_bytes(midi_bytes(outline, replace(parts[0], notes=())))
    assert stretch_of(found.path, np.random.default_rng(0), 6.0) is None
    (tmp_path / "song.mid").write_bytes(b"RIFF of something else")
    with pytest.raises(DataError, match="song.mid"):
        stretch_of(found.path, np.random.default_rng(0), 6.0)


def phrases(seconds: float = 9.0) -> np.ndarray:
    """Voice with pauses of a third of a second."""
    sound = voice_like(seconds, RATE, seed=4)
    times = np.arange(len(sound)) / RATE
    return np.where(times % 1.5 < 1.15, sound, 1e-4 * sound).astype(np.float32)


def test_speech_is_cut_at_its_pauses() -> None:
    found = phrases_of(phrases(), RATE)
    assert 4 <= len(found) <= 7
    for phrase in found:
        assert 0.35 <= len(phrase) / RATE <= 5.1
        pieces = syllables_of(phrase, RATE)
        np.testing.assert_array_equal(np.concatenate(pieces), phrase)
    assert phrases_of(np.zeros(100, np.float32), RATE) == []


def test_rap_begins_on_steps_of_the_bar() -> None:
    outline = compose(np.random.default_rng(1), "hiphop", 12.0).outline
    bursts = np.zeros(6 * RATE, np.float32)
    for number in range(28):  # syllables of an eighth of a second, whose onsets can be seen
        bursts[number * 3400 :][:1800] = voice_like(1800 / RATE, RATE, seed=number)
    sound = rapped(outline, bursts, RATE, np.random.default_rng(0))
    assert len(sound) >= 12 * RATE
    loud = np.abs(sound[: len(sound) // 80 * 80]).reshape(-1, 80).max(1) > 0.02
    onsets = np.flatnonzero(loud[4:] & ~loud[3:-1] & ~loud[2:-2] & ~loud[1:-3] & ~loud[:-4]) + 4
    grid = np.arange(outline.beats * outline.steps_per_beat) / outline.steps_per_beat
    steps = np.asarray(outline.seconds_at(grid))
    away = [np.abs(steps - onset * 80 / RATE).min() for onset in onsets]
    assert len(away) > 10 and np.median(away) < 0.025  # of 0.15 to 0.2 s from step to step
    free = spoken(outline, bursts, RATE, np.random.default_rng(0))
    assert len(free) == len(sound) and np.abs(free).max() > 0
    with pytest.raises(ValueError, match="no phrase"):
        rapped(outline, np.zeros(1000, np.float32), RATE, np.random.default_rng(0))


def test_singers_keep_their_split(tmp_path: Path) -> None:
    for name in ("anna", "ben", "short"):
        write(tmp_path / f"{name}/a.wav", voice_like(0.6 if name == "short" else 5, RATE), RATE)
        write(tmp_path / f"{name}/b.wav", voice_like(0.6, RATE, seed=ord(name[0])), RATE)
    (tmp_path / "manifest.csv").write_text(
        "path,kind,source,label,seconds,split,licence\n"
        "anna/a.wav,speech,x,anna,5,report,CC0\nben/a.wav,speech,x,ben,5,train,CC BY 4.0\n"
        "short/a.wav,speech,x,short,0.6,train,CC0\n"
    )
    singers = find_singers(tmp_path)
    assert [(one.name, one.split, one.licence) for one in singers] == [
        ("x/anna", "report", "CC0"),
        ("x/ben", "train", "CC BY 4.0"),
    ]
    speech = read_speech(singers[0], 3.0, 8000, np.random.default_rng(0))
    assert len(speech) == 24000 and np.abs(speech).max() <= 0.5 + 1e-6


@pytest.mark.skipif(not can_sing(), reason="needs the package pyworld-prebuilt")
def test_a_voice_sings_the_melody() -> None:
    outline = SONG.outline
    melody = [Note(float(beat), 1.6, 57 + beat // 2, 100) for beat in range(0, 8, 2)]
    sound = sung(outline, melody, phrases(), RATE, np.random.default_rng(0))
    assert np.isfinite(sound).all()
    import pyworld

    pitch, times = pyworld.harvest(sound.astype(float), RATE)
    errors = []
    for note in melody:
        start, end = (float(outline.seconds_at(b)) for b in (note.start + 0.4, note.start + 1.4))
        heard = pitch[(times > start) & (times < end) & (pitch > 0)]
        if len(heard) > 10:
            keys = 69 + 12 * np.log2(np.median(heard) / 440)
            errors.append(abs((keys - note.key + 6) % 12 - 6))  # octaves are the singer's own
    assert len(errors) >= 3 and np.median(errors) < 0.7
