"""The denoising autoencoder as one pure step with explicit state."""

from __future__ import annotations

from functools import partial

from torch import Tensor

from aeolia.config import DenoiseConfig
from aeolia.models.spectral.autoencoder import CHANNEL_STATES, SpectralAutoencoder
from aeolia.models.spectral.decoder import build_decoder
from aeolia.nn.channels import combine_channels
from aeolia.nn.state import State, zero_state

__all__ = ["DenoisingAutoencoder"]


class DenoisingAutoencoder(SpectralAutoencoder):
    """Noisy audio in, clean audio out.

        audio -> spectra of the channels -> one of them all -> encode -> latent -> decode -> filter
              -> applied to every channel's spectrum -> audio

    `step` is the whole model; training, files, live audio and the exported graph all call it.
    Axes: B batch, C channels, T samples, F frames, Q frequency bins, D latent, V filter values.
    """

    config: DenoiseConfig

    def __init__(self, config: DenoiseConfig) -> None:
        super().__init__(config)
        self.decoder = build_decoder(config)

    def initial_state(self, batch: int, channels: int = 1) -> State:
        """Zero state for `batch` recordings of `channels` each, on the model's device.

        What each channel has of its own, `CHANNEL_STATES`, is [B, C, ...]; all others [B, ...].
        """
        shapes = {
            name: (channels, *shape) if name in CHANNEL_STATES else shape
            for name, shape in self.state_shapes().items()
        }
        return zero_state(shapes, batch, self.device)

    def decode(self, latent: Tensor, skips: list[Tensor], state: State) -> tuple[Tensor, State]:
        """Latent [B, F, D] to the filter's values [B, V, F, Q], next state."""
        with self.network_precision():
            values, following = self.decoder(latent, skips, state)
        return self.bands.expand(values.float()), following

    def step(self, audio: Tensor, state: State, skip_scale: float = 1.0) -> tuple[Tensor, State]:
        """Audio [B, C, T], T a multiple of hop_length, to audio [B, C, T], delay samples late.

        One filter serves all channels of an item, so that a voice stays where it is between them.
        """
        spectrum, input_tail = self.spectrum.analyse(audio, state["input_tail"])
        clean, following = self.step_spectrum(spectrum, state, skip_scale)
        output, output_tail = self.spectrum.synthesise(clean, state["output_tail"])
        following.update(input_tail=input_tail, output_tail=output_tail)
        return output, following

    def step_spectrum(
        self, spectrum: Tensor, state: State, skip_scale: float = 1.0
    ) -> tuple[Tensor, State]:
        """The step between its transforms: spectrum [B, C, 2, F, Q] to the clean one, next state.

        For programs that bring a transform of their own; the state is that of `step` without the
        two tails of the audio.
        """
        latent, skips, following = self.encode(combine_channels(spectrum), state, skip_scale)
        values, decoder_state = self.decode(latent, skips, state)
        # [B, 1, V, F, Q] on [B, C, 2, F, Q]
        clean, past = self.filter(values.unsqueeze(1), spectrum, state.get("spectrum_past"))
        following.update(decoder_state)
        if past is not None:
            following["spectrum_past"] = past
        return clean, following

    def forward(self, audio: Tensor, skip_scale: float = 1.0) -> Tensor:
        """Audio [B, C, T] from zero state, through `step`; by chunks where there are any."""
        state = self.initial_state(*audio.shape[:2])
        return self.by_chunks(audio, state, partial(self.step, skip_scale=skip_scale))
