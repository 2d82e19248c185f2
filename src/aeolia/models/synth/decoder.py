"""The decoder of a synthesiser: timbre, pitch and loudness per frame to audio, one pure step.

    timbre, instrument -> condition --+
    pitch, loudness, age -> features -+-> network over frames -> gains of low harmonics,
                                                                 filters in bands, residual
    pitch -> phase -> harmonics and pulses -+
    noise ---------------------------------+-> times loudness -> filters -> overlap-add -> audio
    first sample of the voice: an impulse -+

The source is scaled to the given loudness, so the network only shapes it, and silence is silent
by itself. The pitch is that of the source: exact, whatever the network does.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from aeolia.config import SynthConfig
from aeolia.models.synth.character import Character
from aeolia.models.synth.frames import DecoderInput, FrameDecoder, amplitude, soft_ceiling
from aeolia.nn.frame_filter import FrameTransform, MinimumPhaseBands, multiply, overlap_add
from aeolia.nn.harmonics import PhaseAccumulator, harmonic_sum, harmonic_weights, pulse_train
from aeolia.nn.state import Shapes, State

__all__ = ["SourceFilterDecoder"]

#: Log gains stay below this (35 dB above the source).
_LOUDEST = 4.0
#: Slope of the untrained filters, nepers per octave above 500 Hz: about -9 dB.
_FIRST_SLOPE = 1.0


class SourceFilterDecoder(FrameDecoder):
    """Pulses, harmonics, noise and an impulse through minimum-phase filters.

    With the decoder "additive" there is no pulse train: harmonics beyond `harmonics` are silent.
    """

    residual_basis: Tensor
    rising: Tensor

    def __init__(self, config: SynthConfig) -> None:
        super().__init__(config)
        self.pulses = config.decoder == "source_filter"
        self.phase = PhaseAccumulator(config.sample_rate, config.hop_length)
        self.bands = MinimumPhaseBands(config.sample_rate, config.n_bins)
        self.transform = FrameTransform(config.hop_length)
        self.to_gains = nn.Linear(config.channels, config.harmonics)
        self.to_filters = nn.Linear(config.channels, 3 * self.bands.n_bands)
        self.character = Character(config, self.bands.n_bands)
        self._start_from_a_slope()
        rising = torch.arange(config.hop_length, dtype=torch.float32) / config.hop_length
        self.register_buffer("rising", rising, persistent=False)
        if config.residual_bins:
            self.to_residual = nn.Linear(config.channels, 2 * config.residual_bins)
            nn.init.normal_(self.to_residual.weight, std=1e-3)
            nn.init.zeros_(self.to_residual.bias)
            # How much of it each instrument has.
            self.residual_gain = nn.Linear(len(config.instruments), 1, bias=False)
            nn.init.ones_(self.residual_gain.weight)
            self._add_residual_basis()

    def state_shapes(self) -> Shapes:
        """Name and shape (without the voices' axis) of every state tensor."""
        return {
            "age": (1,),
            "phase": (1,),
            "last_hz": (1,),
            "last_level": (1,),
            "last_gains": (self.config.harmonics,),
            "last_filter": (self.bands.n_bands,),
            "tail": (self.config.hop_length,),
            **self.character.state_shapes(),
            **self.network.state_shapes(),
        }

    def step(self, frames: DecoderInput, state: State) -> tuple[Tensor, State]:
        """Frames to audio [V, F * hop] and the next state; sample n belongs to frame n // hop."""
        count = frames.pitch_hz.shape[1]
        fresh = (state["age"] < 0.5).float()
        hidden, following = self.hidden(frames, state)
        own, following["wavers"] = self.character(
            frames.instrument, frames.pitch_hz, frames.noise, state
        )
        filters = soft_ceiling(self.to_filters(hidden) + own, _LOUDEST)
        harmonic, noisy, impulse = filters.chunk(3, dim=2)
        gains = soft_ceiling(self.to_gains(hidden), _LOUDEST)

        level = amplitude(frames.loudness_db)
        level_before = self._before(level, state["last_level"], fresh)
        gains_before = self._before(gains, state["last_gains"], fresh)
        filter_before = self._before(harmonic[:, :1], state["last_filter"], fresh)
        size = level_before.unsqueeze(2) + (level - level_before).unsqueeze(2) * self.rising

        falling, rising, following["phase"], following["last_hz"] = self._harmonics(
            frames.pitch_hz, gains_before, gains, state, fresh
        )
        hiss = frames.noise.reshape(frames.noise.shape[0], -1, self.config.hop_length)
        sources = [falling * (1.0 - self.rising) * size, rising * self.rising * size, hiss * size]
        source = self.transform(torch.cat(sources, dim=1))
        # All responses at once: the last block's, this one's, the noise's and the impulse's.
        response = self.bands(torch.cat([filter_before, harmonic, noisy, impulse[:, :1]], dim=1))
        spectrum = multiply(source[:, :, :count], response[:, :, :count])
        spectrum = spectrum + multiply(
            source[:, :, count:], response[:, :, 1 : 2 * count + 1]
        ).unflatten(2, (2, count)).sum(dim=2)
        # The spectrum of an impulse is 1: its filter's response is all there is to it.
        struck = (fresh * level[:, :1]).reshape(-1, 1, 1, 1) * response[:, :, -1:]
        spectrum = spectrum + nn.functional.pad(struck, (0, 0, 0, count - 1))

        sound = self.transform.inverse(spectrum)
        if self.config.residual_bins:
            drawn = torch.matmul(self.to_residual(hidden), self.residual_basis)
            share = self.residual_gain(frames.instrument).unsqueeze(2)
            sound = sound + drawn * level.unsqueeze(2) * share
        audio, following["tail"] = overlap_add(sound, state["tail"])
        following["last_level"] = level[:, -1:]
        following["last_gains"] = gains[:, -1]
        following["last_filter"] = harmonic[:, -1]
        return audio, following

    def _harmonics(
        self, pitch_hz: Tensor, gains_before: Tensor, gains: Tensor, state: State, fresh: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The harmonic source with the last frame's gains and with this frame's, [V, F, hop]."""
        rate, count = self.config.sample_rate, self.config.harmonics
        with torch.no_grad():
            cycles, hz, gate, phase, last_hz = self.phase(
                pitch_hz, state["phase"], state["last_hz"], fresh
            )
            fits = [harmonic_weights(hz[:, :, i], count, rate) for i in (0, -1)]
            # Harmonics of equal amplitude, together of unit power.
            gate = gate * torch.rsqrt(0.25 * rate / hz.clamp(min=20.0) + 1.0)
            above = pulse_train(cycles, hz, count, rate) * gate if self.pulses else None
        sizes = torch.stack([torch.exp(gains_before) * fits[0], torch.exp(gains) * fits[1]], dim=2)
        falling, rising = (harmonic_sum(cycles, sizes) * gate.unsqueeze(2)).unbind(dim=2)
        if above is not None:
            falling, rising = falling + above, rising + above
        return falling, rising, phase, last_hz

    def _before(self, values: Tensor, last: Tensor, fresh: Tensor) -> Tensor:
        """Values [V, F(, N)] of the frame before each; a voice that begins had its first ones."""
        if values.dim() == 3:
            last, fresh = last.unsqueeze(1), fresh.unsqueeze(2)
        first = fresh * values[:, :1] + (1.0 - fresh) * last
        return torch.cat([first, values[:, :-1]], dim=1)

    def _start_from_a_slope(self) -> None:
        """Let untrained filters fall with frequency, as most sounds do; noise starts weak."""
        centres = (self.bands.magnitude.argmax(dim=1) + 0.5) * (
            self.config.sample_rate / self.config.frame_length
        )
        slope = -_FIRST_SLOPE * torch.log2((centres / 500.0).clamp(min=1.0))
        with torch.no_grad():
            for layer in (self.to_filters, self.to_gains):
                layer.weight.mul_(0.1)
                layer.bias.zero_()
            self.to_filters.bias.copy_(torch.cat([slope + 1.0, slope - 3.0, slope - 1.0]))

    def _add_residual_basis(self) -> None:
        """Windowed sines and cosines of the low bins over both hops of a frame."""
        length = self.config.frame_length
        time = torch.arange(length).double() + 0.5
        bins = torch.arange(self.config.residual_bins).double() + 0.5
        angle = 2.0 * math.pi * torch.outer(bins, time) / length
        window = torch.sin(math.pi * time / length) ** 2
        basis = torch.cat([torch.cos(angle), torch.sin(angle)]) * window
        self.register_buffer("residual_basis", basis.float(), persistent=False)
