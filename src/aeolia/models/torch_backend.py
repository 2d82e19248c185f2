"""The workshop's own models behind the runtime's backend protocol."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from aeolia.config import ModelConfig
from aeolia.models.autoencoder import DenoisingAutoencoder
from aeolia.models.checkpoint import load_checkpoint

__all__ = ["TorchBackend"]


class TorchBackend:
    """Runs a PyTorch model's `step` for `aeolia.runtime.stream.Stream`."""

    def __init__(self, model: DenoisingAutoencoder) -> None:
        self.model = model
        self.config: ModelConfig = model.config

    @classmethod
    def from_checkpoint(cls, folder: Path) -> TorchBackend:
        return cls(load_checkpoint(Path(folder)))

    def initial_state(self, batch: int) -> dict[str, np.ndarray]:
        return {
            name: np.zeros((batch, *shape), dtype=np.float32)
            for name, shape in self.model.state_shapes().items()
        }

    @torch.inference_mode()
    def step(
        self, audio: np.ndarray, state: dict[str, np.ndarray]
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        device = next(self.model.parameters()).device
        tensors = {name: torch.from_numpy(value).to(device) for name, value in state.items()}
        output, following = self.model.step(torch.from_numpy(audio).to(device), tensors)
        return output.cpu().numpy(), {name: v.cpu().numpy() for name, v in following.items()}
