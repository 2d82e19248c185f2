"""The measures of the synthesis benchmark, on sounds whose answers are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.metrics.mel import mel_levels
from aeolia.metrics.pitch import steady_pitch_hz
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from benchmarks.synth import bars as synth_bars
from benchmarks.synth import ear as synth_ear
from benchmarks.synth import likeness as synth_likeness
from benchmarks.synth import playing as synth_playing
from benchmarks.synth import sounds as synth_sounds
from benchmarks.synth import tables as synth_tables
from benchmarks.synth import unseen as synth_unseen

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
def test_pitch_to_a_fraction_of_a_cent(hz: float) -> None:
    for seed in range(3):
        off = abs(1200 * np.log2(steady_pitch_hz(tone(hz, seed=seed), RATE) / hz))
        assert off < (2.0 if hz < 40 else 0.6)


def test_distances() -> None:
    a, b = tone(220), tone(220, seed=1)
    same, near, far = synth_ear.spectral_distances(a, [3 * a, a + 0.05 * b, b], RATE)
    assert same == pytest.approx((0, 0), abs=1e-3)
    assert 0 < near[0] < far[0] and 0 < near[1] < far[1]


def test_mel_distance_leaves_the_level_out() -> None:
    a, b = (mel_levels(x, RATE) for x in (tone(220), 0.1 * tone(220)))
    assert synth_ear.mel_apart(a, b) < 0.01
    assert synth_ear.mel_apart(a, mel_levels(tone(330), RATE)) > 3


def test_the_envelope_does_not_follow_the_harmonics() -> None:
    """Two pitches through one resonance have nearly one envelope; another resonance has not."""

    def through(hz: float, centre: float) -> np.ndarray:
        time = np.arange(RATE) / RATE
        return sum(
            np.sin(2 * np.pi * k * hz * time) / (1 + ((k * hz - centre) / 300) ** 2)
            for k in range(1, int(20000 / hz))
        )

    low, high, other = (
        synth_ear.envelope_db(through(*x), RATE)
        for x in ((150.0, 1500.0), (190.0, 1500.0), (150.0, 4000.0))
    )
    assert np.abs(low - high).mean() < 0.3 * np.abs(low - other).mean()


def test_baselines_have_the_pitch_and_the_length() -> None:
    audio = tone(220)
    for way in (synth_ear.resampled, synth_ear.vocoded):
        shifted = way(audio, 2 ** (2 / 12), len(audio))
        assert len(shifted) == len(audio)
        pitch = steady_pitch_hz(shifted, RATE)
        assert abs(1200 * np.log2(pitch / (220 * 2 ** (2 / 12)))) < 5


def test_measures_of_a_known_model(synth_folder: Path) -> None:
    model = OnnxSynthesiser(synth_folder / "notes.onnx")
    # The tiny piano plays its pitch, begins with its note, and is louder for every velocity.
    assert np.abs(synth_playing.pitch_errors(model, "piano", 29)).max() < 1.0
    assert np.abs(synth_playing.onset_errors(model, "piano")).max() < 2.0
    assert synth_playing.level_rises(model, "piano")[0] == 0
    alone, real = synth_playing.join_ratios(model, "piano")
    assert 0.3 < alone < 1.3
    assert real is None


def test_measures_of_drums(synth_folder: Path) -> None:
    found = synth_playing.measure_playing(OnnxSynthesiser(synth_folder / "drums.onnx"), None, 3)
    assert set(found) == {"kick", "snare", "hihat"}
    assert all("cents" not in row and row["falls"] == 0 for row in found.values())


def test_the_classifier_tells_timbres_apart_at_any_level() -> None:
    """Dull, bright and noisy tones, learned at some pitches and levels and asked at others."""
    rng = np.random.default_rng(0)

    def made(kind: int, hz: float) -> np.ndarray:
        time = np.arange(RATE // 2) / RATE
        slope = (2.0, 0.5, 1.0)[kind]
        audio = sum(np.sin(2 * np.pi * k * hz * time) / k**slope for k in range(1, 30))
        audio = audio + (0.5 if kind == 2 else 0.001) * rng.standard_normal(len(time))
        return synth_sounds.compact(audio * rng.uniform(0.01, 1), RATE)

    def described(labels: np.ndarray) -> np.ndarray:
        hz = rng.uniform(100, 400, len(labels))
        levels = np.array([made(kind, one) for kind, one in zip(labels, hz, strict=True)])
        return synth_likeness.describe(levels, hz)

    labels = np.repeat(np.arange(3), 20)
    classifier = synth_likeness.Classifier(described(labels), labels)
    assert (classifier(described(labels)) == labels).mean() > 0.9


def test_frechet_distance_of_known_gaussians() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((4000, 3)), 2 * rng.standard_normal((4000, 3)) + [1, 0, 0]
    # One from the mean; (2 - 1)^2 from the spread of each of three dimensions.
    assert synth_likeness.frechet(a, b) == pytest.approx(4, abs=0.3)
    assert synth_likeness.frechet(a, a) == pytest.approx(0, abs=1e-6)


def test_the_probe_finds_what_is_there_and_no_more() -> None:
    rng = np.random.default_rng(0)
    inputs, target = rng.standard_normal((300, 4)), rng.uniform(40, 80, 300)
    guess = np.abs(target - target.mean()).mean()
    assert synth_unseen.linear_probe(inputs, target) > 0.95 * guess
    given = np.concatenate([inputs, target[:, None] / 10], axis=1)
    assert synth_unseen.linear_probe(given, target) < 0.1 * guess


def test_shares_have_wilsons_interval() -> None:
    # Newcombe (1998), table I: 15 of 148 has 0.0624 to 0.1605.
    assert synth_tables.share_text(15, 148) == "10 % (6 to 16, N = 148)"


def test_bars_say_what_is_missed() -> None:
    playing = {
        "piano": {
            "cents": [1.0, -2.0],
            "onsets_ms": [0.1, 9.0],
            "joins": [0.9, 0.5],
            "falls": 0,
            "span_db": 20.0,
        },
    }
    cost = {"one": 0.02, "eight": 0.02, "first": 3.0}
    text = synth_bars.bars({"notes": {"cost": cost, "playing": playing}}, {"notes": 4.0})
    missed = [line for line in text.splitlines() if "missed" in line]
    assert len(missed) == 1 and "onsets" in missed[0]
    assert "4.0 MB" in text
