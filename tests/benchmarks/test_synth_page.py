"""The synthesisers' page: every part measured on made notes and a tiny model of known sound."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from made.tiny_notes import tone

pytest.importorskip("torch")
pytest.importorskip("swift_f0")

from benchmarks.__main__ import main
from benchmarks.results import Results
from benchmarks.synth import pictures, playing, run

#: Instruments of the tiny model, and one that it never learned.
PITCHES = {
    "piano": range(48, 78, 2),
    "double_bass": range(40, 60, 2),
    "alto_sax": range(50, 80, 2),
    "epiano_wurlitzer": range(60, 66, 2),
}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with notes/."""
    folder = tmp_path_factory.mktemp("recordings")
    for decay, (name, pitches) in enumerate(PITCHES.items()):
        (folder / "notes" / name).mkdir(parents=True)
        for midi in pitches:
            path = folder / "notes" / name / f"{name}_{midi:03d}.wav"
            soundfile.write(path, tone(midi, 1.6, 0.5 + decay), 48000)
    return folder


@pytest.fixture(scope="module")
def page(notes: Path, synth_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of all parts."""
    folder = tmp_path_factory.mktemp("page")
    song = {"song_seconds": 120.0, "song_notes": 500, "song_cost": 12.0, "memory_mb": 80.0}
    with pytest.MonkeyPatch.context() as patch:
        # Playing for two minutes is no work for a test.
        patch.setattr(playing, "_score_cost", lambda model, drums: song)
        words = ["synth", "--data", str(notes), "--model", str(synth_folder / "notes.onnx")]
        words += ["--cache", str(folder / "cache"), "-o", str(folder / "page.md")]
        assert main([*words, "--results", str(folder / "results.json")]) == 0
    return folder


def test_every_part_is_measured(page: Path) -> None:
    results = Results.read(page / "results.json")
    parts = results.details["parts"]["notes"]
    assert tuple(parts) == run.PARTS
    assert set(parts["playing"]) == {"piano", "double_bass", "alto_sax"}
    assert np.abs(parts["playing"]["piano"]["cents"]).max() < 1.0
    ways = {way: len(found) for way, found in parts["unseen"].items()}
    assert set(ways.values()) == {3}  # the only pitch of each instrument that is of `report`
    assert parts["latent"]["notes"] == 3
    contours, _ = parts["transfer"]
    assert sum(contours["frames"]) > 0
    assert len(parts["strangers"]["encoded and decoded"]) == 3
    assert math.isfinite(parts["likeness"]["frechet"]["draws"])
    assert len(parts["shift"]["cents"]) % 2 == 0 and parts["shift"]["cents"]


def test_the_page_has_bars_and_tables(page: Path) -> None:
    text = (page / "page.md").read_text()
    assert "| notes: pitch, cents: median at most 5, 95 % at most 20 |" in text
    assert (
        "| notes: a song of two minutes faster than it plays | 0.100 of real time | met |" in text
    )
    for head in ("unseen notes", "an instrument never learned", "transfer (", "shift by +4"):
        assert f"| {head}" in text
    again = page / "again.md"
    assert main(["page", str(page / "results.json"), "-o", str(again)]) == 0
    assert again.read_text() == text


def test_without_recordings_only_playing_and_speed(synth_folder: Path, tmp_path: Path) -> None:
    words = ["synth", "--model", str(synth_folder / "drums.onnx"), "--cache", str(tmp_path)]
    words += ["-o", str(tmp_path / "page.md"), "--results", str(tmp_path / "results.json")]
    assert main(words) == 0
    found = Results.read(tmp_path / "results.json").details["parts"]["drums"]
    assert set(found) == {"cost", "playing"}


def test_pictures(
    notes: Path, synth_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aeolia.runtime.catalogue import load

    monkeypatch.setattr(pictures, "SHOWN", {"piano": "alto_sax"})
    monkeypatch.setattr(pictures, "HITS", ())
    monkeypatch.setattr(
        pictures, "load", lambda name, task: load(str(synth_folder / f"{name}.onnx"), task)
    )
    draw = pictures.draw
    monkeypatch.setattr(
        pictures,
        "draw",
        lambda data, config: None if config.unpitched else draw(data, config=config),
    )
    assert main(["pictures", "synth", "--data", str(notes), "-o", str(tmp_path)]) == 0
    assert (tmp_path / "piano.png").read_bytes().startswith(b"\x89PNG")
