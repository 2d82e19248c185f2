"""The map of instruments, and notes that sound while their timbre moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.runtime.synth.held import HeldNote
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.latent_map import LatentMap
from aeolia.runtime.synth.performance import Performance, PlayedNote

HOP, RATE = 480, 48000


@pytest.fixture(scope="module")
def model(synth_folder: Path) -> OnnxSynthesiser:
    return OnnxSynthesiser(synth_folder / "notes.onnx")


def test_a_point_where_an_instrument_lies_is_that_instrument(model: OnnxSynthesiser) -> None:
    places = LatentMap(model).places
    assert places.shape == (3, 2) and np.abs(places).max() == pytest.approx(0.85)
    for index, place in enumerate(places):
        timbre = LatentMap(model).at(*place, 64.0, 0.5)
        alone = np.eye(3, dtype=np.float32)[[index]]
        usual = model.prior(alone, np.array([64.0]), np.array([0.5])).mean[0]
        assert timbre.instrument == pytest.approx(alone[0], abs=1e-4)
        assert timbre.latent == pytest.approx(usual, abs=1e-3)


def test_the_way_between_instruments_has_no_jump(model: OnnxSynthesiser) -> None:
    land = LatentMap(model)
    way = np.linspace(land.places[0], land.places[2], 400)
    timbres = [land.at(x, y, 60.0, 0.8) for x, y in way]
    for values in (
        np.stack([t.latent for t in timbres]),
        np.stack([t.instrument for t in timbres]),
    ):
        # 400 steps; none of them is a tenth of all.
        assert np.abs(np.diff(values, axis=0)).max() < 0.1 * np.ptp(values, axis=0).max()
    assert all(t.instrument.sum() == pytest.approx(1.0, abs=1e-5) for t in timbres)


def test_beyond_the_edge_is_the_edge(model: OnnxSynthesiser) -> None:
    land = LatentMap(model)
    assert np.array_equal(land.at(9, -9, 60, 1).latent, land.at(1, -1, 60, 1).latent)


def test_a_held_note_is_what_a_score_would_play(model: OnnxSynthesiser) -> None:
    land = LatentMap(model)
    timbre = land.at(*land.places[2], 62.0, 0.9)
    note = PlayedNote(model, 0.0, 0.64, timbre.instrument, timbre.latent, 62.0, 0.9)
    expected = Performance([note]).render()
    held = HeldNote(model, 62.0, 0.9)
    # Blocks of 8 frames, 80 ms: the key goes up after the eighth.
    blocks = [held.sound(timbre, 8) for _ in range(8)]
    held.release()
    while not held.over:
        blocks.append(held.sound(timbre, 1))
    made = np.concatenate(blocks)
    assert len(made) == pytest.approx(len(expected), abs=2 * HOP)
    length = min(len(made), len(expected)) - 2 * HOP
    assert made[:length] == pytest.approx(expected[:length], abs=1e-5)
    assert not held.sound(timbre, 4).any()


def test_a_timbre_that_jumps_is_reached_in_steps(model: OnnxSynthesiser) -> None:
    land = LatentMap(model)
    ends = [land.at(*land.places[n], 57.0, 0.9) for n in (0, 1)]
    moved, there = HeldNote(model, 57.0, 0.9), HeldNote(model, 57.0, 0.9)
    moved.sound(ends[0], 4)
    there.sound(ends[1], 4)
    apart = [np.abs(moved.sound(ends[1], 1) - there.sound(ends[1], 1)).max() for _ in range(40)]
    assert apart[0] > 0.01 and apart[0] > 2 * apart[4] and apart[-1] < 1e-4


def test_a_note_that_dies_away_says_so(model: OnnxSynthesiser) -> None:
    timbre = LatentMap(model).at(0.0, 0.0, 60.0, 1.0)
    held = HeldNote(model, 60.0, 1.0)
    held.sound(timbre, 300)  # 3 s at 6 dB a second
    assert not held.faded
    held.sound(timbre, 200)
    assert held.faded and not held.over
