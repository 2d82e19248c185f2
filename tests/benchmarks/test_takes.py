"""The page of long takes: what is measured of a stretch, its onset and a pause is what was made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

from benchmarks.denoise import held_out_takes as heldout
from benchmarks.denoise import takes
from benchmarks.denoise.quality import NOISY, Competitor
from benchmarks.results import Entry
from made.corpora import held_out_corpus


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[heldout.HeldOutTake]:
    monkeypatch.setattr(heldout, "_SECONDS", 30.0)
    monkeypatch.setattr(takes, "_IN_AN_HOUR", 3)
    folder = held_out_corpus(tmp_path, speakers=80, noises=40).parent
    return heldout.draw_takes(folder, takes=4)


def test_a_system_that_mutes_a_second_after_each_pause_is_seen(
    made: list[heldout.HeldOutTake],
) -> None:
    def sleepy(audio: np.ndarray, _: int) -> np.ndarray:
        out = audio.copy()
        out[15 * 16000 : 16 * 16000] = 0.0
        return out

    system = Competitor(Entry("sleepy", 16000, "sleepy"), sleepy)
    whole, mute = takes._scores(NOISY, made[3]), takes._scores(system, made[3])
    assert mute["long"][0] < whole["long"][0] - 10.0
    assert mute["short"] == pytest.approx(whole["short"], abs=0.3)
    assert mute["onset alone"] == pytest.approx(whole["onset alone"], abs=0.3)
    assert whole["pause"] == pytest.approx([0.0], abs=0.01)


def test_the_page_has_a_row_a_system(
    made: list[heldout.HeldOutTake], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takes, "draw_takes", lambda *_, **__: made)
    halved = Competitor(Entry("halved", 16000, "h"), lambda audio, _: audio / 2)
    monkeypatch.setattr(takes, "our_system", lambda _: halved)
    takes.run(tmp_path, ["halved"], tmp_path / "takes.md", "report", 4)
    rows = [line for line in (tmp_path / "takes.md").read_text().splitlines() if "|" in line][2:]
    noisy, half = ([cell.strip() for cell in row.strip("|").split("|")] for row in rows)
    assert (noisy[0], half[0]) == (NOISY.name, "halved")
    assert half[6].startswith("-6.0") and noisy[6].startswith("0.0")
    assert noisy[1] == half[1]  # SI-SDR does not hear levels
    assert half[7] in ("+0.00", "-0.00")
