"""Denoisers in sherpa-onnx's own runtime: the same sound as ours, offline and block by block."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import aeolia
from aeolia.cli import run
from aeolia.config import DenoiseConfig
from aeolia.errors import ModelError
from aeolia.models.export.sherpa import export_sherpa
from aeolia.runtime.catalogue import released_models
from made.recordings import voice_like
from made.tiny_models import TINY, random_model, with_layers

BLOCKS = (1, 700, 256, 5000)


@pytest.fixture(scope="module")
def sherpa() -> Any:
    return pytest.importorskip("sherpa_onnx")


def noisy(rate: int) -> np.ndarray:
    """A second and a half, which begins with silence: there the two see the same frames."""
    audio = voice_like(1.4, rate) + 0.02 * np.random.default_rng(0).standard_normal(int(1.4 * rate))
    return np.concatenate([np.zeros(rate // 10), audio]).astype(np.float32)


def agreement_db(reference: np.ndarray, found: np.ndarray) -> float:
    length = min(len(reference), len(found))
    assert len(reference) - length <= 1024
    error = np.square(reference[:length] - found[:length]).sum()
    return float(10 * np.log10(np.square(reference).sum() / max(error, 1e-30)))


def offline(sherpa: Any, file: Path, audio: np.ndarray, rate: int) -> np.ndarray:
    config = sherpa.OfflineSpeechDenoiserConfig(model=model_config(sherpa, file))
    return np.array(sherpa.OfflineSpeechDenoiser(config).run(audio, rate).samples)


def online(sherpa: Any, file: Path, audio: np.ndarray, rate: int) -> np.ndarray:
    config = sherpa.OnlineSpeechDenoiserConfig(model=model_config(sherpa, file))
    denoiser, parts, at = sherpa.OnlineSpeechDenoiser(config), [], 0
    while at < len(audio):
        length = BLOCKS[len(parts) % len(BLOCKS)]
        parts.append(np.array(denoiser.run(audio[at : at + length], rate).samples))
        at += length
    return np.concatenate([*parts, np.array(denoiser.flush().samples)])


def model_config(sherpa: Any, file: Path) -> Any:
    gtcrn = sherpa.OfflineSpeechDenoiserGtcrnModelConfig(model=str(file))
    return sherpa.OfflineSpeechDenoiserModelConfig(gtcrn=gtcrn, num_threads=1, provider="cpu")


@pytest.mark.parametrize("name", ["denoise-16k", "denoise"])
def test_released_denoisers_sound_the_same(sherpa: Any, tmp_path: Path, name: str) -> None:
    file = tmp_path / "model.onnx"
    assert run(["export", name, "-o", str(file), "--for", "sherpa"]) == 0
    rate = aeolia.load(name).config.sample_rate
    audio = noisy(rate)
    expected = aeolia.denoise(audio, rate, model=name)
    assert agreement_db(audio, expected) < 30.0  # there is something to agree on
    assert agreement_db(expected, offline(sherpa, file, audio, rate)) > 60.0
    assert agreement_db(expected, online(sherpa, file, audio, rate)) > 80.0


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(TINY, id="tiny"),
        pytest.param(replace(TINY, filter_taps=1, skips=False), id="one tap, no skips"),
        pytest.param(with_layers(TINY, "lstm", "conv_gru"), id="lstm-conv_gru"),
    ],
)
def test_every_structure_goes_through(tmp_path: Path, config: DenoiseConfig) -> None:
    file = tmp_path / "model.onnx"
    assert 0.0 < export_sherpa(random_model(config), file) < 1e-3
    proto = onnx.load(file)
    said = {entry.key: entry.value for entry in proto.metadata_props}
    assert said["model_type"] == "gtcrn" and said["window_type"] == "hann_sqrt"
    assert said["n_fft"] == str(config.win_length) and said["sample_rate"] == "16000"
    for node in proto.graph.input[1:]:
        sizes = [axis.dim_value for axis in node.type.tensor_type.shape.dim]
        assert said[f"{node.name}_shape"] == ",".join(map(str, sizes))


def test_what_sherpa_cannot_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "model.onnx"
    with pytest.raises(ModelError, match="overlap by half"):
        export_sherpa(random_model(replace(TINY, hop_length=128)), file)
    assert run(["export", "separate", "-o", str(file), "--for", "sherpa"]) == 2
    assert "takes denoisers, and separate is for the task 'separate'" in capsys.readouterr().err
    assert run(["export", "denoise-16k", "-o", str(file), "--for", "vst"]) == 2
    assert not file.exists()


def test_a_released_name_exports_as_the_released_file(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    assert run(["export", "denoise-16k", "-o", str(file)]) == 0
    card = released_models()["denoise-16k"].with_suffix(".md").read_text(encoding="utf-8")
    assert aeolia.load(file).card == card
    audio = noisy(16000)
    ours = aeolia.denoise(audio, 16000, model=file)
    np.testing.assert_allclose(ours, aeolia.denoise(audio, 16000, model="denoise-16k"), atol=1e-5)
