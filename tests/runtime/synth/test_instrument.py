"""OnnxSynthesiser: the four graphs, what a voice is, and decoding in blocks."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aeolia.errors import InputError, ModelError
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from made.tiny_synth import DECAY_DB, FULL_DB, NOTES, RELEASE_SECONDS, VELOCITY_DB


@pytest.fixture(scope="module")
def model(synth_folder: Path) -> OnnxSynthesiser:
    return OnnxSynthesiser(synth_folder / "notes.onnx")


def test_config_and_card(model: OnnxSynthesiser, synth_folder: Path) -> None:
    assert model.config == NOTES
    assert model.card.startswith("# notes")
    assert not model.unpitched
    assert OnnxSynthesiser(synth_folder / "drums.onnx").unpitched


def test_instruments(model: OnnxSynthesiser) -> None:
    assert model.instrument("double_bass").tolist() == [0, 1, 0]
    mix = model.instrument({"piano": 1.0, "alto_sax": 3.0})
    np.testing.assert_allclose(mix, [0.25, 0, 0.75])
    assert model.range_of(mix) == (49.0, 81.0)
    assert model.words_of(2) == ("alto", "sax", "reed", "blown")
    with pytest.raises(InputError, match="no instrument 'pianno'; did you mean 'piano'"):
        model.instrument("pianno")


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_prior_and_its_samples(
    model: OnnxSynthesiser, temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "config", replace(model.config, temperature=temperature))
    condition = np.stack([model.instrument("piano")] * 5000)
    pitch, velocity = np.full(5000, 60.0), np.full(5000, 0.5)
    prior = model.prior(condition, pitch, velocity)
    np.testing.assert_allclose(prior.mean[0], [0.6, 0.5, 1.0, 0.0], atol=1e-6)
    drawn = model.sample_prior(condition, pitch, velocity, seed=3)
    np.testing.assert_array_equal(drawn, model.sample_prior(condition, pitch, velocity, 3))
    assert not np.array_equal(drawn, model.sample_prior(condition, pitch, velocity, 4))
    # Of the drawn ones, the moments are the prior's (5000 draws: a standard error of 0.009).
    np.testing.assert_allclose(drawn.mean(axis=0), prior.mean[0], atol=0.04)
    np.testing.assert_allclose(drawn.std(axis=0), temperature * np.exp(0.5 * -1.0), atol=0.04)


def test_envelope(model: OnnxSynthesiser) -> None:
    seconds = np.array([[0.0, 1.0, 2.0], [0.0, 0.5, 1.0]])
    released = np.array([[-1.0, -1.0, -1.0], [-1.0, 0.0, RELEASE_SECONDS / 2]])
    loudness = model.envelope(
        np.zeros((2, 4)), np.eye(3)[:2], np.full(2, 60.0), np.array([1.0, 0.5]), seconds, released
    )
    below = FULL_DB - 0.5 * VELOCITY_DB
    expected = [
        [FULL_DB, FULL_DB - DECAY_DB, FULL_DB - 2 * DECAY_DB],
        [below, below - 0.5 * DECAY_DB, below - DECAY_DB - 30.0],
    ]
    np.testing.assert_allclose(loudness, expected, atol=1e-4)


def test_decode_has_pitch_and_level(model: OnnxSynthesiser) -> None:
    audio = model.decode(
        np.full(4, -20.0), model.instrument("piano"), np.full(100, 441.0), np.full(100, -20.0)
    )
    assert audio.shape == (1, 48000) and audio.dtype == np.float32
    spectrum = np.abs(np.fft.rfft(audio[0] * np.hanning(48000)))
    assert abs(int(spectrum.argmax()) - 441) <= 1
    assert 20 * np.log10(audio[0, 4800:].std()) == pytest.approx(-20.0, abs=0.05)


def test_blocks_equal_the_whole_and_voices_do_not_mix(model: OnnxSynthesiser) -> None:
    rng = np.random.default_rng(0)
    pitch = np.stack([np.full(150, 300.0), np.full(150, 0.0), rng.uniform(100, 900, 150)])
    loudness = rng.uniform(-40, -10, (3, 150))
    latent, condition = rng.standard_normal((3, 4)), np.eye(3)
    together = model.decode(latent, condition, pitch, loudness, seed=5)
    assert np.abs(together[1]).max() > 0  # the unvoiced one is noise
    alone = model.decode(latent[0], condition[0], pitch[0], loudness[0], seed=5)
    np.testing.assert_allclose(alone[0], together[0], atol=1e-5)
    state, start, pieces = model.initial_state(3), 0, []
    generators = [np.random.default_rng((5, voice)) for voice in range(3)]
    for count in (1, 7, 64, 78):
        part = slice(start, start + count)
        noise = np.stack([g.standard_normal(count * 480, np.float32) for g in generators])
        piece, state = model.step(
            *(
                np.ascontiguousarray(a, np.float32)
                for a in (latent, condition, pitch[:, part], loudness[:, part], noise)
            ),
            state,
        )
        pieces.append(piece)
        start += count
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), together, atol=1e-5)


def test_a_moving_latent(model: OnnxSynthesiser) -> None:
    """Latent 0 brings in the second harmonic: it grows while the latent does."""
    latent = np.zeros((1, 200, 4), np.float32)
    latent[0, :, 0] = np.linspace(-8, 8, 200)
    contours = np.full(200, 480.0), np.full(200, -20.0)
    audio = model.decode(latent, model.instrument("piano"), *contours)
    quarters = audio[0].reshape(4, 24000)
    spectrum = np.abs(np.fft.rfft(quarters, axis=1))
    second = spectrum[:, 480] / spectrum[:, 240]
    assert (np.diff(second) > 0).all() and second[0] < 0.05 and second[-1] > 0.9


def test_nothing_to_decode(model: OnnxSynthesiser) -> None:
    empty = model.decode(np.zeros(4), np.eye(3)[0], np.zeros((2, 0)), np.zeros((2, 0)))
    assert empty.shape == (2, 0)


def test_encode_pads_to_the_pitches(model: OnnxSynthesiser) -> None:
    audio = 0.1 * np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    posterior = model.encode(audio, np.array([220.0, 0.0, 220.0]))
    assert posterior.mean.shape == posterior.log_variance.shape == (1, 4)
    assert posterior.mean[0, 1] == pytest.approx(2 / 3)


def test_missing_parts_are_named(synth_folder: Path, tmp_path: Path) -> None:
    shutil.copy(synth_folder / "notes.onnx", tmp_path)
    alone = OnnxSynthesiser(tmp_path / "notes.onnx")
    with pytest.raises(ModelError, match="its parts notes.envelope.onnx, notes.encode.onnx"):
        alone.prior(np.eye(3)[:1], np.zeros(1), np.zeros(1))


def test_models_of_another_task(gain_model: Path, synth_folder: Path) -> None:
    with pytest.raises(ModelError, match="task 'denoise'; 'synth' needs another"):
        OnnxSynthesiser(gain_model)
    with pytest.raises(ModelError, match="no such model file"):
        OnnxSynthesiser(synth_folder / "none.onnx")
