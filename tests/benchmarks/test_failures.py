"""The gallery of failures on made clips and a model whose effect is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("scipy")

from aeolia.data.heldout.denoise import SAMPLE_RATE, HeldOutPair
from benchmarks.denoise import failures
from benchmarks.denoise.quality import Competitor
from benchmarks.results import Entry


def made_pairs(count: int = 20) -> list[HeldOutPair]:
    """A clip per number: every second one in a room, every fifth with babble."""
    audio = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE // 4).astype(np.float32)
    return [
        HeldOutPair(
            f"mixtures-{k:03d}",
            audio,
            audio,
            (-5, 0, 5, 10, 15)[k % 5],
            0.4 if k % 2 else None,
            "someone",
            "babble" if k % 5 == 4 else "fan",
        )
        for k in range(count)
    ]


def ranked() -> list[failures.Failure]:
    """Gains 0, 1, ... 19 less 5, from the last clip to the first."""
    pairs = made_pairs()
    return failures.rank_failures(pairs, [3.0] * 20, [3.0 + 14 - k for k in range(20)])


def test_the_least_gain_comes_first() -> None:
    found = ranked()
    assert [failure.gain for failure in found] == list(range(-5, 15))
    assert found[0].pair.name == "mixtures-019"
    table = failures.table(found, "SI-SDR dB", 1).splitlines()
    assert len(table) == 2 + 10
    assert table[2].split(" | ")[1:6] == ["3.0", "-2.0", "-5.0", "15", "RT60 0.40 s"]


def test_words_compare_the_worst_with_all() -> None:
    text = failures.in_words(ranked())
    assert text.startswith("5 of 20 clips lose.")
    assert "2 babble (2.0)" in text and "5 in rooms (5.0)" in text
    assert "+6.50 at -5 dB" in text  # clips 0, 5, 10, 15: 14, 9, 4, -1


def test_gallery_holds_pictures_of_all_versions(tmp_path: Path) -> None:
    system = Competitor(Entry("half", 16000, "half", ours=True), lambda audio, _: audio / 2)
    clip = failures.clip(system, ranked()[0], "SI-SDR dB", 1)
    failures.write_gallery(tmp_path, [failures.Gallery("half", "words", (clip,))])
    page = (tmp_path / "index.html").read_text()
    assert "mixtures-019" in page and page.count("<audio") == 3
    assert "SI-SDR dB: 3.0 to -2.0 (-5.0). SNR 15 dB, noise babble" in page
    names = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert names == {f"mixtures-019.16k.{kind}.png" for kind in ("noisy", "half", "reference")}
