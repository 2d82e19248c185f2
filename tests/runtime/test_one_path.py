"""One path: forward == file == blocks == ONNX, for a made model and for every released one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from aeolia.models.checkpoint import load_checkpoint
from aeolia.models.export.onnx import export_onnx
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.models.torch_backend import TorchBackend
from aeolia.runtime.catalogue import released_models
from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.onnx_backend import OnnxBackend
from made.tiny_models import STRUCTURES, TINY, random_model

RELEASED = {
    name: path
    for name, path in released_models().items()
    if path.with_suffix(".safetensors").is_file()
}


def sound(samples: int, channels: int, seed: int = 0) -> np.ndarray:
    """Speech-like bursts over noise [T, C]: silence, loud and quiet parts."""
    rng = np.random.default_rng(seed)
    time = np.arange(samples) / 16000.0
    bursts = np.sin(2 * np.pi * 180.0 * time) * (np.sin(2 * np.pi * 2.0 * time) > 0.0)
    return (0.3 * bursts[:, None] + 0.03 * rng.standard_normal((samples, channels))).astype("f4")


def pushed(stream: DenoisingStream, audio: np.ndarray, seed: int = 0) -> np.ndarray:
    """Through `stream` in blocks of random sizes, some empty."""
    rng = np.random.default_rng(seed)
    parts, start = [], 0
    while start < len(audio):
        stop = start + int(rng.choice([0, 1, 37, 480, 1000, 3001]))
        parts.append(stream.push(audio[start:stop]))
        start = min(stop, len(audio))
    return np.concatenate([*parts, stream.flush()])


def forward(model: DenoisingAutoencoder, audio: np.ndarray) -> np.ndarray:
    """The whole at once, padded to whole hops and trimmed of the delay."""
    config = model.config
    hops = -(-(len(audio) + config.delay) // config.hop_length)
    padded = np.zeros((hops * config.hop_length, audio.shape[1]), np.float32)
    padded[: len(audio)] = audio
    with torch.no_grad():
        output = model(torch.from_numpy(padded.T.copy()).unsqueeze(0))[0].T.numpy()
    return output[config.delay : config.delay + len(audio)]


def same_on_every_path(model: DenoisingAutoencoder, file: Path, samples: int = 25001) -> None:
    audio = sound(samples, 2)
    expected = forward(model, audio)
    own = np.concatenate([forward(model, audio[:, :1]), forward(model, audio[:, 1:])], axis=1)
    assert np.abs(expected).max() > 1e-3 and np.abs(expected - own).max() > 1e-4
    for backend in (TorchBackend(model), OnnxBackend(file)):
        whole = DenoisingStream(backend, channels=2).process(audio)
        blocks = pushed(DenoisingStream(backend, channels=2), audio)
        assert whole.shape == blocks.shape == audio.shape
        assert np.abs(whole - expected).max() < 1e-5
        assert np.abs(blocks - expected).max() < 1e-5
        apart = DenoisingStream(backend, channels=2, dual_mono=True).process(audio)
        assert np.abs(apart - own).max() < 1e-5


@pytest.mark.parametrize("config", [STRUCTURES[0], STRUCTURES[8], STRUCTURES[10]])
def test_made_models(config: object, tmp_path: Path) -> None:
    model = random_model(config)  # type: ignore[arg-type]
    export_onnx(model, tmp_path / "model.onnx")
    same_on_every_path(model, tmp_path / "model.onnx")


@pytest.mark.parametrize("samples", [1, 255, 256, 257, 16384])
def test_odd_lengths(samples: int, tmp_path: Path) -> None:
    model = random_model(TINY)
    export_onnx(model, tmp_path / "model.onnx")
    audio = 0.3 * np.sign(sound(samples, 1)) + sound(samples, 1)  # loud at both ends, no offset
    expected = forward(model, audio)
    for backend in (TorchBackend(model), OnnxBackend(tmp_path / "model.onnx")):
        assert np.abs(DenoisingStream(backend).process(audio) - expected).max() < 1e-5


@pytest.mark.parametrize("name", ["denoise", "denoise-16k", "denoise-studio", "denoise-studio-16k"])
def test_released_models(name: str) -> None:
    model = load_checkpoint(RELEASED[name].with_suffix(".safetensors"))
    assert model.config.name == name
    same_on_every_path(model, RELEASED[name], 60001)
