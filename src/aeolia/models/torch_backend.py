"""The workshop's own models behind the runtime's backend protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from aeolia.config import DenoiseConfig, SeparateConfig
from aeolia.errors import ModelError
from aeolia.models.checkpoint import load_checkpoint
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.models.spectral.separator import ConditionalAutoencoder

__all__ = ["TorchBackend", "TorchSeparator"]

State = dict[str, np.ndarray]
Model = TypeVar("Model", DenoisingAutoencoder, ConditionalAutoencoder)


class TorchBackend:
    """Runs a denoiser's `step` for `aeolia.runtime.denoise.DenoisingStream`."""

    links_channels = True

    def __init__(self, model: DenoisingAutoencoder) -> None:
        self.model = model
        self.config: DenoiseConfig = model.config

    @classmethod
    def from_checkpoint(cls, folder: Path) -> TorchBackend:
        """The denoiser of a run folder or checkpoint file; a `ModelError` if there is none."""
        return cls(_load(folder, DenoisingAutoencoder, "denoise"))

    def initial_state(self, batch: int, channels: int = 1) -> State:
        return _arrays(self.model.initial_state(batch, channels))

    @torch.inference_mode()
    def step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        device = next(self.model.parameters()).device
        output, following = self.model.step(
            torch.from_numpy(audio).to(device), _tensors(state, device)
        )
        return output.cpu().numpy(), _arrays(following)


class TorchSeparator:
    """Runs a separator's `step` for `aeolia.runtime.separate.stream.SeparationStream`."""

    def __init__(self, model: ConditionalAutoencoder) -> None:
        self.model = model
        self.config: SeparateConfig = model.config

    @classmethod
    def from_checkpoint(cls, folder: Path) -> TorchSeparator:
        """The separator of a run folder or checkpoint file; a `ModelError` if there is none."""
        return cls(_load(folder, ConditionalAutoencoder, "separate"))

    def initial_state(self, channels: int, sources: int) -> State:
        return _arrays(self.model.initial_state(1, sources, channels))

    @torch.inference_mode()
    def step(
        self, audio: np.ndarray, condition: np.ndarray, partition: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        device = next(self.model.parameters()).device
        output, following = self.model.step(
            torch.from_numpy(audio).to(device),
            torch.from_numpy(condition).to(device),
            torch.from_numpy(partition).to(device),
            _tensors(state, device),
        )
        return output.cpu().numpy(), _arrays(following)

    @torch.inference_mode()
    def voice(self, audio: np.ndarray) -> np.ndarray:
        """The unit vector [K] of an enrolment clip [T] at 16 kHz; for a model by speaker."""
        if self.model.voice is None:
            raise ModelError(f"{self.config.name} separates classes and knows no voices")
        device = next(self.model.parameters()).device
        voice: Tensor = self.model.voice(torch.from_numpy(audio)[None].to(device))
        return voice[0].cpu().numpy()


def _load(folder: Path, kind: type[Model], task: str) -> Model:
    model = load_checkpoint(Path(folder))
    if not isinstance(model, kind):
        raise ModelError(f"{folder}: a model for the task {model.config.task!r}, not {task}")
    return model


def _tensors(state: State, device: torch.device) -> dict[str, Tensor]:
    return {name: torch.from_numpy(value).to(device) for name, value in state.items()}


def _arrays(state: dict[str, Tensor]) -> State:
    return {name: value.cpu().numpy() for name, value in state.items()}
