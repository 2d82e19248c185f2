"""SynthConfig: the structure of the variational autoencoders that make sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aeolia.config.ranges import Between, Each, OneOf, Span, check_fields, check_unread
from aeolia.errors import ConfigError

__all__ = ["SynthConfig"]


@dataclass(frozen=True)
class SynthConfig:
    """Structure of one synthesiser. Lengths are in samples unless the name says otherwise.

    The fields from `instruments` to `tag_directions` describe what was learned; training fills
    them in from the recordings, so a preset leaves them empty.
    """

    name: str = "notes"
    task: Annotated[str, OneOf("synth")] = "synth"
    sample_rate: Annotated[int, Between(2000, 384000)] = 48000
    #: Samples per frame; a filter's response lasts at most one more hop.
    hop_length: Annotated[int, Between(2, 32768)] = 480
    #: "source_filter": pulses and noise through minimum-phase filters, low harmonics with gains
    #: of their own. "additive": harmonics with gains of their own, and filtered noise.
    #: "spectrogram": magnitudes, with phases by Griffin-Lim in training's sounds and those of a
    #: source of the note's pitch once exported (the textbook VAE).
    decoder: Annotated[str, OneOf("source_filter", "additive", "spectrogram")] = "source_filter"
    #: Harmonics that have a gain of their own.
    harmonics: Annotated[int, Between(1, 1024)] = 24
    #: Complex low bins of each frame that the network draws itself (drums, attacks); 0 for none.
    residual_bins: int = 0
    #: Width and depth of the network over frames; each layer doubles the reach of its taps.
    channels: Annotated[int, Between(1, 16384)] = 192
    layers: Annotated[int, Between(1, 12)] = 4
    kernel_frames: Annotated[int, Between(2, 64)] = 3
    #: Width of the embedded condition (timbre latent and instrument).
    condition_dim: Annotated[int, Between(1, 4096)] = 64
    encoder_channels: Annotated[int, Between(1, 16384)] = 96
    #: Width of the timbre latent.
    latent_dim: Annotated[int, Between(1, 4096)] = 32
    #: "standard", "conditional" (on instrument, pitch and velocity) or "mixture".
    prior: Annotated[str, OneOf("standard", "conditional", "mixture")] = "conditional"
    #: Gaussians in a mixture prior.
    mixture_components: Annotated[int, Between(1, 4096)] = 16
    #: Of timbres drawn from the prior, times its standard deviation: below 1 they keep to what is
    #: usual for the instrument (Kingma & Dhariwal, 2018).
    temperature: Annotated[float, Between(0.001, 100.0)] = 1.0
    #: A played velocity of 1 is the instrument's loudest; 0 lies this much below it.
    velocity_range_db: Annotated[float, Between(0.1, 120.0)] = 40.0
    #: Peak loudness of a note at full velocity, in dBFS over the loudness window.
    full_loudness_db: Annotated[float, Between(-90.0, 20.0)] = -16.0
    #: Time in which a released note falls by 60 dB.
    release_seconds: Annotated[float, Between(0.001, 60.0)] = 0.25

    #: Instrument names, in the order of the condition's values.
    instruments: tuple[str, ...] = ()
    #: Lowest and highest MIDI number that each instrument was learned from.
    ranges: Annotated[tuple[tuple[float, float], ...], Each(Span(0.0, 200.0))] = ()
    #: Longest held notes of each instrument in training; beyond, the last slope goes on.
    held_seconds: Annotated[tuple[float, ...], Each(Between(0.0, 3600.0))] = ()
    #: Words that describe each instrument: its name's words and its family.
    instrument_words: tuple[tuple[str, ...], ...] = ()
    #: Measured words, and for each the step in the latent that adds one standard deviation of
    #: the measure.
    tags: tuple[str, ...] = ()
    tag_directions: tuple[tuple[float, ...], ...] = ()

    #: Keys that training fills in from the recordings.
    learned: ClassVar[tuple[str, ...]] = (
        "instruments",
        "ranges",
        "held_seconds",
        "instrument_words",
        "tags",
        "tag_directions",
    )

    def __post_init__(self) -> None:
        check_fields(self)
        if self.hop_length % 2:
            raise ConfigError(f"hop_length is {self.hop_length}; it must be even")
        if not 0 <= self.residual_bins <= self.hop_length:
            raise ConfigError(
                f"residual_bins is {self.residual_bins}; it must be from 0 to the hop_length"
            )
        if self.decoder == "spectrogram":
            check_unread(self, ["harmonics", "residual_bins"], "a decoder of spectrograms")
        if self.prior != "mixture":
            check_unread(self, ["mixture_components"], f"a {self.prior} prior")
        self._check_learned()

    def _check_learned(self) -> None:
        if len(set(self.instruments)) < len(self.instruments):
            raise ConfigError(f"instruments is {list(self.instruments)}; each must be named once")
        for field in ("ranges", "held_seconds", "instrument_words"):
            if len(getattr(self, field)) not in (0, len(self.instruments)):
                raise ConfigError(
                    f"{field} has {len(getattr(self, field))} entries for "
                    f"{len(self.instruments)} instruments; one each is needed"
                )
        if len(self.tags) != len(self.tag_directions):
            raise ConfigError(
                f"there are {len(self.tags)} tags and {len(self.tag_directions)} tag_directions; "
                "one each is needed"
            )
        widths = {len(direction) for direction in self.tag_directions}
        if widths - {self.latent_dim}:
            raise ConfigError(
                f"tag_directions have {sorted(widths)} values; each must have as many as the "
                f"latent, {self.latent_dim}"
            )

    @property
    def frame_length(self) -> int:
        """Samples that one frame sounds: its hop, and as much again while its filter decays."""
        return 2 * self.hop_length

    @property
    def n_bins(self) -> int:
        """DFT bins of a frame from 0 Hz to the Nyquist frequency."""
        return self.hop_length + 1

    @property
    def unpitched(self) -> bool:
        """Whether these are drums: no instrument was learned at more than one pitch."""
        return bool(self.ranges) and all(low == high for low, high in self.ranges)

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop_length
