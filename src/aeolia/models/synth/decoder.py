"""The decoder of a synthesiser: timbre, pitch and loudness per frame to audio, one pure step.

    timbre, instrument -> condition --+
    pitch, loudness, age -> features -+-> network over frames -> gains of low harmonics,
                                                                 filters in bands, residual
    pitch -> phase -> harmonics and pulses -+
    noise ---------------------------------+-> times loudness -> filters -> overlap-add -> audio
    first sample of the voice: an impulse -+

The source is scaled to the loudness asked for, so the network only shapes it, and silence is silent
by itself. The pitch is that of the source: exact, whatever the network does.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from aeolia.config import SynthConfig
from aeolia.nn.frame_filter import FrameTransform, MinimumPhaseBands, multiply, overlap_add
from aeolia.nn.frame_network import FrameNetwork
from aeolia.nn.gaussian import pitch_features
from aeolia.nn.harmonics import PitchTrack, harmonic_waves, harmonic_weights, pulse_train

__all__ = ["N_FEATURES", "SourceFilterDecoder", "frame_features", "hz_to_midi"]

State = dict[str, Tensor]

#: Time constants, in frames, through which the network sees how long a voice has sounded.
_AGES = (2.0, 8.0, 30.0, 100.0, 400.0)
#: Notes are learned from for so many frames (three seconds); a voice that has sounded for longer
#: keeps the timbre that it had by then.
_LONGEST_AGE = 300.0
N_FEATURES = 7 + 1 + 1 + len(_AGES)
#: Log magnitudes stay below this (35 dB above the source).
_LOUDEST = 4.0
#: Slope of the untrained filters, nepers per octave above 500 Hz: about -9 dB.
_FIRST_SLOPE = 1.0


def hz_to_midi(pitch_hz: Tensor) -> Tensor:
    """Pitch in Hz to MIDI numbers; below 1 Hz (unvoiced) as if 1 Hz."""
    return 69.0 + 12.0 * torch.log2(pitch_hz.clamp(min=1.0) / 440.0)


def frame_features(pitch_hz: Tensor, loudness_db: Tensor, age: Tensor) -> Tensor:
    """What the network sees of each frame: pitch, voicing, loudness, age; [V, F] to [V, F, N]."""
    voiced = (pitch_hz > 0.0).float()
    # An unvoiced frame has no pitch to show: the middle of the keyboard stands for it.
    midi = hz_to_midi(pitch_hz) * voiced + 60.0 * (1.0 - voiced)
    ages = age.clamp(max=_LONGEST_AGE).unsqueeze(-1)
    ages = torch.exp(-ages / torch.tensor(_AGES, device=age.device))
    level = (loudness_db.clamp(min=-90.0) + 40.0) / 20.0
    return torch.cat(
        [pitch_features(midi), voiced.unsqueeze(-1), level.unsqueeze(-1), ages], dim=-1
    )


def amplitude(loudness_db: Tensor) -> Tensor:
    """dBFS to amplitude; exactly zero at -90 and below, the floor of the loudness scale."""
    size = torch.pow(10.0, loudness_db / 20.0)
    return size * (loudness_db > -90.0).float()


class SourceFilterDecoder(nn.Module):
    """Pulses, harmonics, noise and an impulse through minimum-phase filters.

    With the decoder "additive" there is no pulse train: harmonics beyond `harmonics` are silent.
    """

    residual_basis: Tensor
    rising: Tensor

    def __init__(self, config: SynthConfig) -> None:
        super().__init__()
        self.config = config
        self.pulses = config.decoder == "source_filter"
        self.embed = nn.Linear(len(config.instruments), config.condition_dim, bias=False)
        self.condition = nn.Sequential(
            nn.Linear(config.latent_dim + config.condition_dim, 2 * config.condition_dim),
            nn.SiLU(),
            nn.Linear(2 * config.condition_dim, config.condition_dim),
        )
        self.network = FrameNetwork(
            N_FEATURES, config.channels, config.condition_dim, config.layers, config.kernel_frames
        )
        self.track = PitchTrack(config.sample_rate, config.hop_length)
        self.bands = MinimumPhaseBands(config.sample_rate, config.n_bins)
        self.transform = FrameTransform(config.hop_length)
        self.to_gains = nn.Linear(config.channels, config.harmonics)
        self.to_filters = nn.Linear(config.channels, 3 * self.bands.n_bands)
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

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape (without the voices' axis) of every state tensor."""
        return {
            "age": (1,),
            "phase": (1,),
            "last_hz": (1,),
            "last_level": (1,),
            "last_gains": (self.config.harmonics,),
            "last_filter": (self.bands.n_bands,),
            "tail": (self.config.hop_length,),
            **self.network.state_shapes(),
        }

    def initial_state(self, voices: int) -> State:
        """Zero state: voices that begin with the first frame."""
        device = self.rising.device
        return {
            name: torch.zeros((voices, *shape), device=device)
            for name, shape in self.state_shapes().items()
        }

    def step(
        self,
        latent: Tensor,
        instrument: Tensor,
        pitch_hz: Tensor,
        loudness_db: Tensor,
        noise: Tensor,
        state: State,
    ) -> tuple[Tensor, State]:
        """Frames to audio.

        Args:
            latent: timbre [V, D]; instrument: one-hot or mix [V, I].
            pitch_hz: [V, F], 0 where unvoiced; loudness_db: [V, F] in dBFS.
            noise: unit normal [V, F * hop].

        Returns:
            audio [V, F * hop] and the next state; sample n belongs to frame n // hop.
        """
        frames = pitch_hz.shape[1]
        age = state["age"] + torch.arange(frames, device=pitch_hz.device).float()
        fresh = (state["age"] < 0.5).float()
        condition = self.condition(torch.cat([latent, self.embed(instrument)], dim=1))
        hidden, following = self.network(
            frame_features(pitch_hz, loudness_db, age), condition, state
        )
        harmonic, noisy, impulse = self._limited(self.to_filters(hidden)).chunk(3, dim=2)
        gains = self._limited(self.to_gains(hidden))

        level = amplitude(loudness_db)
        level_before = self._before(level, state["last_level"], fresh)
        gains_before = self._before(gains, state["last_gains"], fresh)
        filter_before = self._before(harmonic[:, :1], state["last_filter"], fresh)
        size = level_before.unsqueeze(2) + (level - level_before).unsqueeze(2) * self.rising

        falling, rising, following["phase"], following["last_hz"] = self._harmonics(
            pitch_hz, gains_before, gains, state, fresh
        )
        hiss = noise.reshape(noise.shape[0], -1, self.config.hop_length)
        sources = [falling * (1.0 - self.rising) * size, rising * self.rising * size, hiss * size]
        source = self.transform(torch.cat(sources, dim=1))
        # All responses at once: the last block's, this one's, the noise's and the impulse's.
        response = self.bands(torch.cat([filter_before, harmonic, noisy, impulse[:, :1]], dim=1))
        spectrum = multiply(source[:, :, :frames], response[:, :, :frames])
        spectrum = spectrum + multiply(
            source[:, :, frames:], response[:, :, 1 : 2 * frames + 1]
        ).unflatten(2, (2, frames)).sum(dim=2)
        # The spectrum of an impulse is 1: its filter's response is all there is to it.
        struck = (fresh * level[:, :1]).reshape(-1, 1, 1, 1) * response[:, :, -1:]
        spectrum = spectrum + nn.functional.pad(struck, (0, 0, 0, frames - 1))

        sound = self.transform.inverse(spectrum)
        if self.config.residual_bins:
            drawn = torch.matmul(self.to_residual(hidden), self.residual_basis)
            sound = sound + drawn * level.unsqueeze(2) * self.residual_gain(instrument).unsqueeze(2)
        audio, following["tail"] = overlap_add(sound, state["tail"])
        following["age"] = age[:, -1:] + 1.0
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
            cycles, hz, gate, phase, last_hz = self.track(
                pitch_hz, state["phase"], state["last_hz"], fresh
            )
            fits = [harmonic_weights(hz[:, :, i], count, rate) for i in (0, -1)]
            waves = harmonic_waves(cycles, count)
            # Harmonics of equal amplitude, together of unit power.
            gate = gate * torch.rsqrt(0.25 * rate / hz.clamp(min=20.0) + 1.0)
            above = pulse_train(cycles, hz, count, rate) * gate if self.pulses else None
        sizes = torch.stack([torch.exp(gains_before) * fits[0], torch.exp(gains) * fits[1]], dim=3)
        low = torch.matmul(waves, sizes) * gate.unsqueeze(3)
        falling, rising = low[..., 0], low[..., 1]
        if above is not None:
            falling, rising = falling + above, rising + above
        return falling, rising, phase, last_hz

    def _before(self, values: Tensor, last: Tensor, fresh: Tensor) -> Tensor:
        """Values [V, F(, N)] of the frame before each; a voice that begins had its first ones."""
        if values.dim() == 3:
            last, fresh = last.unsqueeze(1), fresh.unsqueeze(2)
        first = fresh * values[:, :1] + (1.0 - fresh) * last
        return torch.cat([first, values[:, :-1]], dim=1)

    def _limited(self, levels: Tensor) -> Tensor:
        """Bounded above, smoothly, so that no filter explodes; unbounded below."""
        return _LOUDEST - nn.functional.softplus(_LOUDEST - levels)

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
