"""The textbook decoder: magnitudes of a spectrogram, and phases from elsewhere.

It is here to be compared with, and its pitch is whatever its magnitudes say. `whole` finds phases
for a whole note by Griffin and Lim's method. `step`, which is what is released, cannot wait for
the note's end: it takes the phases of a source, pulses of the note's pitch or noise,

    pulses or noise -> the last four hops -> spectrum -> its phases with the network's magnitudes
        -> overlap-add -> audio

so its sound comes one and a half hops later than that of the other decoders.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.config import SynthConfig
from aeolia.models.synth.frames import DecoderInput, FrameDecoder, amplitude, soft_ceiling
from aeolia.nn.harmonics import PhaseAccumulator, pulse_train
from aeolia.nn.spectral import SplitDFT
from aeolia.nn.state import Shapes, State

__all__ = ["Spectrogram", "SpectrogramDecoder"]

#: Rounds of Griffin and Lim's method (1984), and its momentum (Perraudin et al., 2013).
_ROUNDS, _MOMENTUM = 60, 0.9
#: Log magnitudes stay below this above the given loudness.
_LOUDEST = 5.0
#: Noise beside the pulses of a voiced frame, for the phases between its harmonics.
_HISS = 0.1
#: Power of a source's bin below which its phase is rounding, and the bin fades.
_FAINT = 1e-3
#: Hops of a window.
_HOPS = 4


class Spectrogram(nn.Module):
    """Windows of four hops, one hop apart, each centred on its frame."""

    window: Tensor

    def __init__(self, hop_length: int) -> None:
        super().__init__()
        self.hop_length = hop_length
        self.length = _HOPS * hop_length
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
        self.phase = PhaseAccumulator(config.sample_rate, config.hop_length)
        self.dft = SplitDFT(self.spectrogram.length)

    def magnitude(self, frames: DecoderInput, state: State) -> tuple[Tensor, State]:
        """Magnitudes [V, F, Q] and the next state."""
        hidden, following = self.hidden(frames, state)
        level = soft_ceiling(self.leave(hidden), _LOUDEST)
        return torch.exp(level) * amplitude(frames.loudness_db).unsqueeze(2), following

    def state_shapes(self) -> Shapes:
        """Name and shape (without the voices' axis) of every state tensor."""
        past = ((_HOPS - 1) * self.config.hop_length,)
        return {
            **super().state_shapes(),
            "phase": (1,),
            "last_hz": (1,),
            "source": past,
            "tail": past,
        }

    def step(self, frames: DecoderInput, state: State) -> tuple[Tensor, State]:
        """Frames to audio [V, F * hop] with the source's phases, and the next state."""
        size, following = self.magnitude(frames, state)
        source, following["phase"], following["last_hz"] = self._source(frames, state)
        hop, length = self.config.hop_length, source.shape[1]
        known = torch.cat([state["source"], source], dim=1)
        following["source"] = known[:, length:]
        window = self.spectrogram.window
        pieces = [known[:, i * hop : i * hop + length] for i in range(_HOPS)]
        windows = torch.cat([piece.reshape(piece.shape[0], -1, hop) for piece in pieces], dim=2)
        spectrum = self.dft(windows * window)
        phases = spectrum * torch.rsqrt(spectrum.square().sum(dim=1, keepdim=True) + _FAINT)
        # The squared windows of all frames sum to one over the hop.
        sound = self.dft.inverse(size.unsqueeze(1) * phases) * (window * hop)
        audio, following["tail"] = self._overlap_add(sound, state["tail"])
        return audio, following

    def _source(self, frames: DecoderInput, state: State) -> tuple[Tensor, Tensor, Tensor]:
        """Pulses where there is a pitch, noise where not, [V, F * hop]; next phase and pitch."""
        fresh = (state["age"] < 0.5).float()
        rate = self.config.sample_rate
        cycles, hz, gate, phase, last_hz = self.phase(
            frames.pitch_hz, state["phase"], state["last_hz"], fresh
        )
        pulses = pulse_train(cycles, hz, 0, rate) * torch.rsqrt(0.25 * rate / hz.clamp(min=20.0))
        hiss = frames.noise.reshape(hz.shape[0], -1, self.config.hop_length)
        source = pulses * gate + hiss * (1.0 - gate + _HISS)
        return source.reshape(hz.shape[0], -1), phase, last_hz

    def _overlap_add(self, sound: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        """Frames [V, F, 4 * hop], one hop apart, to audio [V, F * hop] and the next tail."""
        hop = self.config.hop_length
        pieces = [piece.reshape(sound.shape[0], -1) for piece in sound.split(hop, dim=2)]
        total = torch.cat([tail, torch.zeros_like(pieces[0])], dim=1)
        for i, piece in enumerate(pieces):
            total = total + nn.functional.pad(piece, (i * hop, (_HOPS - 1 - i) * hop))
        length = pieces[0].shape[1]
        return total[:, :length], total[:, length:]

    @torch.no_grad()
    def whole(self, frames: DecoderInput, state: State) -> Tensor:
        """Whole notes to audio [V, F * hop]: phases that the noise starts and rounds improve."""
        size, _ = self.magnitude(frames, state)
        spectrum = self.spectrogram(frames.noise)
        before = torch.zeros_like(spectrum)
        for _ in range(_ROUNDS):
            phase = spectrum / spectrum.abs().clamp(min=1e-12)
            rebuilt = self.spectrogram(self.spectrogram.inverse(size * phase))
            spectrum = rebuilt + _MOMENTUM * (rebuilt - before)
            before = rebuilt
        phase = spectrum / spectrum.abs().clamp(min=1e-12)
        return self.spectrogram.inverse(size * phase)
