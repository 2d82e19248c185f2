"""What the mixtures of separation may hold, and how often: of classes, a drum kit, speakers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from aeolia.config.ranges import Between, Span
from aeolia.data.crop_config import CropConfig, Decibels, DecibelSpan, Share
from aeolia.errors import ConfigError

__all__ = ["ClassMixConfig", "KitMixConfig", "SpeakerMixConfig"]

#: Simulated rooms that are made once and drawn from.
_Rooms = Annotated[int, Between(0, 10000)]


@dataclass(frozen=True)
class ClassMixConfig(CropConfig):
    """What a mixture of classes may hold. Plain numbers are probabilities, pairs are ranges."""

    sample_rate: Annotated[int, Between(2000, 192000)] = 48000
    #: Share of mixtures of speech with music or noise or both; of music alone; the rest are any
    #: one to three classes.
    beside_speech: Share = 0.45
    music_alone: Share = 0.35
    #: In mixtures beside speech: chance of music, and of noise.
    music: Share = 0.85
    noise: Share = 0.75
    #: Share of music (where two parts or more) that is one song, its stems aligned.
    same_song: Share = 0.4
    #: Share of single parts that come from arrangements, where there are recordings too.
    arranged: Share = 0.5
    arranged_vocals: Share = 0.15
    #: Share of noise that is coloured by rule instead of recorded.
    coloured: Share = 0.08
    #: Share of bass parts, alone or in songs, that are low sines made by rule.
    sub_bass: Share = 0.1
    #: Gains of the parts over equal active level reach up to this; the reach itself varies.
    gain_db: Decibels = 12.0
    equaliser: Share = 0.3
    equaliser_db: Decibels = 7.0
    reverb: Share = 0.2
    rooms: _Rooms = 48
    #: Share of speech from recordings that reach beyond 16 kHz.
    full_band_share: Share = 0.5
    #: Songs to validate on, by the names of their folders; none leaves the choice to the manifest,
    #: or to the seed.
    hold_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.beside_speech + self.music_alone > 1.0:
            raise ConfigError("beside_speech and music_alone together exceed 1")


@dataclass(frozen=True)
class KitMixConfig(CropConfig):
    """What a mixture of a drum kit may hold. Plain numbers are probabilities, pairs are ranges."""

    sample_rate: Annotated[int, Between(2000, 192000)] = 48000
    #: Share of kits of which about half of the parts come from other songs.
    swapped: Share = 0.3
    #: Gains of the parts over their balance in the song.
    gain_db: Decibels = 8.0
    #: Share of kits beside their song's bass, other instruments and vocals, where it has some, and
    #: the active level of those over that of the drums.
    backing: Share = 0.5
    backing_db: DecibelSpan = (-30.0, 3.0)
    equaliser: Share = 0.3
    equaliser_db: Decibels = 6.0
    #: One room for all parts of a kit.
    reverb: Share = 0.2
    rooms: _Rooms = 48


@dataclass(frozen=True)
class SpeakerMixConfig(CropConfig):
    """What a mixture of speakers may hold. Plain numbers are probabilities, pairs are ranges."""

    enrolment_seconds: Annotated[tuple[float, float], Span(0.5, 600.0)] = (2.0, 8.0)
    #: The enrolled speaker is not in the mixture; the target is silence.
    absent: Share = 0.2
    #: The target speaker alone (with noise at times).
    alone: Share = 0.05
    #: Two other voices instead of one.
    two_others: Share = 0.12
    #: Another voice is from the target's source of recordings, and then of a similar pitch.
    same_source: Share = 0.7
    similar_pitch: Share = 0.5
    #: A voice speaks in part of the crop only.
    partly: Share = 0.2
    #: Active level of the target over that of each other voice, mostly; and at times wider.
    snr_db: DecibelSpan = (-5.0, 5.0)
    wide_snr: Share = 0.15
    noise: Share = 0.4
    #: Active level of the target (or of the first voice) over the noise.
    noise_snr_db: DecibelSpan = (5.0, 25.0)
    reverb: Share = 0.25
    rooms: _Rooms = 96
    #: Colours of voices and of enrolment clips, drawn apart: another day, another microphone.
    equaliser: Share = 0.4
    equaliser_db: Decibels = 6.0
    #: Enrolment clips in a room, or with noise.
    enrolment_reverb: Share = 0.2
    enrolment_noise: Share = 0.2
    #: Share of targets from recordings whose speaker is not named.
    unnamed: Share = 0.15
    #: Voices that a step compares with each other, by two clips each; the more the harder.
    compared_voices: Annotated[int, Between(0, 1000)] = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.absent + self.alone > 1.0:
            raise ConfigError("absent and alone together exceed 1")
