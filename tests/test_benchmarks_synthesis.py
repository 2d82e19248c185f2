"""The ear and the measures of the synthesis benchmark, on sounds whose answers are known."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from aeolia.runtime.instrument import OnnxSynthesiser

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import synthesis

RATE = 48000


def tone(hz: float, seconds: float = 0.7, seed: int = 0) -> np.ndarray:
    """Harmonics of random strengths, fading, with some noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    partials = sum(
        rng.uniform(0.1, 1) / k * np.sin(2 * np.pi * k * hz * time + rng.uniform(0, 6))
        for k in range(1, 40)
        if k * hz < 20000
    )
    return partials * np.exp(-2 * time) + 0.001 * rng.standard_normal(len(time))


@pytest.mark.parametrize("hz", [27.5, 41.2, 65.4, 110.0, 233.1, 440.0, 1046.5, 2093.0, 3951.0])
def test_the_ear_hears_cents(hz: float) -> None:
    for seed in range(3):
        off = abs(1200 * np.log2(synthesis.heard_hz(tone(hz, seed=seed), RATE) / hz))
        assert off < (2.0 if hz < 40 else 0.6)


def test_distances() -> None:
    a, b = tone(220), tone(220, seed=1)
    assert synthesis.spectral_distances(a, 3 * a, RATE) == pytest.approx((0, 0), abs=1e-6)
    near, far = (synthesis.spectral_distances(a, x, RATE) for x in (a + 0.05 * b, b))
    assert 0 < near[0] < far[0] and 0 < near[1] < far[1]


def test_baselines_have_the_pitch_and_the_length() -> None:
    audio = tone(220)
    for way in (synthesis.resampled, synthesis.vocoded):
        shifted = way(audio, 2 ** (2 / 12), len(audio))
        assert len(shifted) == len(audio)
        heard = synthesis.heard_hz(shifted, RATE)
        assert abs(1200 * np.log2(heard / (220 * 2 ** (2 / 12)))) < 5


def test_measures_of_a_known_model(synth_folder: Path) -> None:
    model = OnnxSynthesiser(synth_folder / "notes.onnx")
    # The tiny piano plays its pitch, begins with its note, and is louder for every velocity.
    assert np.abs(synthesis.pitch_errors(model, "piano", 29)).max() < 1.0
    assert np.abs(synthesis.onset_errors(model, "piano")).max() < 2.0
    assert synthesis.level_rises(model, "piano")[0] == 0
    assert synthesis.join_ratio(model, "piano") < 1.3
