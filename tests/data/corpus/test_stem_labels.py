"""Stems that are not what they are called are found, and the others are left in peace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.cli import run
from aeolia.data.corpus.low_notes import low_notes
from aeolia.data.corpus.manifest import Row, write_manifest
from aeolia.data.corpus.stem_labels import check_stems
from aeolia.errors import DataError
from made.recordings import write

RATE = 16000
SECONDS = 12.0


def kicks() -> np.ndarray:
    """A kick twice a second that falls from 160 to 50 Hz, and a noise of hi-hats between."""
    times = np.arange(RATE // 2) / RATE
    hz = 50.0 + 110.0 * np.exp(-times / 0.03)
    kick = np.sin(2.0 * np.pi * np.cumsum(hz) / RATE) * np.exp(-times / 0.05)
    hat = np.random.default_rng(0).standard_normal(len(times)) * np.exp(-times / 0.02)
    one = 0.5 * kick + 0.1 * np.roll(hat, RATE // 4)
    return np.tile(one, int(2 * SECONDS)).astype(np.float32)


def bass(low: float = 41.2) -> np.ndarray:
    """Four pitches in turn, half a second each, with overtones."""
    times = np.arange(RATE // 2) / RATE
    notes = []
    for step in (0, 5, 7, 3):
        hz = low * 2.0 ** (step / 12.0)
        tone = sum(np.sin(2.0 * np.pi * k * hz * times) / k for k in range(1, 6))
        notes.append(tone * np.minimum(1.0, 50.0 * times) * np.exp(-times / 0.8))
    return np.tile(0.2 * np.concatenate(notes), int(SECONDS / 2)).astype(np.float32)


def chords() -> np.ndarray:
    times = np.arange(int(SECONDS * RATE)) / RATE
    tones = [np.sin(2.0 * np.pi * hz * times) for hz in (262.0, 330.0, 392.0, 523.0)]
    return (0.05 * np.sum(tones, axis=0) * (0.6 + 0.4 * np.sin(times))).astype(np.float32)


def test_a_bass_holds_several_low_pitches_and_a_kick_none() -> None:
    held = low_notes(bass(), RATE)
    assert held.pitches == 4 and held.share > 0.5
    assert held.per_minute == pytest.approx(120.0, rel=0.15)
    assert low_notes(kicks(), RATE).share < 0.05
    assert low_notes(chords(), RATE).share < 0.05
    assert low_notes(kicks(), RATE).duty < 0.25 < low_notes(bass(), RATE).duty
    hidden = low_notes(kicks() + bass(), RATE)
    assert hidden.pitches >= 3 and hidden.share > 0.15
    assert low_notes(np.zeros(100, np.float32), RATE).pitches == 0


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    """One song that is right, one whose bass is among its drums, one with much amiss."""
    sounds = {
        "right": {"drums": kicks(), "bass": bass(), "other": chords()},
        "hidden": {"drums": kicks() + bass(), "other": chords()},
        "amiss": {
            "drums": kicks(),
            "bass": chords(),
            "other": (0.9 * chords()).astype(np.float32),
            "vocals": np.concatenate([kicks()[:3000], np.zeros(int(SECONDS * RATE) - 3000)]),
        },
    }
    rows = [
        Row(str(write(tmp_path / song / f"{name}.wav", sound, RATE)), "stem", song, name)
        for song, stems in sounds.items()
        for name, sound in stems.items()
    ]
    write_manifest(
        tmp_path / "manifest.csv", [Row(row.path, "stem", row.source, row.label) for row in rows]
    )
    return tmp_path


def test_what_does_not_fit_a_name_is_said(songs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "check", str(songs), "-q"]) == 0
    said = capsys.readouterr().out
    right, rest = said.split("hidden\n")
    hidden, amiss = rest.split("amiss\n")
    assert "!" not in right and right.count("\n") == 5
    assert "! drums holds" in hidden and "a bass among the drums" in hidden
    assert hidden.count("!") == 1
    assert "! bass has" in amiss and "hardly a bass" in amiss
    assert "! other is 100 % the same sound as bass" in amiss
    assert "! vocals sounds for" in amiss
    assert "3 songs, 4 remarks" in amiss


def test_without_stems_there_is_a_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no stems are there"):
        check_stems([Row("a.wav", "speech", "x", "anna")])
