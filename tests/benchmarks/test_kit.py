"""The page of drum kits from made songs: what knows the answer is best, what passes all is none."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from made.music import kit_rows
from made.tiny_separators import write_separator

pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("scipy")

from aeolia.config.classes import KIT
from aeolia.data.corpus.manifest import write_manifest
from aeolia.errors import DataError
from benchmarks.__main__ import main
from benchmarks.results import Results
from benchmarks.separate import kit
from benchmarks.separate.excerpts import REST, kit_excerpts


def test_references_sum_to_the_excerpt(tmp_path: Path) -> None:
    rows = [row for row in kit_rows(tmp_path, 2, split="report") if row.label != "drums"]
    for whole in (False, True):
        clips = list(kit_excerpts(rows, 3, 2.0, 16000, whole=whole))
        assert len(clips) == 3 and len({clip.name for clip in clips}) == 3
        for clip in clips:
            assert set(clip.references) == {*KIT, REST} and len(clip.mixture) == 32000
            total = np.sum(list(clip.references.values()), axis=0)
            np.testing.assert_allclose(total, clip.mixture, atol=1e-5)
    # The first of the three stretches of two seconds holds no kit.
    assert all(not clip.name.endswith("_000") for clip in clips)
    with pytest.raises(DataError, match="no song with the parts"):
        next(kit_excerpts([], 3))


def test_a_filter_of_one_part_takes_it_out() -> None:
    rate = 16000
    low, high = (np.sin(2 * np.pi * hz * np.arange(rate) / rate) for hz in (200.0, 5000.0))
    share = np.fft.rfftfreq(4096, 1 / rate) < 1000.0
    kernel = np.hanning(4096) * np.fft.fftshift(np.fft.irfft(share.astype(float)))
    inside = slice(4096, -4096)
    np.testing.assert_allclose(kit.filtered(low + high, kernel)[inside], low[inside], atol=1e-3)


def test_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    songs = [*kit_rows(tmp_path, 2, 5.0), *kit_rows(tmp_path, 2, 5.0, split="report")]
    write_manifest(tmp_path / "manifest.csv", songs)
    model = write_separator(tmp_path / "mine.onnx", classes=KIT)
    short = partial(kit_excerpts, seconds=2.0, sample_rate=16000)
    monkeypatch.setattr(kit, "kit_excerpts", lambda rows, n, *, whole: short(rows, n, whole=whole))
    monkeypatch.setattr(
        kit.aeolia,
        "separate",
        lambda audio, rate, *, sources, model=None: dict.fromkeys(sources, audio),
    )
    words = ["kit", "--data", str(tmp_path), "--clips", "3", "--model", str(model)]
    words += ["-o", str(tmp_path / "page.md"), "--results", str(tmp_path / "found.json")]
    assert main(words) == 0
    found = Results.read(tmp_path / "found.json")
    assert list(found.sets) == ["drums alone", "whole songs"]
    assert list(found.scores["whole songs"]) == [
        "mixture", "fixed filters", "mine", "drums, then mine", "ideal ratio mask"
    ]  # fmt: skip
    for part in KIT:
        gains = found.values("whole songs", "mine", part + ", gain")
        np.testing.assert_allclose(gains, 0.0, atol=1e-3)
        assert found.values("whole songs", "ideal ratio mask", part + ", gain").min() > 3.0
    text = (tmp_path / "page.md").read_text()
    assert "## Drums alone" in text and "## Whole songs" in text and "| kick | 2 | " in text
    assert main(["page", str(tmp_path / "found.json"), "-o", str(tmp_path / "again.md")]) == 0
    assert (tmp_path / "again.md").read_text() == text
    other = write_separator(tmp_path / "others.onnx")
    assert main([*words[:-6], "--model", str(other)]) == 2
    assert "does not tell kick, snare, toms, hihat, cymbals apart" in capsys.readouterr().err
