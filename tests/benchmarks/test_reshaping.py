"""Voices at another pitch: what scores say of made sounds, who is drawn, and the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.data.corpus.manifest import Row, write_manifest
from aeolia.errors import DataError
from benchmarks.reshaping.page import page
from benchmarks.reshaping.recordings import draw_clips
from benchmarks.reshaping.run import INSTRUMENTS, SEMITONES, TRACKER
from benchmarks.reshaping.scores import (
    Sound,
    Voice,
    contour_scores,
    formants_apart_db,
    judged_pitch,
)
from benchmarks.results import ClipSet, Entry, Results

RATE = 16000


def vowel(hz: float, formants: tuple[float, ...] = (700, 1900, 3000), seconds: float = 1.0):
    """Harmonics through resonances."""
    time = np.arange(round(seconds * RATE)) / RATE
    harmonics = np.arange(1, int(7500 / hz)) * hz
    gains = 0.01 + sum(1 / (1 + ((harmonics - centre) / 200) ** 2) for centre in formants)
    return 0.05 * np.sum(gains[:, None] * np.sin(2 * np.pi * harmonics[:, None] * time), axis=0)


def steady(audio: np.ndarray, hz: float) -> Voice:
    """As the judge would have it."""
    pitch = np.full(round(len(audio) / RATE * 100), hz)
    inside = np.arange(len(pitch))[3:-3]
    voiced = np.isin(np.arange(len(pitch)), inside)
    return Voice(audio, RATE, pitch, voiced, ~voiced)


def test_contours_are_compared_in_voiced_frames_alone() -> None:
    pitch = np.array([200.0] * 8 + [0.0] * 4)
    voiced = pitch > 0
    voice = Voice(np.zeros(0), RATE, pitch, voiced, ~voiced)
    raised = 2 ** (4 / 12)
    kept = contour_scores(voice, pitch * raised, raised)
    assert kept == {"within": 1.0, "jumps": 0.0, "voiced": 1.0, "unvoiced": 1.0}
    estimate = pitch * raised
    estimate[0] *= 2  # an octave
    estimate[1] *= 2 ** (30 / 1200)
    estimate[2:4] = 0.0
    estimate[8] = 90.0  # buzz in a consonant
    found = contour_scores(voice, estimate, raised)
    assert found["within"] == pytest.approx(4 / 6) and found["jumps"] == pytest.approx(1 / 6)
    assert found["voiced"] == 0.75 and found["unvoiced"] == 0.75
    silent = contour_scores(voice, np.zeros(12), raised)
    assert np.isnan(silent["within"]) and silent["voiced"] == 0.0


@pytest.mark.parametrize("semitones", [4, -5, 12])
def test_formants_are_compared_whatever_the_pitch(semitones: int) -> None:
    hz = 120.0 * 2 ** (semitones / 12)
    voice = steady(vowel(120.0), 120.0)
    pitch = np.full(100, hz)
    kept = formants_apart_db(voice, Sound(vowel(hz), RATE, pitch))
    ratio = 2 ** (semitones / 12)
    moved = vowel(hz, (700 * ratio, 1900 * ratio, 3000 * ratio))
    assert kept < 2.5
    assert formants_apart_db(voice, Sound(moved, RATE, pitch)) > 2.5 * kept
    # A level says nothing, and silence has no formants.
    assert formants_apart_db(voice, Sound(0.1 * vowel(120.0), RATE, voice.pitch_hz)) < 1e-6
    assert np.isnan(formants_apart_db(voice, Sound(moved, RATE, np.zeros(100))))


def test_the_judge_hears_vowels_and_no_pitch_in_noise() -> None:
    pytest.importorskip("parselmouth")
    noise = 0.05 * np.random.default_rng(0).standard_normal(RATE)
    voice = Voice.of(np.concatenate([vowel(160.0), noise]), RATE)
    assert voice.voiced[5:90].all() and not voice.voiced[110:].any()
    assert voice.unvoiced[110:190].mean() > 0.8 and not voice.unvoiced[:100].any()
    heard = judged_pitch(vowel(320.0), RATE, 2.0)[10:90]
    assert np.abs(1200 * np.log2(heard / 320.0)).max() < 3.0


def test_speakers_and_songs_take_turns(tmp_path: Path) -> None:
    pytest.importorskip("parselmouth")
    rows = []
    for number, (label, split) in enumerate((("a", "report"), ("b", "report"), ("c", "train"))):
        for take in range(2):
            path = tmp_path / f"{label}{take}.wav"
            soundfile.write(path, vowel(120.0 + 40 * number, seconds=3.5), RATE)
            rows.append(Row(str(path), "speech", "made", label, 3.5, RATE, split=split))
    song = tmp_path / "vocals.wav"
    choir = vowel(220.0, seconds=5.0) + vowel(277.0, seconds=5.0) + vowel(331.0, seconds=5.0)
    soundfile.write(song, np.concatenate([choir, vowel(262.0, seconds=5.0)]), RATE)
    rows.append(Row(str(song), "stem", "song", "vocals", 10.0, RATE, split="train"))
    write_manifest(tmp_path / "manifest.csv", rows)
    drawn = draw_clips(tmp_path / "manifest.csv", 2)
    assert sorted(clip.voice for clip in drawn["speech"]) == ["made/a", "made/b"]
    assert [clip.voice for clip in drawn["singing"]] == ["song"]  # the choir is left out
    write_manifest(tmp_path / "other.csv", rows[4:6])
    with pytest.raises(DataError, match="one of the two is needed"):
        draw_clips(tmp_path / "other.csv", 2)


def test_the_page_has_all_systems_and_counts_refusals() -> None:
    clips = ClipSet("1a", [{"speaker": "a"}, {"speaker": "b"}])
    contour = {"within": [0.9, 1.0], "jumps": [0, 0.02], "voiced": [1, 0.8], "unvoiced": [1, 1]}
    shifted = {**contour, "formants_db": [2.0, 3.0], "refused": [0, 0]}
    refused = {name: [float("nan"), values[1]] for name, values in shifted.items()}
    by_system = {"ours": shifted, "WORLD": shifted, "rubberband -3 -F": shifted}
    by_system["model"] = {**refused, "refused": [1, 0]}
    played = {f"aeolia transfer --to {to}": {**contour, "refused": [0, 0]} for to in INSTRUMENTS}
    scores = {f"speech {n:+d}": by_system for n in SEMITONES}
    scores |= {"speech as it is": {TRACKER: contour}, "speech played": played}
    text = page(
        Results(
            "reshaping",
            {"date": "today", "source": "x", "machine": "y", "software": "z"},
            [Entry(name, 48000, "", ours=name in ("ours", "model")) for name in by_system],
            dict.fromkeys(scores, clips),
            scores,
            {"keep formants": ["ours", "WORLD"], "seed": 0},
        )
    )
    assert "2 of speech (2 speakers of the split `report`)" in text
    assert "## Speech, shifted" in text and "## Singing" not in text
    rows = {
        line.split(" | ")[0].strip("| *"): line for line in text.splitlines() if line[:1] == "|"
    }
    assert rows["ours"].endswith("| 2.5 | 2.5 | 2.5 | 0 |")
    assert rows["rubberband -3 -F"].endswith("| (2.5) | (2.5) | (2.5) | 0 |")
    assert rows["model"].endswith("| (3.0) | (3.0) | (3.0) | 1 |") and "| 100.0 |" in rows["model"]
    assert "within 20 cents +0.0 ± 0.0 (even)" in text and "95.0 % of those" in text
    assert rows["speech, **aeolia transfer --to flute"].endswith("| 0 of 2 |")
