"""The denoising autoencoder as one pure step with explicit state."""

from __future__ import annotations

from torch import Tensor

from aeolia.config import DenoiseConfig
from aeolia.models.spectral.autoencoder import SpectralAutoencoder
from aeolia.models.spectral.decoder import build_decoder
from aeolia.nn.state import State, zero_state

__all__ = ["DenoisingAutoencoder"]


class DenoisingAutoencoder(SpectralAutoencoder):
    """Noisy audio in, clean audio out.

        audio -> spectrum -> encode -> latent -> decode -> filter -> filtered spectrum -> audio

    `step` is the whole model; training, files, live audio and the exported graph all call it.
    """

    config: DenoiseConfig

    def __init__(self, config: DenoiseConfig) -> None:
        super().__init__(config)
        self.decoder = build_decoder(config)

    def initial_state(self, batch: int) -> State:
        """Zero state for `batch` channels, on the model's device."""
        return zero_state(self.state_shapes(), batch, self.device)

    def decode(self, latent: Tensor, skips: list[Tensor], state: State) -> tuple[Tensor, State]:
        """Latent [B, F, D] to the filter's values [B, V, F, Q], next state."""
        with self.network_precision():
            values, following = self.decoder(latent, skips, state)
        return self.bands.expand(values.float()), following

    def step(self, audio: Tensor, state: State, skip_scale: float = 1.0) -> tuple[Tensor, State]:
        """Audio [B, 1, T], T a multiple of hop_length, to audio [B, 1, T], delay samples late."""
        spectrum, input_tail = self.spectrum.analyse(audio.squeeze(1), state["input_tail"])
        clean, following = self.step_spectrum(spectrum, state, skip_scale)
        output, output_tail = self.spectrum.synthesise(clean, state["output_tail"])
        following.update(input_tail=input_tail, output_tail=output_tail)
        return output.unsqueeze(1), following

    def step_spectrum(
        self, spectrum: Tensor, state: State, skip_scale: float = 1.0
    ) -> tuple[Tensor, State]:
        """The step between its transforms: spectrum [B, 2, F, Q] to clean spectrum, next state.

        For programs that bring a transform of their own; the state is that of `step` without the
        two tails of the audio.
        """
        latent, skips, following = self.encode(spectrum, state, skip_scale)
        values, decoder_state = self.decode(latent, skips, state)
        clean, past = self.filter(values, spectrum, state.get("spectrum_past"))
        following.update(decoder_state)
        if past is not None:
            following["spectrum_past"] = past
        return clean, following

    def forward(self, audio: Tensor, skip_scale: float = 1.0) -> Tensor:
        """Audio [B, 1, T] from zero state, through `step`."""
        return self.step(audio, self.initial_state(audio.shape[0]), skip_scale)[0]
