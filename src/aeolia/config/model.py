"""ModelConfig: the structure of the spectral autoencoders, those that filter a mixture."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from aeolia.config.strict import check_choice
from aeolia.errors import ConfigError

__all__ = ["ModelConfig"]


@dataclass(frozen=True)
class ModelConfig:
    """Structure of one autoencoder. Lengths are in samples unless the name says otherwise."""

    name: str = "denoise-16k"
    task: str = "denoise"
    sample_rate: int = 16000
    win_length: int = 512
    hop_length: int = 256
    #: Lowest DFT bins that stay single; above them bins are grouped into bands.
    n_linear_bins: int = 96
    #: Groups above the linear bins: (upper edge in Hz, number of bands up to it), rising.
    #: Two models that share the lower groups share every weight of the convolutions.
    band_groups: tuple[tuple[int, int], ...] = ((8000, 32),)
    #: Spectra enter the network as |X|**compression * exp(i*angle(X)).
    compression: float = 0.3
    #: "conv", "conv_gru" or "lstm".
    encoder: str = "conv_gru"
    #: "conv", "conv_gru" or "lstm".
    decoder: str = "conv_gru"
    #: Channels after each convolution; each halves the number of bands.
    channels: tuple[int, ...] = (16, 32, 48)
    #: Width of the recurrent layers.
    hidden_dim: int = 160
    #: Values per frame in the latent.
    latent_dim: int = 80
    #: Connect encoder layers to decoder layers through learned gates.
    skips: bool = True
    #: "filter": complex taps on the noisy spectrum. "magnitude": the decoder's own magnitude
    #: with the noisy phase (the textbook autoencoder).
    output: str = "filter"
    #: Complex taps per bin over the current and past frames (1 is a plain complex mask).
    filter_taps: int = 3
    #: What a separator is asked for: "classes" (multi-hot over `classes`), "speaker" (a voice's
    #: unit vector), or "" for a denoiser, which has no condition.
    condition: str = ""
    #: Names of the source classes, in the order of the condition's values.
    classes: tuple[str, ...] = ()
    #: Width of the embedded condition; for "speaker" also of the voice's vector.
    condition_dim: int = 64
    #: How the condition enters latent and decoder: "film", "concat" or "attention".
    fusion: str = "film"
    #: Width of the decoder's recurrences over bands and in every band; 0 for none.
    band_memory: int = 0
    #: How many such pairs of recurrences follow one another.
    band_memories: int = 1
    #: Values of every band that each pair mixes over all bands at once; 0 for none.
    band_mixing: int = 0
    #: The network hears the bands up to here, and bins above get the filter of the highest band;
    #: 0 means all. Lets a network trained at 16 kHz run on full-band audio.
    network_hz: int = 0

    def __post_init__(self) -> None:
        check_choice("task", self.task, ("denoise", "separate"))
        self._check_condition()
        check_choice("encoder", self.encoder, ("conv", "conv_gru", "lstm"))
        check_choice("decoder", self.decoder, ("conv", "conv_gru", "lstm"))
        check_choice("output", self.output, ("filter", "magnitude"))
        for field in (
            "sample_rate",
            "win_length",
            "hop_length",
            "hidden_dim",
            "latent_dim",
            "filter_taps",
        ):
            if getattr(self, field) < 1:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be at least 1")
        if self.win_length % self.hop_length or self.win_length < 2 * self.hop_length:
            raise ConfigError(
                f"win_length {self.win_length} must be a multiple of hop_length "
                f"{self.hop_length}, at least twice it"
            )
        if self.win_length % 2:
            raise ConfigError(f"win_length is {self.win_length}; it must be even")
        if not self.channels or min(self.channels) < 1:
            raise ConfigError(f"channels is {list(self.channels)}; it must hold numbers above 0")
        if self.compression <= 0.0:
            raise ConfigError(f"compression is {self.compression}; it must be above 0")
        self._check_bands()
        if self.n_positions % (1 << len(self.channels)):
            raise ConfigError(
                f"{self.n_positions} bands (n_linear_bins plus band_groups) must divide by "
                f"2**{len(self.channels)}, one halving per entry of channels"
            )

    def _check_condition(self) -> None:
        wanted = ("classes", "speaker") if self.task == "separate" else ("",)
        check_choice("condition", self.condition, wanted)
        check_choice("fusion", self.fusion, ("film", "concat", "attention"))
        if (self.condition == "classes") != bool(self.classes):
            raise ConfigError(
                f"classes is {list(self.classes)} and condition is {self.condition!r}; "
                "classes are named where the condition is 'classes', and only there"
            )
        if self.condition_dim < 1:
            raise ConfigError(f"condition_dim is {self.condition_dim}; it must be at least 1")
        if self.band_memory < 0:
            raise ConfigError(f"band_memory is {self.band_memory}; it must not be negative")
        if self.band_memories < 1:
            raise ConfigError(
                f"band_memories is {self.band_memories}; it must be at least 1 (for none, "
                "band_memory is 0)"
            )

    def _check_bands(self) -> None:
        if not 1 <= self.n_linear_bins < self.n_bins:
            raise ConfigError(
                f"n_linear_bins is {self.n_linear_bins}; it must be between 1 and "
                f"{self.n_bins - 1} for a win_length of {self.win_length}"
            )
        counts = [count for _, count in self.band_groups]
        if min(counts, default=0) < 1 or sum(counts) < 2:
            raise ConfigError(
                f"band_groups has {counts} bands; every group needs one, and two are the least"
            )
        nyquist_hz = self.sample_rate / 2.0
        if self.network_hz and not self.band_groups[-1][0] <= self.network_hz <= nyquist_hz:
            raise ConfigError(
                f"network_hz is {self.network_hz}; it must be 0, or reach from the highest band's "
                f"edge, {self.band_groups[-1][0]}, to at most half the sample rate, {nyquist_hz:g}"
            )
        edges_hz = [self.n_linear_bins * self.sample_rate / self.win_length]
        edges_hz += [upper_hz for upper_hz, _ in self.band_groups]
        if any(lower >= upper for lower, upper in pairwise(edges_hz)):
            raise ConfigError(
                f"band_groups reach to {edges_hz[1:]} Hz; they must rise from the end of the "
                f"linear bins, {edges_hz[0]:g} Hz"
            )

    @property
    def n_bins(self) -> int:
        """DFT bins from 0 Hz to the Nyquist frequency."""
        return self.win_length // 2 + 1

    @property
    def n_positions(self) -> int:
        """Frequency positions the network sees: linear bins plus bands."""
        return self.n_linear_bins + sum(count for _, count in self.band_groups)

    @property
    def delay(self) -> int:
        """Samples by which the output of `step` lags its input."""
        return self.win_length - self.hop_length

    @property
    def latency_ms(self) -> float:
        """Algorithmic latency: the frame that must be complete before its first sample is out."""
        return 1000.0 * self.win_length / self.sample_rate
