"""The textbook decoder: magnitudes of a spectrogram, made audible by Griffin and Lim's method.

It is here to be compared with. Its phases need the whole note, so it has no live step, and its
pitch is whatever its magnitudes say.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.config import SynthConfig
from aeolia.models.synth.frames import DecoderInput, FrameDecoder, amplitude, soft_ceiling
from aeolia.nn.state import State

__all__ = ["Spectrogram", "SpectrogramDecoder"]

#: Rounds of Griffin and Lim's method (1984), and its momentum (Perraudin et al., 2013).
_ROUNDS, _MOMENTUM = 60, 0.9
#: Log magnitudes stay below this above the given loudness.
_LOUDEST = 5.0


class Spectrogram(nn.Module):
    """Windows of four hops, one hop apart, each centred on its frame."""

    window: Tensor

    def __init__(self, hop_length: int) -> None:
        super().__init__()
        self.hop_length = hop_length
        self.length = 4 * hop_length
        self.n_bins = self.length // 2 + 1
        window = torch.hann_window(self.length, periodic=True)
        self.register_buffer("window", window / window.square().sum().sqrt(), persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """Audio [B, F * hop] to complex spectra [B, F, Q]; unit-level noise is of unit order."""
        edge = (self.length - self.hop_length) // 2
        frames = nn.functional.pad(audio, (edge, edge)).unfold(1, self.length, self.hop_length)
        spectrum: Tensor = torch.fft.rfft(frames * self.window)
        return spectrum

    def magnitude(self, audio: Tensor) -> Tensor:
        """Magnitudes [B, F, Q] of audio [B, F * hop]."""
        spectrum: Tensor = self(audio)
        return (spectrum.real.square() + spectrum.imag.square() + 1e-12).sqrt()

    def inverse(self, spectrum: Tensor) -> Tensor:
        """Audio [B, F * hop] whose spectra are nearest to these [B, F, Q] (least squares)."""
        frames = torch.fft.irfft(spectrum, n=self.length) * self.window
        weight = self.window.square().expand_as(frames)
        total, norm = (self._overlap_add(part) for part in (frames, weight))
        return total / norm.clamp(min=1e-8)

    def _overlap_add(self, frames: Tensor) -> Tensor:
        batch, count, length = frames.shape
        whole = (count - 1) * self.hop_length + length
        summed = nn.functional.fold(
            frames.transpose(1, 2), (1, whole), (1, length), stride=(1, self.hop_length)
        )
        edge = (self.length - self.hop_length) // 2
        return summed.reshape(batch, whole)[:, edge : whole - edge]


class SpectrogramDecoder(FrameDecoder):
    """Timbre, instrument, pitch and loudness to magnitudes, frame by frame."""

    def __init__(self, config: SynthConfig) -> None:
        super().__init__(config)
        self.spectrogram = Spectrogram(config.hop_length)
        self.leave = nn.Linear(config.channels, self.spectrogram.n_bins)

    def magnitude(self, frames: DecoderInput, state: State) -> tuple[Tensor, State]:
        """Magnitudes [V, F, Q] and the next state."""
        hidden, following = self.hidden(frames, state)
        level = soft_ceiling(self.leave(hidden), _LOUDEST)
        return torch.exp(level) * amplitude(frames.loudness_db).unsqueeze(2), following

    @torch.no_grad()
    def step(self, frames: DecoderInput, state: State) -> tuple[Tensor, State]:
        """Whole notes to audio [V, F * hop]: phases that the noise starts and rounds improve."""
        size, following = self.magnitude(frames, state)
        spectrum = self.spectrogram(frames.noise)
        before = torch.zeros_like(spectrum)
        for _ in range(_ROUNDS):
            phase = spectrum / spectrum.abs().clamp(min=1e-12)
            rebuilt = self.spectrogram(self.spectrogram.inverse(size * phase))
            spectrum = rebuilt + _MOMENTUM * (rebuilt - before)
            before = rebuilt
        phase = spectrum / spectrum.abs().clamp(min=1e-12)
        return self.spectrogram.inverse(size * phase), following
