"""Decoders: one latent vector a frame to values per frequency position.

latent [B, F, D] -> (recurrent layer) -> (transposed convolutions, gated skips, and before the
second of them recurrences over and in bands) -> [B, C, F, Q]
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.config import SpectralConfig
from aeolia.nn.band_memory import BandMemory
from aeolia.nn.conv import UpConv
from aeolia.nn.recurrent import Recurrent
from aeolia.nn.state import Shapes, State

__all__ = ["ConvDecoder", "LSTMDecoder", "build_decoder", "output_channels"]

#: Before the softplus: 0.14, the mean compressed magnitude of speech at the levels in training.
_QUIET = -1.9


def output_channels(config: SpectralConfig) -> int:
    """Values per position: complex filter taps, or one magnitude."""
    return 2 * config.filter_taps if config.output == "filter" else 1


def _begin_quiet(config: SpectralConfig, last: nn.Module) -> None:
    """Let magnitudes begin at the mean of those of speech, by the bias of the last layer.

    From zero they begin far too loud (0.7 in the compressed domain); the squared error of the
    waveform then falls into silence, and there its gradient vanishes: the magnitude is the third
    power of what the layer gives, and more.
    """
    if config.output == "magnitude":
        for name, value in last.named_parameters():
            if name.endswith("bias"):
                nn.init.constant_(value, _QUIET)


class ConvDecoder(nn.Module):
    """A GRU over frames (with `recurrent`), then transposed convolutions along frequency.

    Skips enter through one learned gain per channel.
    """

    def __init__(self, config: SpectralConfig) -> None:
        super().__init__()
        self.depth = len(config.channels)
        self.positions = config.n_positions >> self.depth
        self.recurrent = (
            Recurrent("gru", config.latent_dim, config.hidden_dim)
            if config.decoder == "conv_gru"
            else None
        )
        self.from_latent = nn.Linear(config.latent_dim, config.hidden_dim)
        self.widen = nn.Linear(config.hidden_dim, config.channels[-1] * self.positions)
        widths = (output_channels(config), *config.channels)
        self.convs = nn.ModuleList(
            UpConv(widths[i + 1], widths[i]) for i in reversed(range(self.depth))
        )
        _begin_quiet(config, self.convs[-1])
        self.activations = nn.ModuleList(nn.PReLU(width) for width in reversed(config.channels))
        # Gates that no skip passes would never get a gradient, which DDP takes for a fault.
        gated = config.channels if config.skips and config.encoder != "lstm" else ()
        self.gates = nn.ParameterList(
            nn.Parameter(torch.full((width, 1, 1), 0.5)) for width in reversed(gated)
        )
        # Before the second block: bands of about 125 Hz, one or two partials of a voice.
        self.memory_block = min(1, self.depth - 1)
        self.memories = nn.ModuleList(
            BandMemory(
                config.channels[-1 - self.memory_block],
                config.band_memory,
                self.positions << self.memory_block,
                config.band_mixing,
            )
            for _ in range(config.band_memories if config.band_memory else 0)
        )

    def state_shapes(self) -> Shapes:
        """Name and shape (without the batch axis) of every state tensor."""
        shapes: Shapes = {}
        if self.recurrent is not None:
            shapes["decoder_hidden"] = (self.recurrent.state_width,)
        for i, memory in enumerate(self.memories):
            assert isinstance(memory, BandMemory)
            shapes[f"decoder_memory_{i}"] = (self.positions << self.memory_block, memory.width)
        return shapes

    def forward(self, latent: Tensor, skips: list[Tensor], state: State) -> tuple[Tensor, State]:
        """Latent [B, F, D] and skips (shallow first, or none) to [B, C, F, Q], next state."""
        x, following = self.unfold(latent, state)
        for i, (conv, activation) in enumerate(zip(self.convs, self.activations, strict=True)):
            if skips:
                x = x + self.gates[i] * skips[-1 - i]
            if i == self.memory_block:
                x = self.remember(x, state, following)
            x = conv(activation(x))
        return x, following

    def remember(self, x: Tensor, state: State, following: State) -> Tensor:
        """The band memories in series on [B, C, F, Q]; `following` gets their next states."""
        if not self.memories:
            return x
        x = x.permute(2, 0, 3, 1)
        for i, memory in enumerate(self.memories):
            name = f"decoder_memory_{i}"
            x, following[name] = memory(x, state[name])
        return x.permute(1, 3, 0, 2)

    def unfold(self, latent: Tensor, state: State) -> tuple[Tensor, State]:
        """Latent [B, F, D] through the recurrent layer to [B, C, F, positions], next state."""
        following: State = {}
        latent = latent.transpose(0, 1)  # [F, B, D]
        x = self.from_latent(latent)
        if self.recurrent is not None:
            y, following["decoder_hidden"] = self.recurrent(latent, state["decoder_hidden"])
            x = x + y
        x = self.widen(x).unflatten(2, (-1, self.positions)).permute(1, 2, 0, 3)
        return x, following


class LSTMDecoder(nn.Module):
    """An LSTM over frames and one dense layer."""

    def __init__(self, config: SpectralConfig) -> None:
        super().__init__()
        self.positions = config.n_positions
        self.recurrent = Recurrent("lstm", config.latent_dim, config.hidden_dim)
        self.widen = nn.Linear(config.hidden_dim, output_channels(config) * config.n_positions)
        _begin_quiet(config, self.widen)

    def state_shapes(self) -> Shapes:
        """Name and shape (without the batch axis) of every state tensor."""
        return {"decoder_hidden": (self.recurrent.state_width,)}

    def forward(self, latent: Tensor, skips: list[Tensor], state: State) -> tuple[Tensor, State]:
        """Latent [B, F, D] to [B, C, F, Q], next state; skips are not used."""
        x, hidden = self.recurrent(latent.transpose(0, 1), state["decoder_hidden"])
        x = self.widen(x).unflatten(2, (-1, self.positions)).permute(1, 2, 0, 3)
        return x, {"decoder_hidden": hidden}


def build_decoder(config: SpectralConfig) -> ConvDecoder | LSTMDecoder:
    """The decoder that `config.decoder` names."""
    return LSTMDecoder(config) if config.decoder == "lstm" else ConvDecoder(config)
