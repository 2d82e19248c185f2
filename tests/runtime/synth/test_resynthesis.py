"""Shift and morph: intervals, formants, lengths, and what lies between two sounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aeolia.audio.pitch.contour import loudness_contour
from aeolia.errors import InputError
from aeolia.runtime.synth.encoding import Encoding
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.resynthesis import fitted, glide, morph_steps, shifted

RATE = 48000


@pytest.fixture(scope="module")
def model(synth_folder: Path) -> OnnxSynthesiser:
    return OnnxSynthesiser(synth_folder / "notes.onnx")


def made(model: OnnxSynthesiser, name: str, hz: float, level: float, seconds: float) -> Encoding:
    """An encoding of a steady tone, without any recording."""
    count = round(seconds * 100)
    return Encoding(
        np.full((1, 4), -20.0, np.float32),
        np.array([seconds / 2]),
        model.instrument(name),
        np.full(count, hz, np.float32),
        np.full(count, level, np.float32),
        "notes",
        model.config.instruments,
        RATE,
        480,
        round(seconds * RATE),
        1,
        RATE,
        round(seconds * RATE),
    )


def peak_hz(audio: np.ndarray) -> float:
    """Frequency of the strongest partial, to 0.1 Hz."""
    middle = audio[len(audio) // 4 : -len(audio) // 4]
    return float(np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 10 * RATE)).argmax() / 10)


@pytest.mark.parametrize("formants", ["keep", "move"])
@pytest.mark.parametrize("semitones", [-12, -3, 0, 0.5, 4, 12])
def test_the_interval_is_exact_and_the_length_stays(
    model: OnnxSynthesiser, semitones: float, formants: str
) -> None:
    tone = made(model, "piano", 300.0, -20.0, 1.0)
    audio = shifted(tone, model, semitones, formants)
    assert len(audio) == RATE
    cents = 1200 * np.log2(peak_hz(audio) / (300.0 * 2 ** (semitones / 12)))
    assert abs(cents) < 1.5
    assert loudness_contour(audio, 480)[50] == pytest.approx(-20.0, abs=0.3)


def test_formants_move_or_stay(model: OnnxSynthesiser, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a model whose resonance is fixed at 2 kHz: kept there, or moved with the pitch."""

    def resonant(latent, instrument, pitch_hz, loudness_db, *, seed=0):
        count = len(pitch_hz) * 480
        cycles = np.cumsum(np.repeat(pitch_hz, 480)) / RATE
        partials = sum(
            np.sin(2 * np.pi * k * cycles) * np.exp(-(((k * pitch_hz[0] - 2000) / 300) ** 2))
            for k in range(1, 30)
        )
        return 0.1 * partials[None, :count]

    monkeypatch.setattr(model, "decode", resonant)
    tone = made(model, "piano", 200.0, -20.0, 1.0)

    def centre(audio: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(audio * np.hanning(len(audio)))) ** 2
        return float((power * np.arange(len(power))).sum() / power.sum() * RATE / len(audio))

    assert centre(shifted(tone, model, 5, "keep")) == pytest.approx(2000, rel=0.03)
    assert centre(shifted(tone, model, 5, "move")) == pytest.approx(2000 * 2 ** (5 / 12), rel=0.03)


def test_impossible_shifts(model: OnnxSynthesiser) -> None:
    tone = made(model, "piano", 300.0, -20.0, 0.1)
    with pytest.raises(InputError, match="formants is 'stay'; choose keep or move"):
        shifted(tone, model, 1, "stay")
    for semitones in (40, float("nan")):
        with pytest.raises(InputError, match="semitones is"):
            shifted(tone, model, semitones)


def test_morph_steps_are_even(model: OnnxSynthesiser) -> None:
    a = made(model, "piano", 200.0, -10.0, 1.0)
    b = made(model, "piano", 800.0, -30.0, 2.0)
    sounds = morph_steps(a, b, model, 5)
    # Pitch moves in semitones, loudness in decibels, and the length evenly.
    for number, sound in enumerate(sounds):
        assert len(sound) == RATE * (1 + number / 4)
        assert peak_hz(sound) == pytest.approx(200 * 2 ** (number / 2), rel=1e-3)
        middle = loudness_contour(sound, 480)[len(sound) // 960]
        assert middle == pytest.approx(-10 - 5 * number, abs=0.3)
    np.testing.assert_allclose(sounds[0], a.sound(model), atol=1e-3)
    np.testing.assert_allclose(sounds[-1], b.sound(model), atol=1e-3)


def test_instruments_and_timbres_mix(model: OnnxSynthesiser) -> None:
    a = made(model, "piano", 300.0, -20.0, 1.0)
    b = made(model, "alto_sax", 300.0, -20.0, 1.0)
    spectrum = [
        np.abs(np.fft.rfft(s[RATE // 4 : -RATE // 4] * np.hanning(RATE // 2)))[[150, 450]]
        for s in morph_steps(a, b, model, 3)
    ]
    # The tiny piano is its first harmonic, the sax its third; half way there is as much of both.
    assert spectrum[0][1] < 1e-3 * spectrum[0][0]
    assert spectrum[1][1] == pytest.approx(spectrum[1][0], rel=0.01)
    assert spectrum[2][0] < 1e-3 * spectrum[2][1]


def test_unvoiced_parts_follow_the_nearer(model: OnnxSynthesiser) -> None:
    a = made(model, "piano", 300.0, -20.0, 1.0)
    b = replace(a, pitch_hz=np.zeros(100, np.float32))
    first, second = morph_steps(a, b, model, 4)[1:3]
    assert peak_hz(first) == pytest.approx(300, abs=0.2)
    spectrum = np.abs(np.fft.rfft(second))
    assert spectrum.max() < 8 * np.sqrt(np.mean(spectrum**2))


def test_a_glide_begins_as_one_and_ends_as_the_other(model: OnnxSynthesiser) -> None:
    a = made(model, "piano", 200.0, -20.0, 1.5)
    b = made(model, "alto_sax", 400.0, -30.0, 2.0)
    audio = glide(a, b, model)
    assert len(audio) == 2 * RATE
    assert peak_hz(audio[: RATE // 5]) == pytest.approx(200, abs=1)
    assert peak_hz(audio[-RATE // 5 :]) == pytest.approx(1200, abs=2)
    loudness = loudness_contour(audio, 480)
    assert (loudness[10], loudness[-10]) == pytest.approx((-20, -30), abs=0.5)


def test_steps_and_lengths(model: OnnxSynthesiser) -> None:
    tone = made(model, "piano", 300.0, -20.0, 0.1)
    with pytest.raises(InputError, match="steps is 1; at least 2"):
        morph_steps(tone, tone, model, 1)
    assert fitted(np.ones(3), 5).tolist() == [1, 1, 1, 0, 0]
    assert fitted(np.ones(3), 2).tolist() == [1, 1]
