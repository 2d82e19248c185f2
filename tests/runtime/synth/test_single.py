"""Single notes: what is played for what was asked, and its length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.errors import InputError
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.single import plan_notes, play_note


@pytest.fixture(scope="module")
def model(synth_folder: Path) -> OnnxSynthesiser:
    return OnnxSynthesiser(synth_folder / "notes.onnx")


def pitch_of(audio: np.ndarray, rate: int = 48000) -> float:
    """Frequency of the strongest bin of a zero-padded spectrum."""
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 10 * rate))
    return float(spectrum.argmax() / 10)


def test_a_plain_note(model: OnnxSynthesiser) -> None:
    (request,) = plan_notes(model, "piano", "A3", 100)
    assert (request.instrument, request.pitch_midi, request.velocity) == ("piano", 57.0, 100)
    assert request.warning == ""
    (audio,) = play_note(model, [request], 1.5)
    assert audio.shape == (72000,) and audio.dtype == np.float32
    assert pitch_of(audio) == pytest.approx(220.0, abs=0.2) or pitch_of(audio) == pytest.approx(
        440.0, abs=0.2
    )


@pytest.mark.parametrize("seconds", [0.0001, 0.003, 0.1, 0.5, 2.34567])
def test_lengths_are_exact_and_ends_are_silent(model: OnnxSynthesiser, seconds: float) -> None:
    (audio,) = play_note(model, plan_notes(model, "piano", 69), seconds)
    assert len(audio) == round(seconds * 48000)
    assert abs(audio[-1]) < 1e-3


def test_defaults(model: OnnxSynthesiser) -> None:
    (request,) = plan_notes(model, "alto_sax")
    assert (request.pitch_midi, request.velocity) == (65.0, 90)
    (low,) = plan_notes(model, text="soft low sax")
    assert (low.instrument, low.pitch_midi, low.velocity) == ("alto_sax", 55.0, 45)
    # What is said outright goes before the text.
    (named,) = plan_notes(model, "piano", 40, 3, text="loud high sax")
    assert (named.instrument, named.pitch_midi, named.velocity) == ("piano", 40.0, 3)


def test_draws(model: OnnxSynthesiser) -> None:
    drawn = plan_notes(model, "piano", 60, samples=4, seed=1)
    again = plan_notes(model, "piano", 60, samples=4, seed=1)
    latents = np.stack([request.latent for request in drawn])
    np.testing.assert_array_equal(latents, np.stack([request.latent for request in again]))
    assert len(np.unique(latents[:, 0])) == 4
    usual = plan_notes(model, "piano", 60)[0].latent
    bright = plan_notes(model, "piano", 60, text="bright")[0].latent
    np.testing.assert_allclose(bright - usual, [1, 0, 0, 0], atol=1e-6)
    # Where two instruments fit, they take turns.
    turns = plan_notes(model, text="piano sax", samples=4)
    assert [request.instrument for request in turns] == ["piano", "alto_sax"] * 2


def test_far_out_of_range_is_warned_about(model: OnnxSynthesiser) -> None:
    assert plan_notes(model, "alto_sax", 83)[0].warning == ""
    (request,) = plan_notes(model, "alto_sax", "C2")
    assert request.warning == (
        "C2 is far outside what alto_sax was learned from (C#3 to A5); it may not sound like one"
    )


def test_drums_have_no_pitch(synth_folder: Path) -> None:
    drums = OnnxSynthesiser(synth_folder / "drums.onnx")
    (request,) = plan_notes(drums, "snare", 20)
    assert request.warning == ""
    (audio,) = play_note(drums, [request], 0.5)
    # The tiny model sounds noise where there is no pitch: no bin stands out.
    spectrum = np.abs(np.fft.rfft(audio))
    assert spectrum.max() < 8 * np.sqrt(np.mean(spectrum**2))


def test_impossible_notes(model: OnnxSynthesiser) -> None:
    for velocity in (0, 128):
        with pytest.raises(InputError, match=f"velocity is {velocity}; 1 .soft. to 127"):
            plan_notes(model, "piano", 60, velocity)
    with pytest.raises(InputError, match="-3 samples were requested"):
        plan_notes(model, "piano", samples=-3)
    for seconds in (0.0, -1.0, 1e9, float("nan")):
        with pytest.raises(InputError, match="seconds is"):
            play_note(model, plan_notes(model, "piano"), seconds)
