"""Samples, loops, zones and the text of SFZ files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.patch import choose_patch
from aeolia.runtime.synth.sfz.looping import with_loop
from aeolia.runtime.synth.sfz.sampling import level_db, record, zones_of
from made.tiny_synth import DECAY_DB

RATE = 48000


def sound(hz: float, noise: float, seconds: float = 2.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    tone = sum(np.sin(2 * np.pi * k * hz * time + k) / k for k in range(1, 12))
    hiss = np.random.default_rng(0).standard_normal(len(time))
    return (0.1 * tone + noise * hiss).astype(np.float32)


@pytest.mark.parametrize("hz", [41.2, 233.08, 987.77])
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_loop_goes_on_as_the_sound_does(hz: float, noise: float) -> None:
    audio = sound(hz, noise)
    looped, loop = with_loop(audio, RATE // 2, RATE)
    once = looped[loop.start : loop.end + 1]
    whole = np.concatenate([looped[: loop.end + 1], once, once, once])
    assert 0.5 * (len(audio) - loop.start) <= len(once) <= len(audio) - loop.start
    # The tone's phase does not jump: it is that of a tone that never looped.
    time = np.arange(len(whole)) / RATE
    for seam in (loop.end + 1, loop.end + 1 + len(once), loop.end + 1 + 2 * len(once)):
        near = slice(seam - 4800, seam + 4800)
        basis = np.exp(-2j * np.pi * hz * time[near])
        left, right = np.split(whole[near] * basis, 2)
        turned = np.angle(right.mean() / left.mean())
        assert abs(turned) < 0.05
        # Nor does its level dip or swell.
        power = np.square(whole[near]).reshape(-1, 2400).mean(axis=1)
        assert np.ptp(10 * np.log10(power)) < (0.2 if noise == 0 else 0.7)
    # No step is larger than those of the sound itself.
    assert np.abs(np.diff(whole)).max() <= 1.05 * np.abs(np.diff(audio)).max()
    # A sampler that interpolates across the end finds there what comes next.
    behind = looped[loop.end + 1 :]
    np.testing.assert_array_equal(behind, looped[loop.start : loop.start + len(behind)])


def test_zones_cover_every_key_once() -> None:
    for low, high in ((21, 108), (60, 60), (60, 61), (60, 62), (36, 99), (0, 127)):
        zones = zones_of(low, high)
        keys = [key for zone in zones for key in range(zone.low, zone.high + 1)]
        assert keys == list(range(low, high + 1))
        assert all(zone.low <= zone.centre <= zone.high for zone in zones)
        assert all(max(z.centre - z.low, z.high - z.centre) <= 1 for z in zones)


def test_what_dies_away_is_recorded_to_its_end(synth_folder: Path) -> None:
    model = OnnxSynthesiser(synth_folder / "notes.onnx")
    patch = choose_patch(model, "piano")
    sample = record(patch, 60, 100)
    assert sample.loop is None
    assert len(sample.audio) == pytest.approx(60 / DECAY_DB * RATE, abs=RATE // 50)
    assert np.abs(sample.audio[-10:]).max() < 1e-4
    np.testing.assert_array_equal(sample.audio, record(patch, 60, 100).audio)
    levels = level_db(patch, 60, range(32, 128))
    assert (np.diff(levels) > 0).all()


def test_what_sustains_keeps_its_level(synth_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def falling(*arguments: np.ndarray) -> np.ndarray:
        return (-20.0 - 2.0 * arguments[4]).astype(np.float32)

    model = OnnxSynthesiser(synth_folder / "notes.onnx")
    monkeypatch.setattr(model, "envelope", falling)
    sample = record(choose_patch(model, "piano"), 60, 100)
    assert sample.loop is not None and sample.loop.start == 3 * RATE
    tail = sample.audio[sample.loop.start : sample.loop.end]
    levels = [10 * np.log10(np.square(part).mean()) for part in np.array_split(tail, 5)]
    assert np.ptp(levels) < 0.1
    assert levels[0] == pytest.approx(-26.0, abs=0.3)


def test_a_draw_is_one_instrument(synth_folder: Path) -> None:
    """The same step from the usual timbre at every pitch and velocity; other seeds, other steps."""
    model = OnnxSynthesiser(synth_folder / "notes.onnx")
    pitch, velocity = np.array([40.0, 60.0, 80.0]), np.array([0.2, 0.5, 0.9])
    usual = choose_patch(model, "piano").latents(pitch, velocity)
    steps = choose_patch(model, "piano", seed=3).latents(pitch, velocity) - usual
    np.testing.assert_allclose(steps, np.tile(steps[:1], (3, 1)), atol=1e-6)
    assert np.abs(steps).max() > 0.1
    # As a single note is drawn.
    alone = model.sample_prior(model.instrument("piano")[None], pitch[1:2], velocity[1:2], 3)
    np.testing.assert_allclose((usual + steps)[1:2], alone, atol=1e-6)
    assert not np.allclose(choose_patch(model, "piano", seed=4).latents(pitch, velocity), usual)
