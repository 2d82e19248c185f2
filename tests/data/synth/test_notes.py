"""Notes in memory: exact pitch, onsets, levels, what cannot be used, what is held out, crops."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from aeolia.audio.pitch.names import hz_to_midi, midi_to_hz
from aeolia.data.corpus.manifest import HELD_OUT
from aeolia.data.synth.batches import NoteBatches, held_frames
from aeolia.data.synth.files import NoteFile, find_notes
from aeolia.data.synth.mix_config import NoteMixConfig
from aeolia.data.synth.notes import NotePool, hold_out, read_notes
from aeolia.data.synth.pitch import label_support, refine_pitch
from aeolia.errors import DataError
from made.tiny_notes import TINY_SYNTH, tone, write_notes

RATE, HOP = TINY_SYNTH.sample_rate, TINY_SYNTH.hop_length


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> NotePool:
    folder = tmp_path_factory.mktemp("notes")
    write_notes(folder / "notes")
    files = find_notes(folder / "notes")
    return hold_out(read_notes(files, TINY_SYNTH))


@pytest.mark.parametrize("midi", [33.0, 48.3, 60.0, 71.55, 90.2])
def test_pitch_is_refined_near_its_label(midi: float) -> None:
    contour, off = refine_pitch(tone(midi, 1.0), RATE, round(midi), np.arange(20) * 0.05)
    assert off == pytest.approx(100.0 * (midi - round(midi)), abs=2.0)
    assert np.abs(hz_to_midi(contour) - midi).max() < 0.03


def test_vibrato_is_followed() -> None:
    time = np.arange(2 * RATE) / RATE
    cents = 25.0 * np.sin(2 * np.pi * 3.0 * time)
    phase = np.cumsum(midi_to_hz(60.0 + cents / 100.0)) / RATE
    sound = sum(np.sin(2 * np.pi * k * phase) / k for k in (1, 2, 3)).astype(np.float32)
    at = np.arange(0.2, 1.8, 0.01)
    contour, _ = refine_pitch(sound, RATE, 60.0, at)
    found = 100.0 * (hz_to_midi(contour) - 60.0)
    expected = np.interp(at, time, cents)
    assert np.corrcoef(found, expected)[0, 1] > 0.97
    assert np.abs(found - expected).mean() < 8.0


@pytest.mark.parametrize("midi", [30.0, 52.0, 75.0])
def test_right_labels_are_supported_and_wrong_ones_are_not(midi: float) -> None:
    sound = tone(midi, 0.8)
    assert label_support(sound, RATE, midi) > 1.2
    for wrong in (-6.0, -3.0, 1.0, 4.0, 8.0):
        assert label_support(sound, RATE, midi + wrong) < 0.5


def test_onsets_levels_and_velocities(pool: NotePool) -> None:
    assert len(pool.notes) == 24 and pool.instruments == ("bell", "reed")
    for note in pool.notes:
        assert len(note.audio) == len(note.pitch_hz) * HOP
        assert abs(note.midi - note.label_midi) < 0.05
        sound = note.audio * 10.0 ** (note.gain_db / 20.0)
        steady = slice(10, 40) if note.file.instrument == "reed" else slice(4, 8)
        level = 10 * np.log10(np.mean(sound.reshape(-1, HOP)[steady] ** 2))
        assert level == pytest.approx(note.loudness_db[steady].mean(), abs=1.0)
    loudest = max(float(n.loudness_db.max()) for n in pool.notes if n.file.instrument == "bell")
    assert loudest == pytest.approx(TINY_SYNTH.full_loudness_db, abs=1.0)
    for piano, forte in zip(pool.notes[1::2], pool.notes[0::2], strict=True):
        apart = TINY_SYNTH.velocity_range_db * (forte.velocity - piano.velocity)
        assert apart == pytest.approx(-20 * np.log10(0.3), abs=0.6)


def test_silence_before_the_onset_is_cut(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x_060.wav", tone(60, 0.8, late=0.5), RATE)
    found = read_notes(find_notes(tmp_path), TINY_SYNTH)
    (note,) = found.notes
    assert len(note.audio) / RATE == pytest.approx(0.8, abs=0.02)


def test_the_cache_gives_the_same(
    pool: NotePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEOLIA_CACHE", str(tmp_path))
    files = [note.file for note in pool.notes[:3]]
    first = read_notes(files, TINY_SYNTH)
    assert len(list(tmp_path.iterdir())) == 1
    calls: list[int] = []
    again = read_notes(files, TINY_SYNTH, progress=lambda done, total: calls.append(done))
    assert not calls
    for one, two in zip(first.notes, again.notes, strict=True):
        assert one.file == two.file and one.midi == two.midi and one.velocity == two.velocity
        assert np.array_equal(one.audio, two.audio)
        assert np.array_equal(one.loudness_db, two.loudness_db)


def test_what_cannot_be_used_is_said_in_words(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "good_060.wav", tone(60), RATE)
    soundfile.write(tmp_path / "again_060.wav", tone(60), RATE)
    soundfile.write(tmp_path / "wrong_066.wav", tone(60, 0.7), RATE)
    soundfile.write(tmp_path / "silent_061.wav", np.zeros(RATE), RATE)
    soundfile.write(tmp_path / "short_062.wav", tone(62, 0.02), RATE)
    (tmp_path / "broken_063.wav").write_bytes(b"RIFF of nothing")
    found = read_notes(find_notes(tmp_path), TINY_SYNTH)
    words = "\n".join(found.words())
    assert len(found.notes) == 1
    for expected in (
        "repeated: 1: good_060.wav (same as again_060.wav)",
        "pitch doubtful, left out: 1: wrong_066.wav",
        "silent: 1",
        "too short: 1",
        "unreadable: 1: broken_063.wav",
    ):
        assert expected in words
    with pytest.raises(DataError, match="none of the 1 files can be used: 1 silent"):
        silent = [f for f in find_notes(tmp_path) if "silent" in f.path]
        read_notes(silent, TINY_SYNTH)


@pytest.mark.parametrize(
    "form", ["{midi}_{vel}", "{vel}_{midi}", "{vel}_{name}", "take_{vel}_{midi}_3"]
)
def test_the_sound_decides_between_the_numbers_of_a_name(form: str, tmp_path: Path) -> None:
    # 72 and 48 are an octave from some of the notes, 100 is a harmonic of 60.
    made = [(60, "C4", 100), (60, "C4", 72), (60, "C4", 48), (72, "C5", 64), (50, "D3", 62)]
    for midi, name, velocity in made:
        stem = "harp_" + form.format(midi=midi, vel=velocity, name=name)
        soundfile.write(tmp_path / f"{stem}.wav", velocity / 127 * tone(midi, 0.7), RATE)
    found = read_notes(find_notes(tmp_path), TINY_SYNTH)
    assert not found.problems, found.words()
    assert sorted(n.label_midi for n in found.notes) == [50, 60, 60, 60, 72]
    assert all(abs(note.midi - note.label_midi) < 0.1 for note in found.notes)


def test_names_that_mean_something_else_are_an_error(tmp_path: Path) -> None:
    for midi, number in ((60, 30), (63, 31), (66, 32), (69, 69)):
        soundfile.write(tmp_path / f"harp_{number:03d}.wav", tone(midi, 0.5), RATE)
    with pytest.raises(DataError, match=r"pitch of 3 of 4 notes is doubtful, .*harp_030.wav"):
        read_notes(find_notes(tmp_path), TINY_SYNTH)


def test_every_fifth_pitch_is_held_out(tmp_path: Path) -> None:
    for midi in range(50, 63):
        soundfile.write(tmp_path / f"harp_{midi:03d}.wav", tone(midi, 0.3), RATE)
    soundfile.write(tmp_path / "lyre_060.wav", tone(60.1, 0.3), RATE)
    read = read_notes(find_notes(tmp_path), TINY_SYNTH)
    split = hold_out(read)
    held = {name: {n.label_midi for n in split.of(name)} for name in HELD_OUT}
    assert held == {"choose": {52}, "report": {57}}
    assert all(n.split == "train" for n in split.notes if n.file.instrument == "lyre")
    alone = hold_out(read, ["lyre"])
    assert {n.file.instrument for n in alone.of("report")} == {"harp", "lyre"}
    told = [replace(file, split="report") for file in find_notes(tmp_path)]
    assert not hold_out(read_notes(told, TINY_SYNTH)).of("train")
    assert "harp: 13 notes, MIDI 50 to 62, 13 pitches, 11 to learn from, 2 held out" in (
        split.words()
    )


def test_batches_are_a_function_of_seed_and_step(pool: NotePool) -> None:
    batches = NoteBatches(pool.of("train"), TINY_SYNTH, NoteMixConfig(crop_frames=16))
    whole, again = batches.batch(5, 4), batches.batch(5, 4)
    halves = [batches.batch(5, 4, rank, 2) for rank in (0, 1)]
    assert torch.equal(whole.audio, again.audio)
    assert torch.equal(whole.audio, torch.cat([half.audio for half in halves]))
    assert not torch.equal(whole.audio, batches.batch(6, 4).audio)
    assert whole.seconds == pytest.approx(4 * 0.16)


def test_crops_hold_what_they_say(pool: NotePool) -> None:
    notes = pool.of("train")
    batches = NoteBatches(notes, TINY_SYNTH, NoteMixConfig(crop_frames=16))
    batch = batches.gather([0, 3], [0, 20])
    sound = notes[3].audio * 10.0 ** (notes[3].gain_db / 20.0)
    assert np.allclose(batch.audio[1].numpy(), sound[20 * HOP : 36 * HOP], atol=1e-6)
    assert np.array_equal(batch.loudness_db[1].numpy(), notes[3].loudness_db[20:36])
    assert batch.age[:, 0].tolist() == [0.0, 20.0]
    assert batch.compared[0].min() == 1.0
    assert batch.compared[1, : 2 * HOP].max() == 0.0 and batch.compared[1, 2 * HOP :].min() == 1.0
    assert batch.inside.sum(1).tolist() == [float(len(notes[i].pitch_hz)) for i in (0, 3)]
    assert float(batch.shape_db[0].max()) == 0.0
    assert batch.instrument.sum(1).tolist() == [1.0, 1.0]


def test_a_recorded_release_is_not_held(pool: NotePool) -> None:
    note = pool.notes[-1]
    assert note.ends and 0.6 < held_frames(note) / len(note.pitch_hz) < 0.95


def test_unpitched_sounds_have_no_pitch(tmp_path: Path) -> None:
    path = tmp_path / "kick.wav"
    soundfile.write(path, tone(36, 0.4, 20.0), RATE)
    files = [NoteFile(str(path), "kick")]
    (note,) = read_notes(files, TINY_SYNTH, pitched=False).notes
    assert note.midi == 0.0 and not note.pitch_hz.any()
