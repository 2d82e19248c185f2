"""The denoising autoencoder as one pure step with explicit state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.config import ModelConfig
from aeolia.models.decoder import build_decoder
from aeolia.models.encoder import build_encoder
from aeolia.nn.spectral import Bands, ShortTimeSpectrum, compress

__all__ = ["DenoisingAutoencoder"]

State = dict[str, Tensor]


class DenoisingAutoencoder(nn.Module):
    """Noisy audio in, clean audio out.

        audio -> spectrum -> compressed bands -> encode -> latent -> decode -> complex filter
              -> filtered spectrum -> audio

    `step` is the whole model; training, files, live audio and the exported graph all call it.
    """

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
        #: Run encoder and decoder in bfloat16 (training on a GPU); spectra stay in float32.
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

    def step_spectrum(self, audio: Tensor, state: State) -> tuple[Tensor, State]:
        """Audio [B, 1, T] to the clean spectrum [B, 2, T/hop, Q]: `step` before synthesis."""
        spectrum, input_tail = self.spectrum.analyse(audio[:, 0], state["input_tail"])
        latent, skips, following = self.encode(spectrum, state)
        clean, decoder_state = self.decode(latent, skips, spectrum, state)
        return clean, {"input_tail": input_tail, **following, **decoder_state}

    def step(self, audio: Tensor, state: State) -> tuple[Tensor, State]:
        """Audio [B, 1, T], T a multiple of hop_length, to audio [B, 1, T], delay samples late."""
        clean, following = self.step_spectrum(audio, state)
        output, following["output_tail"] = self.spectrum.synthesise(clean, state["output_tail"])
        return output.unsqueeze(1), following

    def forward(self, audio: Tensor) -> Tensor:
        """Audio [B, 1, T] from zero state, through `step`."""
        return self.step(audio, self.initial_state(audio.shape[0]))[0]

    def _filter(self, values: Tensor, spectrum: Tensor, state: State, following: State) -> Tensor:
        """Sum of complex taps [B, 2*taps, F, Q] on this and past frames of the spectrum.

        The first tap is one plus what the network says, so an untrained model passes its input.
        """
        taps, frames = self.config.filter_taps, spectrum.shape[2]
        history = spectrum
        if taps > 1:
            history = torch.cat([state["spectrum_past"], spectrum], dim=2)
            following["spectrum_past"] = history[:, :, -(taps - 1) :]
        real, imag = 0.0, 0.0
        for tap in range(taps):
            start = taps - 1 - tap
            x_real = history[:, 0, start : start + frames]
            x_imag = history[:, 1, start : start + frames]
            h_real, h_imag = values[:, 2 * tap], values[:, 2 * tap + 1]
            if tap == 0:
                h_real = h_real + 1.0
            real = real + h_real * x_real - h_imag * x_imag
            imag = imag + h_real * x_imag + h_imag * x_real
        return torch.stack([real, imag], dim=1)

    def _own_magnitude(self, values: Tensor, spectrum: Tensor) -> Tensor:
        """The decoder's compressed magnitude [B, 1, F, Q] with the noisy phase."""
        magnitude = nn.functional.softplus(values) ** (1.0 / self.config.compression)
        return spectrum * (spectrum.square().sum(1, keepdim=True) + 1e-8).rsqrt() * magnitude


