"""Voices unlike most: what is made of speech, what its scores say, and the page."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from aeolia.data.corpus.manifest import Row, write_manifest
from benchmarks.results import ClipSet, Entry, Results
from benchmarks.voices.gather import main as gather
from benchmarks.voices.made import MADE, RATE, Voice
from benchmarks.voices.page import page
from benchmarks.voices.scores import fricatives_kept_db, gap_share, kept_db, parts_kept_db


def _noise(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(round(seconds * RATE))).astype(np.float32)


def _voice(pitch_hz: float = 120.0, seconds: float = 1.5) -> np.ndarray:
    """A vowel that comes and goes twice."""
    time = np.arange(round(seconds * RATE)) / RATE
    partials = np.arange(1, 30) * pitch_hz
    levels = 1 / (1 + ((partials - 700) / 250) ** 2) + 0.02
    vowel = (levels[:, None] * np.sin(2 * np.pi * partials[:, None] * time)).sum(axis=0)
    return (0.05 * vowel * np.abs(np.sin(2 * np.pi * time / seconds))).astype(np.float32)


def test_what_is_kept_is_the_projection() -> None:
    speech, other = _noise(2.0), _noise(2.0, 1)
    assert kept_db(speech, speech, RATE) == pytest.approx(0.0, abs=1e-6)
    assert kept_db(speech, 0.25 * speech, RATE) == pytest.approx(-12.04, abs=0.01)
    assert kept_db(speech, 0.25 * speech + other, RATE) == pytest.approx(-12.04, abs=1.0)
    assert kept_db(speech, 3.0 * other, RATE) < -20.0
    assert kept_db(speech, np.zeros_like(speech), RATE) == pytest.approx(-60.0)


def test_silence_around_speech_does_not_count() -> None:
    speech = np.concatenate([np.zeros(RATE, np.float32), _noise(1.0)])
    louder = speech + np.concatenate([_noise(1.0, 2), np.zeros(RATE, np.float32)])
    assert kept_db(speech, louder, RATE) == pytest.approx(0.0, abs=1e-6)


def test_gaps_are_seen_where_the_whole_is_kept() -> None:
    speech = _noise(2.0)
    cut = speech.copy()
    cut[RATE : RATE + RATE // 2] = 0.0
    assert kept_db(speech, cut, RATE) > -3.0
    assert gap_share(speech, cut, RATE) == pytest.approx(0.25, abs=0.11)
    assert gap_share(speech, speech, RATE) == 0.0


def test_fricatives_are_scored_apart_from_vowels() -> None:
    hiss = np.diff(np.diff(_noise(1.0))).astype(np.float32)  # rises with frequency
    speech = np.concatenate([_voice(120.0, 1.0), hiss])
    dull = np.concatenate([_voice(120.0, 1.0), 0.25 * hiss])
    assert fricatives_kept_db(speech, dull, RATE) == pytest.approx(-12.0, abs=1.0)
    assert kept_db(speech, speech, RATE) == pytest.approx(0.0, abs=1e-6)
    assert np.isnan(fricatives_kept_db(_voice(), _voice(), RATE))


def test_speech_and_music_are_told_apart() -> None:
    speech, music = _noise(2.0), _noise(2.0, 3)
    kept, left = parts_kept_db(speech, music, 0.5 * speech + 0.1 * music)
    assert kept == pytest.approx(-6.02, abs=0.01) and left == pytest.approx(-20.0, abs=0.01)


def test_voices_are_made_as_their_names_say() -> None:
    pytest.importorskip("pyworld")
    speech = _voice()
    made = {name: make(speech, np.random.default_rng(1)) for name, make in MADE.items()}
    for sound in made.values():
        assert sound.shape == speech.shape and np.isfinite(sound).all() and np.abs(sound).max() > 0
    voices = {name: Voice.of(sound) for name, sound in made.items()}
    raised = np.fft.rfft(made["raised"] * np.hanning(len(speech)))
    lowest = np.flatnonzero(np.abs(raised) > 0.2 * np.abs(raised).max())[0] * RATE / len(speech)
    assert 380 < lowest < 1900  # no partial of a low voice is left
    assert 150 < voices["shouted"].median_hz < 260
    voiced = {name: float((voice.pitch > 0).mean()) for name, voice in voices.items()}
    assert voiced["whispered"] < 0.3 < voiced["shouted"]
    assert voiced["laughed"] < voiced["shouted"]


def test_gathering_takes_held_out_children_and_actors(tmp_path: Path) -> None:
    splits = {"0001": "report", "0002": "train", "0003": "choose"}
    rows = [
        Row(f"/{speaker}/{k}.flac", "speech", "speechocean762", f"ocean/{speaker}", split=split)
        for speaker, split in splits.items()
        for k in range(2)
    ]
    write_manifest(tmp_path / "manifest.csv", rows)
    oceans, actors = tmp_path / "oceans" / "train", tmp_path / "actors"
    oceans.mkdir(parents=True)
    (oceans / "spk2age").write_text("0001\t6\n0002\t6\n0003\t30\n")
    actors.mkdir()
    for name in ("09a01Wa", "09a01Na", "03a01Fa", "03a01La"):
        (actors / f"{name}.wav").write_bytes(b"")
    gather(tmp_path, emodb=actors, oceans=oceans.parent)
    with (tmp_path / "voices.csv").open() as lines:
        found = [(one["set"], one["speaker"], one["split"]) for one in csv.DictReader(lines)]
    assert sorted(set(found)) == [
        ("acted", "emodb/03", "choose"),
        ("acted", "emodb/09", "report"),
        ("children", "ocean/0001", "report"),
        ("language", "emodb/09", "report"),
        ("language", "ocean/0003", "choose"),
    ]


def _measured(kept_db: list[float]) -> dict[str, list[float]]:
    names = ("si_sdr", "estoi", "pesq_wb", "gap_share", "fricatives_kept_db", "music_db")
    return {"kept_db": kept_db, **{name: [0.5] * len(kept_db) for name in names}}


def test_the_page_counts_lost_voices_and_speakers() -> None:
    speakers = {"children": ("a", "a"), "plain": ("c", "d"), "languages": ("Danish", "Danish")}
    facts = {
        name: [{"speaker": one, "noise": "rain"} for one in found]
        for name, found in speakers.items()
    }
    sets = {
        "children clean": "children",
        "children 10 dB": "children",
        "plain clean": "plain",
        "plain 10 dB": "plain",
        "languages": "languages",
        "music": "plain",
    }
    kept = {"noisy input": [0.0, 0.0], "ours": [-1.0, -7.0]}
    text = page(
        Results(
            "voices",
            {"date": "today"},
            [Entry("noisy input", 48000, ""), Entry("ours", 48000, "", ours=True)],
            {name: ClipSet("1a", facts[which]) for name, which in sets.items()},
            {name: {who: _measured(values) for who, values in kept.items()} for name in sets},
            {"split": "report", "missing": ["somebody: absent"]},
        )
    )
    assert "Speakers: children 1, plain 2." in text
    assert text.count("| **ours** | 50.0 % | 1 | 1 | 50.0 % |") == 2  # without noise, and in it
    assert "| noisy input | 0.0 % | 0 | 0 | 50.0 % |" in text
    assert "| Danish | 0.5 | 0.5 |" in text
    assert "- somebody: absent" in text
