"""What the autoencoders of spectra have in common: everything but the decoder and its conditions.

    audio -> analysis -> spectrum -> compressed bands -> encoder -> latent
    latent -> decoder (and conditions) -> values per bin -> filter on the spectrum
           -> synthesis -> audio

Axes: B batch, C channels, T samples, F frames, Q frequency bins, D latent.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from aeolia.config import SpectralConfig
from aeolia.models.spectral.decoder import ConvDecoder, LSTMDecoder
from aeolia.models.spectral.encoder import build_encoder
from aeolia.nn.complex_filter import ComplexFilter, OwnMagnitude
from aeolia.nn.spectral import Bands, ShortTimeSpectrum, compress
from aeolia.nn.state import Shapes, State

__all__ = ["CHANNEL_STATES", "SpectralAutoencoder"]

#: States that each channel has of its own: sound on its way. The network's are of all channels.
CHANNEL_STATES = ("input_tail", "output_tail", "spectrum_past")


class SpectralAutoencoder(nn.Module):
    """Analysis, encoder, filter and synthesis; a subclass adds its `decoder` and its `step`."""

    config: SpectralConfig
    decoder: ConvDecoder | LSTMDecoder

    def __init__(self, config: SpectralConfig, network_hz: int = 0) -> None:
        """Bins above `network_hz` (0 for none) get the filter of the highest band."""
        super().__init__()
        self.config = config
        self.spectrum = ShortTimeSpectrum(config.win_length, config.hop_length)
        bin_hz = config.sample_rate / config.win_length
        #: Bins that are the network's input.
        self.n_input_bins = config.n_bins
        if network_hz:
            self.n_input_bins = min(config.n_bins, round(network_hz / bin_hz) + 1)
        layout = (bin_hz, config.n_linear_bins, config.band_groups)
        self.input_bands = Bands(self.n_input_bins, *layout)
        self.bands = Bands(config.n_bins, *layout)
        self.filter: ComplexFilter | OwnMagnitude = (
            OwnMagnitude(config.compression)
            if config.output == "magnitude"
            else ComplexFilter(config.filter_taps, config.n_bins)
        )
        self.encoder = build_encoder(config)
        #: Run encoder and decoder in bfloat16 (in training); spectra stay in float32.
        self.mixed_precision = False

    def state_shapes(self) -> Shapes:
        """Name and shape (without the leading axis) of every state tensor."""
        parts = (self.spectrum, self.encoder, self.decoder, self.filter)
        return {name: shape for part in parts for name, shape in part.state_shapes().items()}

    @property
    def device(self) -> torch.device:
        """Where the model's tensors are."""
        return self.spectrum.analysis_window.device

    def encode(
        self, spectrum: Tensor, state: State, skip_scale: float = 1.0
    ) -> tuple[Tensor, list[Tensor], State]:
        """Spectrum [B, 2, F, Q] to latent [B, F, D], skip activations, next state.

        Training may scale the skip activations (to zero), so that the latent carries the signal.
        """
        if self.n_input_bins < self.config.n_bins:
            spectrum = spectrum[..., : self.n_input_bins]
        compressed, magnitude = compress(spectrum, self.config.compression)
        features = self.input_bands.pool(torch.cat([compressed, magnitude], dim=1))
        with self.network_precision():
            latent, skips, following = self.encoder(features, state)
        if not self.config.skips:
            skips = []
        elif skip_scale != 1.0:
            skips = [skip * skip_scale for skip in skips]
        return latent, skips, following

    def network_precision(self) -> torch.autocast:
        """The context that encoder and decoder run in: bfloat16 where it is set."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.mixed_precision)

    def by_chunks(
        self, audio: Tensor, state: State, step: Callable[[Tensor, State], tuple[Tensor, State]]
    ) -> Tensor:
        """Audio [B, C, T] from a state on: each chunk by a memory that has heard it.

        What it has heard of it is taken as given: no gradient goes through the first hearing. A
        model without chunks takes one step.
        """
        outputs = []
        for chunk in audio.split(self.config.chunk or audio.shape[2], dim=2):
            if self.config.chunk:
                with torch.no_grad():
                    _, heard = step(chunk, state)
                state = {n: state[n] if n in CHANNEL_STATES else heard[n] for n in heard}
            output, state = step(chunk, state)
            outputs.append(output)
        return torch.cat(outputs, dim=-1)
