"""Separators that hear ahead: one path for all sources at once, sums, lengths and latency."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from aeolia.config import SeparateConfig
from aeolia.models.export.onnx import export_onnx
from aeolia.models.spectral.separator import ConditionalAutoencoder
from aeolia.models.torch_backend import TorchSeparator
from aeolia.runtime.ahead import SOUND
from aeolia.runtime.separate.backend import OnnxSeparator
from aeolia.runtime.separate.sources import Source, parse_sources
from aeolia.runtime.separate.stream import SeparationStream
from made.random_separators import BY_CLASS, BY_SPEAKER, random_separator

RATE = BY_CLASS.sample_rate
AHEAD = {
    config.condition: dataclasses.replace(config, name="ahead", chunk_seconds=0.5)
    for config in (BY_CLASS, BY_SPEAKER)
}


def sound(samples: int, channels: int = 2, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(samples) / RATE
    bursts = np.sin(2 * np.pi * 180.0 * time) * (np.sin(2 * np.pi * 2.0 * time) > 0.0)
    return (0.3 * bursts[:, None] + 0.03 * rng.standard_normal((samples, channels))).astype("f4")


def asked(config: SeparateConfig) -> list[Source]:
    if config.condition == "classes":
        return parse_sources(["speech", "music", "noise"], config.classes)
    vector = np.random.default_rng(1).standard_normal(config.condition_dim)
    return [Source("speaker", (vector / np.linalg.norm(vector)).astype(np.float32))]


def pushed(stream: SeparationStream, audio: np.ndarray) -> dict[str, np.ndarray]:
    rng, parts, start = np.random.default_rng(1), [], 0
    while start < len(audio):
        stop = start + int(rng.choice([0, 1, 37, 480, 3001]))
        parts.append(stream.push(audio[start:stop]))
        start = min(stop, len(audio))
        assert stop - stream.latency <= sum(len(part[stream.names[0]]) for part in parts)
    parts.append(stream.flush())
    return {name: np.concatenate([part[name] for part in parts]) for name in stream.names}


def by_hand(model: ConditionalAutoencoder, audio: np.ndarray) -> np.ndarray:
    """[S, T, C], chunk by chunk, each after it was heard."""
    config = model.config
    condition = torch.from_numpy(np.stack([source.condition for source in asked(config)])[None])
    partition = torch.tensor([float(config.condition == "classes")])
    hops = -(-(len(audio) + config.delay) // config.hop_length)
    padded = np.zeros((hops * config.hop_length, audio.shape[1]), np.float32)
    padded[: len(audio)] = audio
    whole = torch.from_numpy(padded.T.copy())[None]
    state, outputs = model.initial_state(1, condition.shape[1], audio.shape[1]), []
    with torch.no_grad():
        for chunk in whole.split(config.chunk, dim=2):
            _, heard = model.step(chunk, condition, partition, state)
            tails = {name: value for name, value in state.items() if name.endswith(SOUND)}
            output, state = model.step(chunk, condition, partition, {**heard, **tails})
            outputs.append(output)
    found = torch.cat(outputs, dim=3)[0].transpose(1, 2).numpy()
    return found[:, config.delay :][:, : len(audio)]


@pytest.mark.parametrize("config", AHEAD.values(), ids=AHEAD)
@pytest.mark.parametrize("samples", [1, 8000, 25_001])
def test_one_path(config: SeparateConfig, samples: int, tmp_path: Path) -> None:
    model = random_separator(config)
    export_onnx(model, tmp_path / "model.onnx")
    audio = sound(samples)
    expected = by_hand(model, audio)
    rest = "background" if config.condition == "speaker" else None
    for backend in (TorchSeparator(model), OnnxSeparator(tmp_path / "model.onnx")):
        stream = SeparationStream(backend, asked(config), channels=2, rest=rest)
        for found in (stream.process(audio), pushed(stream, audio)):
            parts = list(found.values())
            assert np.abs(sum(parts) - audio).max() < 1e-5
            for part, by_step in zip(parts, expected, strict=False):
                assert np.abs(part - by_step).max() < 1e-5


@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_blocks_of_any_rate_are_the_whole_and_sum(rate: int) -> None:
    stream = SeparationStream(
        TorchSeparator(random_separator(AHEAD["speaker"])), asked(BY_SPEAKER), rate, 2, rest="rest"
    )
    assert 0.5 < stream.latency_seconds < 0.7
    audio = sound(2 * rate)
    whole, blocks = stream.process(audio), pushed(stream, audio)
    for name, part in whole.items():
        assert part.shape == audio.shape
        assert np.abs(part - blocks[name]).max() < 1e-5
    assert np.abs(sum(whole.values()) - audio).max() < 1e-5


@pytest.mark.parametrize("config", AHEAD.values(), ids=AHEAD)
def test_training_goes_the_same_way(config: SeparateConfig) -> None:
    model, audio = random_separator(config), sound(3 * config.chunk)
    condition = torch.from_numpy(np.stack([source.condition for source in asked(config)])[None])
    partition = torch.tensor([float(config.condition == "classes")])
    output, _ = model(torch.from_numpy(audio.T.copy())[None], condition, partition)
    expected = by_hand(model, audio)
    found = output.detach()[0].transpose(1, 2).numpy()[:, config.delay :]
    assert np.abs(found - expected[:, : found.shape[1]]).max() < 1e-5
    output.square().mean().backward()
    assert all(p.grad is not None for n, p in model.named_parameters() if not n.startswith("voice"))
