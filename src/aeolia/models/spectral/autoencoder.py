"""The denoising autoencoder as one pure step with explicit state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.config import ModelConfig
from aeolia.models.spectral.decoder import build_decoder
from aeolia.models.spectral.encoder import build_encoder
from aeolia.nn.spectral import Bands, ShortTimeSpectrum, compress

__all__ = ["DenoisingAutoencoder"]

State = dict[str, Tensor]


class DenoisingAutoencoder(nn.Module):
    """Noisy audio in, clean audio out.

        audio -> spectrum -> compressed bands -> encode -> latent -> decode -> complex filter
              -> filtered spectrum -> audio

    `step` is the whole model; training, files, live audio and the exported graph all call it.
    """

    passing_tap: Tensor
    swapped: Tensor
    conjugate: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.spectrum = ShortTimeSpectrum(config.win_length, config.hop_length)
        self.bands = Bands(
            config.n_bins,
            config.sample_rate / config.win_length,
            config.n_linear_bins,
            config.band_groups,
        )
        self.encoder = build_encoder(config)
        self.decoder = build_decoder(config)
        self._add_filter_tables(config.filter_taps)
        #: Run encoder and decoder in bfloat16 (in training); spectra stay in float32.
        self.mixed_precision = False

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape (without the batch axis) of every state tensor."""
        shapes = {**self.spectrum.state_shapes(), **self.encoder.state_shapes()}
        shapes.update(self.decoder.state_shapes())
        if self.config.output == "filter" and self.config.filter_taps > 1:
            shapes["spectrum_past"] = (2, self.config.filter_taps - 1, self.config.n_bins)
        return shapes

    def initial_state(self, batch: int) -> State:
        """Zero state for `batch` channels, on the model's device."""
        device = self.spectrum.analysis_window.device
        return {
            name: torch.zeros((batch, *shape), device=device)
            for name, shape in self.state_shapes().items()
        }

    def encode(self, spectrum: Tensor, state: State) -> tuple[Tensor, list[Tensor], State]:
        """Spectrum [B, 2, F, Q] to latent [B, F, D], skip activations, next state."""
        compressed, magnitude = compress(spectrum, self.config.compression)
        features = self.bands.pool(torch.cat([compressed, magnitude], dim=1))
        with torch.autocast(features.device.type, torch.bfloat16, enabled=self.mixed_precision):
            return self.encoder(features, state)

    def decode(
        self, latent: Tensor, skips: list[Tensor], spectrum: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """Latent [B, F, D] and the noisy spectrum to the clean spectrum, next state."""
        with torch.autocast(latent.device.type, torch.bfloat16, enabled=self.mixed_precision):
            values, following = self.decoder(latent, skips if self.config.skips else [], state)
        values = self.bands.expand(values.float())
        if self.config.output == "magnitude":
            return self._own_magnitude(values, spectrum), following
        return self._filter(values, spectrum, state, following), following

    def step(self, audio: Tensor, state: State, skip_scale: float = 1.0) -> tuple[Tensor, State]:
        """Audio [B, 1, T], T a multiple of hop_length, to audio [B, 1, T], delay samples late.

        Training may scale the skip activations (to zero), so that the latent carries the signal.
        """
        spectrum, input_tail = self.spectrum.analyse(audio.squeeze(1), state["input_tail"])
        latent, skips, following = self.encode(spectrum, state)
        if skip_scale != 1.0:
            skips = [skip * skip_scale for skip in skips]
        clean, decoder_state = self.decode(latent, skips, spectrum, state)
        output, output_tail = self.spectrum.synthesise(clean, state["output_tail"])
        following.update(decoder_state, input_tail=input_tail, output_tail=output_tail)
        return output.unsqueeze(1), following

    def forward(self, audio: Tensor, skip_scale: float = 1.0) -> Tensor:
        """Audio [B, 1, T] from zero state, through `step`."""
        return self.step(audio, self.initial_state(audio.shape[0]), skip_scale)[0]

    def _filter(self, values: Tensor, spectrum: Tensor, state: State, following: State) -> Tensor:
        """Sum of complex taps [B, 2*taps, F, Q] on this and past frames of the spectrum.

        The first tap is one plus what the network says, so an untrained model passes its input.
        """
        taps = self.config.filter_taps
        history = spectrum
        if taps > 1:
            history = torch.cat([state["spectrum_past"], spectrum], dim=2)
            following["spectrum_past"] = history[:, :, -(taps - 1) :]
        # Channels (re, im) of tap 0, of tap 1, ...; tap t sees the frame t before this one.
        seen = torch.cat([history[:, :, taps - 1 - t : -t or None] for t in range(taps)], dim=1)
        values = values + self.passing_tap
        # (a + jb)(c + jd) = (ac - bd) + j(ad + bc), summed over the taps.
        real = (values * (seen * self.conjugate)).sum(dim=1, keepdim=True)
        imaginary = (values * seen[:, self.swapped]).sum(dim=1, keepdim=True)
        return torch.cat([real, imaginary], dim=1)

    def _add_filter_tables(self, taps: int) -> None:
        """Constants of `_filter`: few large operations make a graph that is quick per hop."""
        passing = torch.zeros(2 * taps, 1, 1)
        passing[0] = 1.0
        swapped = torch.arange(2 * taps).reshape(taps, 2).flip(1).flatten()
        conjugate = torch.tensor([1.0, -1.0]).repeat(taps)[:, None, None]
        self.register_buffer("passing_tap", passing, persistent=False)
        self.register_buffer("swapped", swapped, persistent=False)
        self.register_buffer("conjugate", conjugate, persistent=False)

    def _own_magnitude(self, values: Tensor, spectrum: Tensor) -> Tensor:
        """The decoder's compressed magnitude [B, 1, F, Q] with the noisy phase."""
        magnitude = nn.functional.softplus(values) ** (1.0 / self.config.compression)
        return spectrum * (spectrum.square().sum(1, keepdim=True) + 1e-8).rsqrt() * magnitude
