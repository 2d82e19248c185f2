"""The conditional autoencoder: a mixture and what is asked of it in, the asked-for sources out.

    audio -> spectrum -> mean of the channels -> encode -> latent
          -> fuse (one latent per condition) -> decode -> one complex filter per source
          -> applied to every channel's spectrum -> shared remainder -> audio per source

The encoder hears the mixture once, without the condition; fusion and decoder run once per
source. Axes: B batch, S sources, C channels, F frames, Q frequency bins, K condition, D latent.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from aeolia.config import ModelConfig
from aeolia.errors import ConfigError
from aeolia.models.spectral.decoder import ConvDecoder
from aeolia.models.spectral.encoder import build_encoder
from aeolia.models.spectral.voice import VoiceEncoder
from aeolia.nn.fusion import build_fusion
from aeolia.nn.spectral import Bands, ShortTimeSpectrum, compress

__all__ = [
    "CONDITION_LAYERS",
    "ConditionEmbedding",
    "ConditionalAutoencoder",
    "ConditionalDecoder",
    "share_remainder",
]

State = dict[str, Tensor]

#: Beginnings of the names of weights that a denoiser has not.
CONDITION_LAYERS = (
    "embedding.",
    "fusion.",
    "decoder.fusions.",
    "decoder.gate_shifts.",
    "voice.",
)

#: Part of the mixture's power below which a bin's remainder is shared out equally.
_EQUAL_SHARE = 1e-8


def _merge(x: Tensor) -> Tensor:
    """[B, S, ...] to [B*S, ...]. One item (all that a released graph has) needs no reshape."""
    return x[0] if x.shape[0] == 1 else x.flatten(0, 1)


def _split(x: Tensor, batch: int) -> Tensor:
    """[B*S, ...] to [B, S, ...]."""
    return x.unsqueeze(0) if batch == 1 else x.unflatten(0, (batch, -1))


class ConditionEmbedding(nn.Module):
    """What is asked for, as the vector that the fusions read.

    Classes: every class has a learned vector and a multi-hot condition is their sum, so that
    sums of classes mean sums. Speakers: a projection of the voice's unit vector. A small layer
    follows, so that the fusions can answer to a sum otherwise than by the sum of their answers.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.condition_dim
        speaker = config.condition == "speaker"
        self.vectors = nn.Linear(width if speaker else len(config.classes), width, bias=False)
        # Elements of a unit vector are small; both kinds come to elements of unit order.
        self.scale = width**0.5 if speaker else 1.0
        if not speaker:
            nn.init.normal_(self.vectors.weight)
        self.layer = nn.Linear(width, width)

    def forward(self, condition: Tensor) -> Tensor:
        """Condition [..., K] to [..., condition_dim]."""
        return nn.functional.silu(self.layer(self.vectors(condition * self.scale)))


class ConditionalDecoder(ConvDecoder):
    """The convolutional decoder with a fusion before every block and gates that hear the condition.

    It starts as the plain decoder: fusions as the identity, gates as the plain ones.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        widths = tuple(reversed(config.channels))
        self.fusions = nn.ModuleList(
            build_fusion(config.fusion, width, config.condition_dim) for width in widths
        )
        shifts = [
            nn.Linear(config.condition_dim, width, bias=False)
            for width in widths[: len(self.gates)]
        ]
        for shift in shifts:
            nn.init.zeros_(shift.weight)
        self.gate_shifts = nn.ModuleList(shifts)

    def decode(
        self, latent: Tensor, skips: list[Tensor], embedded: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """Latent [B, S, F, D], skips [B, C, F, Q] (or none), embedded condition [B, S, E].

        Returns [B, S, C, F, Q] and the next state.
        """
        batch = latent.shape[0]
        condition = _merge(embedded)
        x, following = self.unfold(_merge(latent), state)
        for i, (conv, activation) in enumerate(zip(self.convs, self.activations, strict=True)):
            if skips:
                gate = self.gates[i] + self.gate_shifts[i](condition)[:, :, None, None]
                x = x + _merge(_split(gate, batch) * skips[-1 - i].unsqueeze(1))
            x = self.fusions[i](x, condition)
            if i == self.memory_block:
                x = self.remember(x, state, following)
            x = conv(activation(x))
        return _split(x, batch), following


class ConditionalAutoencoder(nn.Module):
    """Audio and conditions in, one source per condition out.

    Raises:
        ConfigError: a structure that this model cannot have.
    """

    passing_tap: Tensor
    swapped: Tensor
    product_signs: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if "lstm" in (config.encoder, config.decoder):
            raise ConfigError(
                f"encoder is {config.encoder!r} and decoder {config.decoder!r}; "
                "a separator's must be 'conv' or 'conv_gru'"
            )
        self.config = config
        self.spectrum = ShortTimeSpectrum(config.win_length, config.hop_length)
        bin_hz = config.sample_rate / config.win_length
        #: Bins that the network hears; those above follow the highest band.
        self.n_heard = (
            min(config.n_bins, round(config.network_hz / bin_hz) + 1)
            if config.network_hz
            else config.n_bins
        )
        layout = (bin_hz, config.n_linear_bins, config.band_groups)
        self.heard_bands = Bands(self.n_heard, *layout)
        self.bands = Bands(config.n_bins, *layout)
        self.encoder = build_encoder(config)
        self.embedding = ConditionEmbedding(config)
        self.fusion = build_fusion(config.fusion, config.latent_dim, config.condition_dim)
        self.decoder = ConditionalDecoder(config)
        self.voice = VoiceEncoder(config.condition_dim) if config.condition == "speaker" else None
        self._add_filter_tables(config.filter_taps)
        #: Run encoder and decoder in bfloat16 (in training); spectra stay in float32.
        self.mixed_precision = False

    @property
    def condition_width(self) -> int:
        """Values K of one condition."""
        return self.embedding.vectors.in_features

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape (without the leading axis) of every state tensor."""
        shapes = {**self.spectrum.state_shapes(), **self.encoder.state_shapes()}
        shapes.update(self.decoder.state_shapes())
        if self.config.output == "filter" and self.config.filter_taps > 1:
            shapes["spectrum_past"] = (2, self.config.filter_taps - 1, self.config.n_bins)
        return shapes

    def state_axes(self) -> dict[str, str]:
        """What the leading axis of every state tensor counts, for one item of a batch.

        "one", "channels", "sources" or "streams" (sources times channels).
        """
        counted = {
            "input_tail": "channels",
            "spectrum_past": "channels",
            "decoder_hidden": "sources",
            **{f"decoder_memory_{i}": "sources" for i in range(len(self.decoder.memories))},
            "output_tail": "streams",
        }
        return {name: counted.get(name, "one") for name in self.state_shapes()}

    def initial_state(self, batch: int = 1, sources: int = 1, channels: int = 1) -> State:
        """Zero state, on the model's device."""
        device = self.spectrum.analysis_window.device
        counts = {
            "one": 1,
            "channels": channels,
            "sources": sources,
            "streams": sources * channels,
        }
        axes = self.state_axes()
        return {
            name: torch.zeros((batch * counts[axes[name]], *shape), device=device)
            for name, shape in self.state_shapes().items()
        }

    def encode(self, spectrum: Tensor, state: State) -> tuple[Tensor, list[Tensor], State]:
        """Spectrum [B, 2, F, Q] to latent [B, F, D], skip activations, next state."""
        heard = spectrum[..., : self.n_heard]
        compressed, magnitude = compress(heard, self.config.compression)
        features = self.heard_bands.pool(torch.cat([compressed, magnitude], dim=1))
        with torch.autocast(features.device.type, torch.bfloat16, enabled=self.mixed_precision):
            return self.encoder(features, state)

    def embed(self, condition: Tensor) -> Tensor:
        """Conditions [B, S, K] to what `fuse` and `decode` read, [B, S, condition_dim]."""
        return self.embedding(condition)

    def fuse(self, latent: Tensor, embedded: Tensor) -> Tensor:
        """Latent [B, F, D] under each of the conditions [B, S, condition_dim]: [B, S, F, D]."""
        batch, sources = embedded.shape[:2]
        each = latent.unsqueeze(1).expand(-1, sources, -1, -1)
        x = _merge(each).transpose(1, 2).unsqueeze(3)  # [B*S, D, F, 1]
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.mixed_precision):
            x = self.fusion(x, _merge(embedded))
        return _split(x.squeeze(3).transpose(1, 2), batch)

    def decode(
        self, latent: Tensor, skips: list[Tensor], embedded: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """Latents [B, S, F, D], one per condition, to filters [B, S, 2*taps, F, Q], next state.

        With output "magnitude" they are magnitudes [B, S, 1, F, Q] instead.
        """
        with torch.autocast(latent.device.type, torch.bfloat16, enabled=self.mixed_precision):
            values, following = self.decoder.decode(
                latent, skips if self.config.skips else [], embedded, state
            )
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
        Training may scale the skip activations (to zero), so that the latent carries the signal.
        """
        batch = audio.shape[0]
        flat, input_tail = self.spectrum.analyse(_merge(audio), state["input_tail"])
        spectrum = _split(flat, batch)  # [B, C, 2, F, Q]
        latent, skips, following = self.encode(spectrum.mean(dim=1), state)
        if skip_scale != 1.0:
            skips = [skip * skip_scale for skip in skips]
        embedded = self.embed(condition)
        values, decoder_state = self.decode(self.fuse(latent, embedded), skips, embedded, state)
        following.update(decoder_state, input_tail=input_tail)
        sources = self._filtered(values.unsqueeze(2), spectrum, state, following)
        sources = share_remainder(sources, spectrum, partition)
        output, following["output_tail"] = self.spectrum.synthesise(
            _merge(_merge(sources) if batch > 1 else sources[0]), state["output_tail"]
        )
        return _split(output.unflatten(0, (-1, audio.shape[1])), batch), following

    def forward(
        self,
        audio: Tensor,
        condition: Tensor | None,
        partition: Tensor,
        skip_scale: float = 1.0,
        clips: Sequence[Tensor] = (),
    ) -> tuple[Tensor, list[Tensor]]:
        """Audio [B, C, T] from zero state, through `step`: sources [B, S, C, T].

        Also the voices of the `clips` [B, E], [B, K] each. The condition may be None in a model
        by speaker: the one source asked for is then the voice of the first clip.
        """
        voices = [self.voice(clip) for clip in clips] if self.voice is not None else []
        if condition is None:
            condition = voices[0].unsqueeze(1)
        state = self.initial_state(audio.shape[0], condition.shape[1], audio.shape[1])
        return self.step(audio, condition, partition, state, skip_scale)[0], voices

    def _filtered(self, values: Tensor, spectrum: Tensor, state: State, following: State) -> Tensor:
        """Values [B, S, 1, C', F, Q] on the mixture's spectrum: sources [B, S, C, 2, F, Q]."""
        if self.config.output == "magnitude":
            mixture = spectrum.unsqueeze(1)
            magnitude = nn.functional.softplus(values) ** (1.0 / self.config.compression)
            return mixture * (mixture.square().sum(3, keepdim=True) + 1e-8).rsqrt() * magnitude
        taps = self.config.filter_taps
        history = spectrum
        if taps > 1:
            past = _split(state["spectrum_past"], spectrum.shape[0])
            history = torch.cat([past, spectrum], dim=3)
            following["spectrum_past"] = _merge(history[:, :, :, -(taps - 1) :])
        # Channels (re, im) of tap 0, of tap 1, ...; tap t sees the frame t before this one.
        pieces = [history[:, :, :, taps - 1 - t : -t or None] for t in range(taps)]
        seen = torch.cat(pieces, dim=2).unsqueeze(1)
        # One plus what the network says: an untrained model passes its input.
        values = values + self.passing_tap
        products = torch.cat([values * seen, values * seen[:, :, :, self.swapped]], dim=3)
        # (a + jb)(c + jd) = (ac - bd) + j(ad + bc), summed over the taps.
        shape = products.shape
        streams = nn.functional.conv2d(products.flatten(0, 2), self.product_signs)
        return streams.reshape(*shape[:3], 2, *shape[4:])

    def _add_filter_tables(self, taps: int) -> None:
        passing = torch.zeros(2 * taps, 1, 1)
        passing[0] = 1.0
        swapped = torch.arange(2 * taps).reshape(taps, 2).flip(1).flatten()
        signs = torch.zeros(2, 4 * taps)
        signs[0, 0 : 2 * taps : 2], signs[0, 1 : 2 * taps : 2] = 1.0, -1.0
        signs[1, 2 * taps :] = 1.0
        self.register_buffer("passing_tap", passing, persistent=False)
        self.register_buffer("swapped", swapped, persistent=False)
        self.register_buffer("product_signs", signs[:, :, None, None], persistent=False)


def share_remainder(sources: Tensor, mixture: Tensor, partition: Tensor) -> Tensor:
    """Give what the sources leave of the mixture back to them, where `partition` [B] is 1.

    Per bin the remainder goes to the sources in proportion to their power, so that sources
    [B, S, C, 2, F, Q] sum to the mixture [B, C, 2, F, Q] exactly (Wisdom et al., 2019).
    """
    power = sources.square().sum(dim=3, keepdim=True) + _EQUAL_SHARE
    share = power / power.sum(dim=1, keepdim=True)
    remainder = (mixture - sources.sum(dim=1)).unsqueeze(1)
    return sources + partition[:, None, None, None, None, None] * share * remainder
