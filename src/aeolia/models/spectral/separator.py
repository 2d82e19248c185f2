"""The conditional autoencoder: a mixture and conditions in, one source per condition out.

    audio -> spectra of the channels -> one of them all -> encode -> latent
          -> fuse (one latent per condition) -> decode -> one filter per source
          -> applied to every channel's spectrum -> shared remainder -> audio per source

The encoder runs once on the mixture, without the condition; fusion and decoder run once per
source. Axes: B batch, S sources, C channels, T samples, F frames, Q frequency bins, K condition,
E embedded condition, D latent.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from aeolia.config import SeparateConfig
from aeolia.models.spectral.autoencoder import SpectralAutoencoder
from aeolia.models.spectral.condition import ConditionalDecoder, ConditionEmbedding
from aeolia.models.spectral.voice import VoiceNetwork
from aeolia.nn.axes import merge_axes, split_axis
from aeolia.nn.channels import combine_channels
from aeolia.nn.fusion import build_fusion
from aeolia.nn.state import State, zero_state

__all__ = ["ConditionalAutoencoder", "share_remainder"]

#: Part of the mixture's power below which a bin's remainder is shared out equally.
_EQUAL_SHARE = 1e-8


class ConditionalAutoencoder(SpectralAutoencoder):
    """Audio and conditions in, one source per condition out."""

    config: SeparateConfig
    decoder: ConditionalDecoder

    def __init__(self, config: SeparateConfig) -> None:
        super().__init__(config, config.network_hz)
        self.embedding = ConditionEmbedding(config)
        self.fusion = build_fusion(config.fusion, config.latent_dim, config.condition_dim)
        self.decoder = ConditionalDecoder(config)
        self.voice = VoiceNetwork(config.condition_dim) if config.condition == "speaker" else None

    @property
    def condition_width(self) -> int:
        """Values K of one condition."""
        return self.embedding.vectors.in_features

    def state_axes(self) -> dict[str, str]:
        """What the leading axis of every state tensor counts, for one item of a batch.

        "one", "channels", "sources" or "streams" (sources times channels).
        """
        counted = {
            "input_tail": "channels",
            "spectrum_past": "channels",
            **dict.fromkeys(self.decoder.state_shapes(), "sources"),
            "output_tail": "streams",
        }
        return {name: counted.get(name, "one") for name in self.state_shapes()}

    def initial_state(self, batch: int = 1, sources: int = 1, channels: int = 1) -> State:
        """Zero state, on the model's device."""
        counts = {
            "one": 1,
            "channels": channels,
            "sources": sources,
            "streams": sources * channels,
        }
        axes, state = self.state_axes(), State()
        for name, shape in self.state_shapes().items():
            state |= zero_state({name: shape}, batch * counts[axes[name]], self.device)
        return state

    def embed(self, condition: Tensor) -> Tensor:
        """Conditions [B, S, K] to what `fuse` and `decode` read, [B, S, E]."""
        embedded: Tensor = self.embedding(condition)
        return embedded

    def fuse(self, latent: Tensor, embedded: Tensor) -> Tensor:
        """Latent [B, F, D] under each of the conditions [B, S, E]: [B, S, F, D]."""
        batch, sources = embedded.shape[:2]
        each = latent.unsqueeze(1).expand(-1, sources, -1, -1)
        x = merge_axes(each).transpose(1, 2).unsqueeze(3)  # [B*S, D, F, 1]
        with self.network_precision():
            x = self.fusion(x, merge_axes(embedded))
        return split_axis(x.squeeze(3).transpose(1, 2), batch)

    def decode(
        self, latent: Tensor, skips: list[Tensor], embedded: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """Latents [B, S, F, D], one per condition, to the filters' values [B, S, V, F, Q].

        Also returns the decoder's next state.
        """
        with self.network_precision():
            values, following = self.decoder.decode(latent, skips, embedded, state)
        return self.bands.expand(values.float()), following

    def step(
        self,
        audio: Tensor,
        condition: Tensor,
        partition: Tensor,
        state: State,
        skip_scale: float = 1.0,
    ) -> tuple[Tensor, State]:
        """Audio [B, C, T] and conditions [B, S, K] to sources [B, S, C, T], delay samples late.

        T is a multiple of hop_length. Where `partition` [B] is 1 the sources are all that the
        mixture holds, and sum to it; where it is 0 they are left as they were estimated.
        """
        batch, channels = audio.shape[:2]
        flat, input_tail = self.spectrum.analyse(merge_axes(audio), state["input_tail"])
        spectrum = split_axis(flat, batch)  # [B, C, 2, F, Q]
        latent, skips, following = self.encode(combine_channels(spectrum), state, skip_scale)
        embedded = self.embed(condition)
        values, decoder_state = self.decode(self.fuse(latent, embedded), skips, embedded, state)
        following.update(decoder_state, input_tail=input_tail)
        past = state.get("spectrum_past")
        if past is not None:
            past = split_axis(past, batch).unsqueeze(1)
        # [B, S, 1, V, F, Q] on [B, 1, C, 2, F, Q]: each source's filter on every channel.
        sources, past = self.filter(values.unsqueeze(2), spectrum.unsqueeze(1), past)
        if past is not None:
            following["spectrum_past"] = merge_axes(past.squeeze(1))
        sources = share_remainder(sources, spectrum, partition)
        output, following["output_tail"] = self.spectrum.synthesise(
            merge_axes(merge_axes(sources) if batch > 1 else sources[0]), state["output_tail"]
        )
        return split_axis(output.unflatten(0, (-1, channels)), batch), following

    def forward(
        self,
        audio: Tensor,
        condition: Tensor | None,
        partition: Tensor,
        skip_scale: float = 1.0,
        clips: Sequence[Tensor] = (),
    ) -> tuple[Tensor, list[Tensor]]:
        """Audio [B, C, T] from zero state, through `step`: sources [B, S, C, T].

        Chunk by chunk where there are chunks.

        Also the voices of the `clips` [B, E], [B, K] each. The condition may be None in a model
        by speaker: the one requested source is then the voice of the first clip.
        """
        voices = [self.voice(clip) for clip in clips] if self.voice is not None else []
        if condition is None:
            condition = voices[0].unsqueeze(1)
        state = self.initial_state(audio.shape[0], condition.shape[1], audio.shape[1])

        def step(chunk: Tensor, state: State) -> tuple[Tensor, State]:
            return self.step(chunk, condition, partition, state, skip_scale)

        return self.by_chunks(audio, state, step), voices


def share_remainder(sources: Tensor, mixture: Tensor, partition: Tensor) -> Tensor:
    """Give what the sources leave of the mixture back to them, where `partition` [B] is 1.

    Per bin the remainder goes to the sources in proportion to their power, so that sources
    [B, S, C, 2, F, Q] sum to the mixture [B, C, 2, F, Q] exactly (Wisdom et al., 2019).
    """
    power = sources.square().sum(dim=3, keepdim=True) + _EQUAL_SHARE
    share = power / power.sum(dim=1, keepdim=True)
    remainder = (mixture - sources.sum(dim=1)).unsqueeze(1)
    return sources + partition[:, None, None, None, None, None] * share * remainder
