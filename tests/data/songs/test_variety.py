"""Numbers of songs: a tempo that is known, levels that are known, and songs that differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.cli import run
from aeolia.data.corpus.manifest import Row
from aeolia.data.songs.variety import describe_songs, spectrum_distance
from made.recordings import write

RATE = 22050


def clicks(bpm: float, seconds: float = 15.0, hz: float = 0.0) -> np.ndarray:
    """Strokes of noise, or of a tone, at a tempo; every fourth is louder."""
    rng = np.random.default_rng(1)
    sound = 1e-4 * rng.standard_normal(round(seconds * RATE))
    times = np.arange(RATE // 10) / RATE
    for number, start in enumerate(np.arange(0.0, seconds - 0.2, 60.0 / bpm)):
        stroke = np.sin(2 * np.pi * hz * times) if hz else rng.standard_normal(len(times))
        level = 0.4 if number % 4 == 0 else 0.25
        at = round(start * RATE)
        sound[at : at + len(times)] += level * stroke * np.exp(-times / 0.03)
    return sound.astype(np.float32)


def rows(folder: Path, **sounds: np.ndarray) -> list[Row]:
    return [
        Row(str(write(folder / song / "drums.wav", sound, RATE)), "stem", song, "drums")
        for song, sound in sounds.items()
    ]


@pytest.mark.parametrize("bpm", [84.0, 120.0, 150.0])
def test_tempo_and_strokes(tmp_path: Path, bpm: float) -> None:
    (facts,) = describe_songs(rows(tmp_path, one=clicks(bpm)))
    octaves = np.log2(facts.bpm / bpm)  # whether one counts half as fast is a matter of taste
    assert octaves == pytest.approx(round(octaves), abs=0.04) and abs(octaves) < 1.5
    assert facts.strokes_per_second == pytest.approx(bpm / 60.0, rel=0.15)


def test_spectra_and_dynamics(tmp_path: Path) -> None:
    times = np.arange(10 * RATE) / RATE
    tone = (0.3 * np.sin(2 * np.pi * 1000 * times)).astype(np.float32)
    fading = (tone * 10.0 ** (-np.floor(times / 5.0))).astype(np.float32)  # 20 dB down half way
    steady, faded, low = describe_songs(
        rows(tmp_path, steady=tone, faded=fading, low=clicks(100.0, hz=120.0))
    )
    assert steady.dynamics_db == pytest.approx(0.0, abs=0.2)
    assert faded.dynamics_db == pytest.approx(20.0, abs=0.5)
    assert steady.crest_db == pytest.approx(3.0, abs=0.1)
    assert steady.centroid_hz == pytest.approx(1000.0, rel=0.02)
    assert spectrum_distance(steady, steady) == 0.0
    assert spectrum_distance(steady, low) > 6.0
    assert spectrum_distance(steady, faded) == pytest.approx(spectrum_distance(faded, steady))


def test_the_command_prints_medians(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for song, bpm in (("a", 90.0), ("b", 140.0)):
        for stem in ("drums", "other"):
            write(tmp_path / f"in/{song}/{stem}.wav", clicks(bpm), RATE)
            bpm += 1.0  # no file repeats another
    assert run(["data", "describe", str(tmp_path / "in"), "-q"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("2 songs; median") and "tempo, beats a minute: " in said
    assert "distance between two spectra, dB: " in said and "styles" not in said
