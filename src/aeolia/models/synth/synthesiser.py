"""The variational autoencoder of notes: encode, sample, shape and decode."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from aeolia.config import SynthConfig
from aeolia.errors import ConfigError
from aeolia.models.synth.decoder import SourceFilterDecoder
from aeolia.models.synth.encoder import NoteSpectrum, TimbreEncoder
from aeolia.models.synth.envelope import EnvelopeNetwork
from aeolia.models.synth.frames import DecoderInput
from aeolia.models.synth.spectrogram_decoder import SpectrogramDecoder
from aeolia.nn.gaussian import Gaussian, build_prior
from aeolia.nn.state import State

__all__ = ["Reconstruction", "Synthesiser"]


class Reconstruction(NamedTuple):
    """What training compares: see `Synthesiser.forward`."""

    posterior: Gaussian
    #: KL of the posterior from the prior, [B, D].
    divergence: Tensor
    #: A crop of the note decoded from a draw of the posterior, [B, T]; of the textbook decoder
    #: the magnitudes of its spectrogram, [B, F', Q].
    decoded: Tensor
    #: Shape of the whole note's envelope in dB, [B, F].
    shape_db: Tensor


class Synthesiser(nn.Module):
    """Conditional variational autoencoder over notes.

        encode(audio, pitch) -> posterior q(timbre | note)
        sample_prior(conditions, seed) -> timbre from p(timbre | instrument, pitch, velocity)
        envelope(timbre, conditions, times) -> loudness
        decode(timbre, pitch, loudness, conditions) -> audio

    The timbre latent is one vector a note; pitch and loudness run beside it, frame by frame.
    """

    def __init__(self, config: SynthConfig) -> None:
        super().__init__()
        if not config.instruments:
            raise ConfigError(
                f"{config.name} has no instruments; they come from the recordings it learns from"
            )
        self.config = config
        self.spectrum = NoteSpectrum(config)
        self.encoder = TimbreEncoder(config, self.spectrum.n_bands)
        self.prior = build_prior(config)
        self.envelope = EnvelopeNetwork(config)
        self.decoder: SourceFilterDecoder | SpectrogramDecoder = (
            SpectrogramDecoder(config)
            if config.decoder == "spectrogram"
            else SourceFilterDecoder(config)
        )
        #: Set by training on a GPU; spectra and phases stay in float32 here, so it is not used.
        self.mixed_precision = False

    def encode(self, audio: Tensor, pitch_hz: Tensor) -> Gaussian:
        """Audio [B, F * hop] at the model's rate and its pitch [B, F] to the posterior [B, D]."""
        log_power = self.spectrum(audio)
        posterior: Gaussian = self.encoder(log_power, pitch_hz, torch.ones_like(pitch_hz))
        return posterior

    def sample_prior(
        self, instrument: Tensor, pitch_midi: Tensor, velocity: Tensor, seed: int
    ) -> Tensor:
        """Timbres [V, D] drawn from the prior at the config's temperature, by the seed."""
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(len(instrument), self.config.latent_dim, generator=generator)
        noise = self.config.temperature * noise.to(instrument.device)
        prior: Gaussian = self.prior(instrument, pitch_midi, velocity)
        return prior.sample(noise)

    def decode(
        self,
        latent: Tensor,
        pitch_hz: Tensor,
        loudness_db: Tensor,
        instrument: Tensor,
        seed: int = 0,
    ) -> Tensor:
        """Timbre [V, D], contours [V, F] and instrument [V, I] to whole notes [V, F * hop]."""
        generator = torch.Generator().manual_seed(seed)
        shape = (pitch_hz.shape[0], pitch_hz.shape[1] * self.config.hop_length)
        noise = torch.randn(shape, generator=generator).to(pitch_hz.device)
        state = self.decoder.initial_state(pitch_hz.shape[0])
        frames = DecoderInput(latent, instrument, pitch_hz, loudness_db, noise)
        if isinstance(self.decoder, SpectrogramDecoder):
            return self.decoder.whole(frames, state)
        return self.decoder.step(frames, state)[0]

    def forward(
        self,
        log_power: Tensor,
        note_hz: Tensor,
        inside: Tensor,
        instrument: Tensor,
        pitch_midi: Tensor,
        velocity: Tensor,
        seconds: Tensor,
        crop_hz: Tensor,
        loudness_db: Tensor,
        age: Tensor,
        noise: Tensor,
        latent_noise: Tensor,
    ) -> Reconstruction:
        """Encode notes, draw their timbres, decode a crop of each: everything training needs.

        Args:
            log_power, note_hz, inside: of the whole notes, as `TimbreEncoder` takes them.
            instrument: [B, I]; pitch_midi, velocity: [B]; seconds: [B, F] for the envelope.
            crop_hz, loudness_db: [B, F'] of the crop; age: [B, 1] frames before the crop.
            noise: [B, F' * hop] and latent_noise [B, D], unit normal.
        """
        posterior = self.encoder(log_power, note_hz, inside)
        latent = posterior.sample(latent_noise)
        conditions = (instrument, pitch_midi, velocity)
        divergence = self.prior.divergence(posterior, latent, *conditions)
        state = {**self.decoder.initial_state(len(latent)), "age": age}
        crop = DecoderInput(latent, instrument, crop_hz, loudness_db, noise)
        if isinstance(self.decoder, SpectrogramDecoder):
            decoded, _ = self.decoder.magnitude(crop, state)
        else:
            decoded, _ = self.decoder.step(crop, state)
        shape_db = self.envelope.shape(latent, instrument, pitch_midi, seconds)
        return Reconstruction(posterior, divergence, decoded, shape_db)

    def step(self, frames: DecoderInput, state: State) -> tuple[Tensor, State]:
        """The decoder's step: frames to audio [V, F * hop] and the next state."""
        return self.decoder.step(frames, state)
