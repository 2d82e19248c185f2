"""Encoders: features of the noisy spectrum to one latent vector a frame.

    features [B, 3, F, Q] -> (strided convolutions) -> (recurrent layer) -> latent [B, F, D]

Each keeps its context in a state dict and returns the activations that a decoder may use as
skip connections.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.config import SpectralConfig
from aeolia.nn.conv import DownConv
from aeolia.nn.recurrent import Recurrent
from aeolia.nn.state import Shapes, State

__all__ = ["FEATURES", "ConvEncoder", "LSTMEncoder", "build_encoder"]

#: Real part, imaginary part and magnitude of the compressed spectrum.
FEATURES = 3

#: (frames, positions) that the first and the later convolutions see.
_FIRST_KERNEL = (2, 5)
_LATER_KERNEL = (1, 3)


class ConvEncoder(nn.Module):
    """Convolutions strided along frequency, then (with `recurrent`) a GRU over frames."""

    def __init__(self, config: SpectralConfig) -> None:
        super().__init__()
        self.positions = config.n_positions
        widths = (FEATURES, *config.channels)
        self.convs = nn.ModuleList(
            DownConv(widths[i], widths[i + 1], *(_FIRST_KERNEL if i == 0 else _LATER_KERNEL))
            for i in range(len(config.channels))
        )
        self.activations = nn.ModuleList(nn.PReLU(width) for width in config.channels)
        flat = config.channels[-1] * (config.n_positions >> len(config.channels))
        self.squeeze = nn.Linear(flat, config.hidden_dim)
        self.norm = nn.LayerNorm(config.hidden_dim)
        self.recurrent = (
            Recurrent("gru", config.hidden_dim, config.hidden_dim)
            if config.encoder == "conv_gru"
            else None
        )
        self.to_latent = nn.Linear(config.hidden_dim, config.latent_dim)

    def state_shapes(self) -> Shapes:
        """Name and shape (without the batch axis) of every state tensor."""
        shapes: Shapes = {"encoder_past": (FEATURES, _FIRST_KERNEL[0] - 1, self.positions)}
        if self.recurrent is not None:
            shapes["encoder_hidden"] = (self.recurrent.state_width,)
        return shapes

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, list[Tensor], State]:
        """Features [B, 3, F, Q] to latent [B, F, D], skips (shallow first), next state."""
        following: State = {}
        skips = []
        for i, (conv, activation) in enumerate(zip(self.convs, self.activations, strict=True)):
            x, past = conv(x, state["encoder_past"] if i == 0 else None)
            if past is not None:
                following["encoder_past"] = past
            x = activation(x)
            skips.append(x)
        x = self.norm(self.squeeze(x.permute(2, 0, 1, 3).flatten(2)))  # [F, B, H]
        if self.recurrent is not None:
            y, following["encoder_hidden"] = self.recurrent(x, state["encoder_hidden"])
            x = x + y
        return self.to_latent(x).transpose(0, 1), skips, following


class LSTMEncoder(nn.Module):
    """One dense layer and an LSTM over frames; frequency positions are plain inputs."""

    def __init__(self, config: SpectralConfig) -> None:
        super().__init__()
        self.squeeze = nn.Linear(FEATURES * config.n_positions, config.hidden_dim)
        self.recurrent = Recurrent("lstm", config.hidden_dim, config.hidden_dim)
        self.to_latent = nn.Linear(config.hidden_dim, config.latent_dim)

    def state_shapes(self) -> Shapes:
        """Name and shape (without the batch axis) of every state tensor."""
        return {"encoder_hidden": (self.recurrent.state_width,)}

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, list[Tensor], State]:
        """Features [B, 3, F, Q] to latent [B, F, D], no skips, next state."""
        x = torch.relu(self.squeeze(x.permute(2, 0, 1, 3).flatten(2)))  # [F, B, H]
        x, hidden = self.recurrent(x, state["encoder_hidden"])
        return self.to_latent(x).transpose(0, 1), [], {"encoder_hidden": hidden}


def build_encoder(config: SpectralConfig) -> ConvEncoder | LSTMEncoder:
    """The encoder that `config.encoder` names."""
    return LSTMEncoder(config) if config.encoder == "lstm" else ConvEncoder(config)
