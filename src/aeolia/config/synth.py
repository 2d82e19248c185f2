"""SynthConfig: the structure of the variational autoencoders that make sound."""

from __future__ import annotations

from dataclasses import dataclass

from aeolia.config.strict import check_choice
from aeolia.errors import ConfigError

__all__ = ["SynthConfig"]


@dataclass(frozen=True)
class SynthConfig:
    """Structure of one synthesiser. Lengths are in samples unless the name says otherwise.

    The fields from `instruments` to `tag_directions` describe what was learned; training fills
    them in from the recordings, so a preset leaves them empty.
    """

    name: str = "notes"
    task: str = "synthesise"
    sample_rate: int = 48000
    #: Samples per frame; a filter's response lasts at most one more hop.
    hop_length: int = 480
    #: "source_filter": pulses and noise through minimum-phase filters, low harmonics with gains
    #: of their own. "additive": harmonics with gains of their own, and filtered noise.
    #: "spectrogram": magnitudes whose phases are found by Griffin-Lim (the textbook VAE).
    decoder: str = "source_filter"
    #: Harmonics that have a gain of their own.
    harmonics: int = 24
    #: Complex low bins of each frame that the network draws itself (drums, attacks); 0 for none.
    residual_bins: int = 0
    #: Width and depth of the network over frames; each layer doubles the reach of its taps.
    channels: int = 192
    layers: int = 4
    kernel_frames: int = 3
    #: Width of the embedded condition (timbre latent and instrument).
    condition_dim: int = 64
    encoder_channels: int = 96
    #: Width of the timbre latent.
    latent_dim: int = 32
    #: "standard", "conditional" (on instrument, pitch and velocity) or "mixture".
    prior: str = "conditional"
    #: Gaussians in a mixture prior.
    mixture_components: int = 16
    #: Of timbres drawn from the prior, times its standard deviation: below 1 they keep to what is
    #: usual for the instrument (Kingma & Dhariwal, 2018).
    temperature: float = 1.0
    #: A played velocity of 1 is the instrument's loudest; 0 lies this much below it.
    velocity_range_db: float = 40.0
    #: Peak loudness of a note at full velocity, in dBFS over the loudness window.
    full_loudness_db: float = -16.0
    #: Time in which a released note falls by 60 dB.
    release_seconds: float = 0.25

    #: Instrument names, in the order of the condition's values.
    instruments: tuple[str, ...] = ()
    #: Lowest and highest MIDI number that each instrument was learned from.
    ranges: tuple[tuple[float, float], ...] = ()
    #: How long each instrument's notes were heard; beyond, the last slope goes on.
    held_seconds: tuple[float, ...] = ()
    #: Words that describe each instrument: its name's words and its family.
    instrument_words: tuple[tuple[str, ...], ...] = ()
    #: Measured words, and for each the step in the latent that adds one standard deviation of
    #: the measure.
    tags: tuple[str, ...] = ()
    tag_directions: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        check_choice("task", self.task, ("synthesise",))
        check_choice("decoder", self.decoder, ("source_filter", "additive", "spectrogram"))
        check_choice("prior", self.prior, ("standard", "conditional", "mixture"))
        for field in (
            "sample_rate",
            "hop_length",
            "harmonics",
            "channels",
            "layers",
            "condition_dim",
            "encoder_channels",
            "latent_dim",
            "mixture_components",
        ):
            if getattr(self, field) < 1:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be at least 1")
        if self.hop_length % 2:
            raise ConfigError(f"hop_length is {self.hop_length}; it must be even")
        if self.kernel_frames < 2:
            raise ConfigError(f"kernel_frames is {self.kernel_frames}; it must be at least 2")
        if not 0 <= self.residual_bins <= self.hop_length:
            raise ConfigError(
                f"residual_bins is {self.residual_bins}; it must be from 0 to the hop_length"
            )
        for field in ("velocity_range_db", "release_seconds", "temperature"):
            if not getattr(self, field) > 0.0:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be above 0")
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
