"""The structure of the spectral autoencoders, which filter a mixture: denoisers and separators."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar

from aeolia.config.classes import CLASSES, KIT
from aeolia.config.ranges import Between, Each, OneOf, check_fields, check_unread
from aeolia.errors import ConfigError

__all__ = ["DenoiseConfig", "SeparateConfig", "SpectralConfig"]

#: Frequency positions of a network, at most.
_MOST_POSITIONS = 4096


@dataclass(frozen=True)
class SpectralConfig:
    """What denoisers and separators have in common.

    Lengths are in samples unless the name says otherwise.
    """

    name: str = "denoise-16k"
    task: str = ""
    sample_rate: Annotated[int, Between(2000, 384000)] = 16000
    win_length: Annotated[int, Between(4, 65536)] = 512
    hop_length: Annotated[int, Between(1, 32768)] = 256
    #: Lowest DFT bins that stay single; above them bins are grouped into bands.
    n_linear_bins: int = 96
    #: Groups above the linear bins: (upper edge in Hz, number of bands up to it), rising.
    #: Two models that share the lower groups share every weight of the convolutions.
    band_groups: tuple[tuple[int, int], ...] = ((8000, 32),)
    #: Spectra enter the network as |X|**compression * exp(i*angle(X)).
    compression: Annotated[float, Between(0.01, 1.0)] = 0.3
    #: "conv", "conv_gru" or "lstm".
    encoder: Annotated[str, OneOf("conv", "conv_gru", "lstm")] = "conv_gru"
    #: "conv", "conv_gru" or "lstm".
    decoder: Annotated[str, OneOf("conv", "conv_gru", "lstm")] = "conv_gru"
    #: Channels after each convolution; each halves the number of bands.
    channels: Annotated[tuple[int, ...], Each(Between(1, 4096), count=1)] = (16, 32, 48)
    #: Width of the recurrent layers.
    hidden_dim: Annotated[int, Between(1, 16384)] = 160
    #: Values per frame in the latent.
    latent_dim: Annotated[int, Between(1, 16384)] = 80
    #: Connect encoder layers to decoder layers through learned gates.
    skips: bool = True
    #: "filter": complex taps on the noisy spectrum. "magnitude": the decoder's own magnitude
    #: with the noisy phase (the textbook autoencoder).
    output: Annotated[str, OneOf("filter", "magnitude")] = "filter"
    #: Complex taps per bin over the current and past frames (1 is a plain complex mask).
    filter_taps: Annotated[int, Between(1, 64)] = 3
    #: Width of the decoder's recurrences over bands and in every band; 0 for none.
    band_memory: Annotated[int, Between(0, 4096)] = 0
    #: How many such pairs of recurrences follow one another.
    band_memories: Annotated[int, Between(1, 64)] = 1
    #: Values of every band that each pair mixes over all bands at once; 0 for none.
    band_mixing: Annotated[int, Between(0, 1024)] = 0
    #: Above 0: each chunk of so many seconds is filtered by a memory that has heard it before
    #: (`runtime.ahead`), for files. The graph is as without: step by step the model is causal.
    chunk_seconds: Annotated[float, Between(0.0, 30.0)] = 0.0

    #: Keys that training fills in from the recordings.
    learned: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        check_fields(self)
        if self.win_length % self.hop_length or self.win_length < 2 * self.hop_length:
            raise ConfigError(
                f"win_length {self.win_length} must be a multiple of hop_length "
                f"{self.hop_length}, at least twice it"
            )
        if self.win_length % 2:
            raise ConfigError(f"win_length is {self.win_length}; it must be even")
        if self.chunk_seconds and not self.chunk:
            raise ConfigError(
                f"chunk_seconds is {self.chunk_seconds}; it must be 0, or at least a hop: "
                f"{self.hop_length / self.sample_rate:g}"
            )
        self._check_bands()
        self._check_layers()

    def _check_bands(self) -> None:
        if not 1 <= self.n_linear_bins < self.n_bins:
            raise ConfigError(
                f"n_linear_bins is {self.n_linear_bins}; it must be between 1 and "
                f"{self.n_bins - 1} for a win_length of {self.win_length}"
            )
        counts = [count for _, count in self.band_groups]
        if min(counts, default=0) < 1 or not 2 <= sum(counts) <= _MOST_POSITIONS:
            raise ConfigError(
                f"band_groups has {counts} bands; every group needs one, two are the least "
                f"and {_MOST_POSITIONS} the most"
            )
        edges_hz = [self.n_linear_bins * self.sample_rate / self.win_length]
        edges_hz += [upper_hz for upper_hz, _ in self.band_groups]
        if any(lower >= upper for lower, upper in pairwise(edges_hz)) or edges_hz[-1] > 384000:
            raise ConfigError(
                f"band_groups reach to {edges_hz[1:]} Hz; they must rise from the end of the "
                f"linear bins, {edges_hz[0]:g} Hz, to 384000 at most"
            )

    def _check_layers(self) -> None:
        """What the chosen layers do not read must be as by default."""
        recurrent = "lstm" in (self.encoder, self.decoder)
        if recurrent and self.skips:
            raise ConfigError("skips is true, and an lstm has none; set it to false")
        if self.encoder == self.decoder == "lstm":
            check_unread(self, ["channels"], "a model of lstm layers")
        elif self.n_positions % (1 << len(self.channels)):
            raise ConfigError(
                f"{self.n_positions} bands (n_linear_bins plus band_groups) must divide by "
                f"2**{len(self.channels)}, one halving per entry of channels"
            )
        if self.decoder == "lstm":
            check_unread(self, ["band_memory"], "an lstm decoder")
        if self.band_memory == 1:
            raise ConfigError("band_memory is 1; it must be 0, or 2 and more: half for each way")
        if not self.band_memory:
            check_unread(self, ["band_memories", "band_mixing"], "a band_memory of 0")
        if self.output == "magnitude":
            check_unread(self, ["filter_taps"], "an output of magnitudes")

    @property
    def n_bins(self) -> int:
        """DFT bins from 0 Hz to the Nyquist frequency."""
        return self.win_length // 2 + 1

    @property
    def n_positions(self) -> int:
        """Frequency positions of the network: linear bins plus bands."""
        return self.n_linear_bins + sum(count for _, count in self.band_groups)

    @property
    def delay(self) -> int:
        """Samples by which the output of `step` lags its input."""
        return self.win_length - self.hop_length

    @property
    def chunk(self) -> int:
        """Samples of a chunk, whole hops; 0 for a causal model."""
        return round(self.chunk_seconds * self.sample_rate / self.hop_length) * self.hop_length

    @property
    def latency_ms(self) -> float:
        """Algorithmic latency: what must be there before its first sample is out.

        That is a frame, and the chunk of a model that hears ahead.
        """
        return 1000.0 * (self.win_length + self.chunk) / self.sample_rate


@dataclass(frozen=True)
class DenoiseConfig(SpectralConfig):
    """Structure of one denoiser."""

    task: Annotated[str, OneOf("denoise")] = "denoise"


@dataclass(frozen=True)
class SeparateConfig(SpectralConfig):
    """Structure of one separator, and what its condition is."""

    name: str = "separate-16k"
    task: Annotated[str, OneOf("separate")] = "separate"
    #: "conv" or "conv_gru".
    encoder: Annotated[str, OneOf("conv", "conv_gru")] = "conv_gru"
    #: "conv" or "conv_gru".
    decoder: Annotated[str, OneOf("conv", "conv_gru")] = "conv_gru"
    #: What selects a source: "classes" (multi-hot over `classes`), or "speaker" (a voice's unit
    #: vector).
    condition: Annotated[str, OneOf("classes", "speaker")] = "classes"
    #: Names of the source classes, in the order of the condition's values; none for "speaker".
    classes: tuple[str, ...] = CLASSES
    #: Width of the embedded condition; for "speaker" also of the voice's vector.
    condition_dim: Annotated[int, Between(1, 4096)] = 64
    #: How the condition enters latent and decoder: "film", "concat" or "attention".
    fusion: Annotated[str, OneOf("film", "concat", "attention")] = "film"
    #: The network's input are the bands up to here, and bins above get the filter of the highest
    #: band; 0 means all. Lets a network trained at 16 kHz run on full-band audio.
    network_hz: Annotated[int, Between(0, 192000)] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.condition == "classes") != bool(self.classes):
            raise ConfigError(
                f"classes is {list(self.classes)} and condition is {self.condition!r}; "
                "classes are named where the condition is 'classes', and only there"
            )
        if len(set(self.classes)) < len(self.classes):
            raise ConfigError(f"classes is {list(self.classes)}; each must be named once")
        nyquist_hz = self.sample_rate / 2.0
        if self.network_hz and not self.band_groups[-1][0] <= self.network_hz <= nyquist_hz:
            raise ConfigError(
                f"network_hz is {self.network_hz}; it must be 0, or reach from the highest band's "
                f"edge, {self.band_groups[-1][0]}, to at most half the sample rate, {nyquist_hz:g}"
            )

    @property
    def is_complete(self) -> bool:
        """Whether a mixture holds nothing but the classes, so that together they sum to it.

        A drum kit stands beside percussion, and in a song beside all the rest.
        """
        return self.condition == "classes" and not set(self.classes) <= set(KIT)
