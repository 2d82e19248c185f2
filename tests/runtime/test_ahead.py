"""A model that hears ahead: one path, whole lengths, a memory that has heard what it filters."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from aeolia.config import DenoiseConfig
from aeolia.errors import ConfigError
from aeolia.models.export.onnx import export_onnx
from aeolia.models.torch_backend import TorchBackend
from aeolia.runtime.ahead import SOUND
from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.onnx_backend import OnnxBackend
from made.tiny_models import TINY, random_model

RATE = TINY.sample_rate
AHEAD = dataclasses.replace(TINY, name="ahead", chunk_seconds=0.5)


def sound(samples: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(samples) / RATE
    bursts = np.sin(2 * np.pi * 180.0 * time) * (np.sin(2 * np.pi * 2.0 * time) > 0.0)
    return (0.3 * bursts[:, None] + 0.03 * rng.standard_normal((samples, channels))).astype("f4")


def pushed(stream: DenoisingStream, audio: np.ndarray) -> np.ndarray:
    rng, parts, start = np.random.default_rng(1), [], 0
    while start < len(audio):
        stop = start + int(rng.choice([0, 1, 37, 480, 3001]))
        parts.append(stream.push(audio[start:stop]))
        start = min(stop, len(audio))
    return np.concatenate([*parts, stream.flush()])


def by_hand(model, audio: np.ndarray) -> np.ndarray:
    """Chunk by chunk, each after it and what follows were heard."""
    config, state = model.config, model.initial_state(1, audio.shape[1])
    hops = -(-(len(audio) + config.delay) // config.hop_length)
    padded = np.zeros((hops * config.hop_length, audio.shape[1]), np.float32)
    padded[: len(audio)] = audio
    whole, outputs = torch.from_numpy(padded.T.copy())[None], []
    with torch.no_grad():
        for start in range(0, whole.shape[2], config.chunk):
            chunk = whole[:, :, start : start + config.chunk]
            _, heard = model.step(chunk, state)
            tails = {name: value for name, value in state.items() if name.endswith(SOUND)}
            output, state = model.step(chunk, {**heard, **tails})
            outputs.append(output)
    return torch.cat(outputs, 2)[0].T.numpy()[config.delay :][: len(audio)]


@pytest.mark.parametrize("samples", [1, 300, 8000, 12000, 25001])
def test_one_path(samples: int, tmp_path: Path) -> None:
    model = random_model(AHEAD)
    export_onnx(model, tmp_path / "model.onnx")
    audio = sound(samples, 2)
    expected = by_hand(model, audio)
    for backend in (TorchBackend(model), OnnxBackend(tmp_path / "model.onnx")):
        whole = DenoisingStream(backend, channels=2).process(audio)
        blocks = pushed(DenoisingStream(backend, channels=2), audio)
        assert whole.shape == blocks.shape == audio.shape
        assert np.abs(whole - expected).max() < 1e-5
        assert np.abs(blocks - expected).max() < 1e-5


def test_all_of_a_chunk_changes_its_beginning_and_what_is_beyond_does_not() -> None:
    stream = DenoisingStream(TorchBackend(random_model(AHEAD)))
    audio = sound(3 * RATE)[:, 0]
    near, far = audio.copy(), audio.copy()
    near[AHEAD.chunk - 2000 : AHEAD.chunk] *= 3.0
    far[AHEAD.chunk + AHEAD.win_length :] *= 3.0
    first = slice(0, AHEAD.chunk - 2000 - AHEAD.win_length)
    whole = stream.process(audio)
    assert np.abs(stream.process(near)[first] - whole[first]).max() > 1e-6
    assert np.abs(stream.process(far)[first] - whole[first]).max() < 1e-6


def test_it_never_lags_by_more_than_it_says() -> None:
    for rate in (RATE, 44100):
        stream = DenoisingStream(TorchBackend(random_model(AHEAD)), rate)
        assert stream.latency_seconds > 0.5
        audio, n_returned = sound(3 * rate)[:, 0], 0
        for start in range(0, len(audio), 1000):
            n_returned += len(stream.push(audio[start : start + 1000]))
            assert n_returned >= min(start + 1000, len(audio)) - stream.latency


def test_a_recording_that_begins_after_silence_begins_anew() -> None:
    stream = DenoisingStream(TorchBackend(random_model(AHEAD)))
    audio = sound(2 * RATE)[:, 0]
    silence = np.zeros(AHEAD.hop_length * 400, np.float32)
    alone = stream.process(audio)
    after = stream.process(np.concatenate([silence, audio]))[len(silence) :]
    # Chunks are counted from where the sound begins.
    assert np.abs(after - alone).max() < 1e-5


def test_a_chunk_shorter_than_a_hop_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least a hop"):
        DenoiseConfig(chunk_seconds=0.001)


def test_training_goes_the_same_way() -> None:
    model, audio = random_model(AHEAD), sound(3 * AHEAD.chunk)
    output = model(torch.from_numpy(audio.T.copy())[None])
    expected = by_hand(model, audio)
    found = output.detach()[0].T.numpy()[AHEAD.delay :]
    assert np.abs(found - expected[: len(found)]).max() < 1e-5
    output.square().mean().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
