"""The PyTorch backend keeps the runtime's protocol."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from aeolia.errors import ModelError
from aeolia.models.checkpoint import WEIGHTS_FILE, save_checkpoint
from aeolia.models.torch_backend import TorchBackend
from made.tiny_models import TINY, noise, random_model


def test_a_step_is_the_models_step() -> None:
    model = random_model(TINY)
    backend, audio = TorchBackend(model), noise(2, 1, 5 * 256)
    state = backend.initial_state(2)
    output, following = backend.step(audio.numpy(), state)
    with torch.no_grad():
        expected, expected_state = model.step(audio, model.initial_state(2))
    assert output.dtype == np.float32 and np.array_equal(output, expected.numpy())
    assert set(following) == set(state) == set(expected_state)
    for name, value in following.items():
        assert value.dtype == np.float32 and np.array_equal(value, expected_state[name].numpy())
    assert all(not value.any() for value in state.values())
    assert backend.config == TINY


def test_no_gradients_are_kept() -> None:
    backend = TorchBackend(random_model(TINY))
    backend.step(noise(1, 1, 256).numpy(), backend.initial_state(1))
    assert all(parameter.grad is None for parameter in backend.model.parameters())


def test_from_a_run_folder(tmp_path: Path) -> None:
    model = random_model(TINY)
    save_checkpoint(tmp_path / WEIGHTS_FILE, TINY, model.state_dict())
    audio = noise(1, 1, 512).numpy()
    ours, theirs = TorchBackend.from_checkpoint(tmp_path), TorchBackend(model)
    found, _ = ours.step(audio, ours.initial_state(1))
    assert np.array_equal(found, theirs.step(audio, theirs.initial_state(1))[0])
    with pytest.raises(ModelError, match="no checkpoint"):
        TorchBackend.from_checkpoint(tmp_path / "absent")
