"""Notes: found with their labels, sounded again by a model or a program, and compared."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia import metrics
from aeolia.errors import DataError, InputError, ModelError
from aeolia.evaluation.notes import (
    evaluate_notes,
    find_labelled_notes,
    load_synthesiser,
    synthesiser_of_command,
)
from made.programs import program

RATE = 44100
CHOSEN = metrics.choose_metrics(None, "synth")


def _note(midi: float, cents: float = 0.0) -> np.ndarray:
    """A second of a plucked string of twelve harmonics."""
    time = np.arange(RATE) / RATE
    hz = 440 * 2 ** ((midi - 69 + cents / 100) / 12)
    tones = (np.sin(2 * np.pi * k * hz * time) / k for k in range(1, 13))
    return np.asarray(0.2 * sum(tones) * np.exp(-2 * time))


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes" / "harp"
    folder.mkdir(parents=True)
    for name, midi in (("A3", 57), ("C4", 60)):
        soundfile.write(folder / f"{name}.wav", _note(midi), RATE, subtype="FLOAT")
    return folder.parent


def test_a_detuned_copy_scores_by_how_far_it_is_off(notes: Path) -> None:
    found = find_labelled_notes(notes).notes
    assert [(one.name, one.instrument, one.midi) for one in found] == [
        ("harp/A3", "harp", 57.0),
        ("harp/C4", "harp", 60.0),
    ]
    exact = evaluate_notes(lambda note, audio, rate: audio, found, metrics=CHOSEN)
    off = evaluate_notes(
        lambda note, audio, rate: 0.5 * _note(note.midi, 20.0), found, metrics=CHOSEN
    )
    for same, other in zip(exact, off, strict=True):
        assert same.values["pitch_error"] == pytest.approx(0.0, abs=0.01)
        assert same.values["mel_distance"] == pytest.approx(0.0, abs=1e-6)
        assert other.values["pitch_error"] == pytest.approx(20.0, abs=0.5)
        assert other.values["mel_distance"] > 0.1 and not other.problems
        assert other.labels["instrument"] == "harp"


def test_programs_play_by_label_or_by_recording(notes: Path, tmp_path: Path) -> None:
    found = find_labelled_notes(notes).notes
    body = (
        "midi, seconds, rate = map(float, arguments[:3])\n"
        "t = np.arange(int(0.7 * seconds * rate)) / rate\n"
        "x = 0.2 * np.sin(2 * np.pi * 440 * 2 ** ((midi - 69) / 12) * t)\n"
        "soundfile.write(arguments[3], x, int(rate), 'FLOAT')\n"
    )
    _, player = synthesiser_of_command(program(tmp_path, body, "{midi} {seconds} {rate} {out}"))
    rows = evaluate_notes(player, found, metrics=CHOSEN)
    assert all(row.values["pitch_error"] < 1.0 for row in rows)  # short ones are filled up
    assert rows[0].seconds == 1.0 and not rows[0].problems
    # One that reads the recording has to keep its length.
    body = "x, r = soundfile.read(arguments[0])\nsoundfile.write(arguments[1], x[:-1], r)\n"
    _, vocoder = synthesiser_of_command(program(tmp_path, body, "{in} {out}"))
    row = evaluate_notes(vocoder, found, metrics=CHOSEN)[0]
    assert "returned shape [44099]" in row.problems[0] and math.isnan(row.values["mel_distance"])
    with pytest.raises(InputError, match="not told which note"):
        synthesiser_of_command("cat {velocity} {out}")


def test_notes_that_nothing_labels_are_named(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "unlabelled.wav", _note(60), RATE)
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    _, player = synthesiser_of_command(program(tmp_path, "", "{midi} {out}"))
    rows = evaluate_notes(player, find_labelled_notes(tmp_path).notes, metrics=CHOSEN)
    assert "holds no audio" in rows[0].problems[0]
    assert "nothing gives the note's pitch" in rows[1].problems[0]
    with pytest.raises(DataError, match="does not exist"):
        find_labelled_notes(tmp_path / "nowhere")


def test_our_model_encodes_and_decodes(notes: Path) -> None:
    pytest.importorskip("swift_f0")
    found = find_labelled_notes(notes).notes[:1]
    (row,) = evaluate_notes(load_synthesiser("notes"), found, metrics=CHOSEN)
    assert not row.problems
    assert row.values["pitch_error"] < 50.0
    assert row.values["mel_distance"] < 25.0
    with pytest.raises(ModelError, match="drums"):
        load_synthesiser("drums")


def test_a_pitch_is_needed_for_an_error_of_pitch() -> None:
    noise = np.random.default_rng(0).standard_normal(RATE)
    with pytest.raises(InputError, match="reference has no steady pitch"):
        metrics.pitch_error(noise, _note(60), RATE)
    with pytest.raises(InputError, match="estimate has no steady pitch"):
        metrics.pitch_error(_note(60), np.zeros(RATE), RATE)
    assert metrics.pitch_error(_note(60), _note(72), RATE) == pytest.approx(1200, abs=1)


def test_mel_distance_ignores_level_and_grows_with_difference() -> None:
    a, b = _note(57), _note(60)
    assert metrics.mel_distance(a, 0.1 * a, RATE) == pytest.approx(0.0, abs=1e-3)
    near, far = (metrics.mel_distance(a, x, RATE) for x in (a + 0.01 * b, b))
    assert 0 < near < far
    assert metrics.mel_distance(a, np.zeros_like(a), RATE) > far
