"""The workshop's models pickle, weights and all: a copy answers as its original does."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import torch

from aeolia.config import DenoiseConfig
from aeolia.models.torch_backend import TorchBackend, TorchSeparator
from made.random_separators import BY_CLASS, random_separator, some_conditions
from made.tiny_models import STRUCTURES, random_model
from made.tiny_notes import random_synth


def copy(what: Any) -> Any:
    return pickle.loads(pickle.dumps(what))


def noise(*shape: int) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("config", STRUCTURES)
def test_denoisers(config: DenoiseConfig) -> None:
    backend = TorchBackend(random_model(config))
    other = copy(backend)
    assert other.config == config
    audio = noise(1, 1, 4 * config.hop_length)
    expected, _ = backend.step(audio, backend.initial_state(1))
    found, _ = other.step(audio, other.initial_state(1))
    np.testing.assert_array_equal(found, expected)


def test_a_separator() -> None:
    backend = TorchSeparator(random_separator(BY_CLASS))
    other = copy(backend)
    sources = 2
    condition = some_conditions(backend.model, 1, sources).numpy()
    partition = np.zeros(1, np.float32)
    audio = noise(1, 1, 4 * BY_CLASS.hop_length)
    expected, found = (
        one.step(audio, condition, partition, one.initial_state(1, sources))[0]
        for one in (backend, other)
    )
    np.testing.assert_array_equal(found, expected)


def test_a_synthesiser() -> None:
    model = random_synth()
    config = model.config
    latent = torch.from_numpy(noise(1, config.latent_dim))
    pitch, loudness = torch.full((1, 20), 330.0), torch.full((1, 20), -20.0)
    condition = torch.eye(len(config.instruments))[:1]
    with torch.no_grad():
        expected, found = (
            one.decode(latent, pitch, loudness, condition) for one in (model, copy(model))
        )
    np.testing.assert_array_equal(found.numpy(), expected.numpy())
