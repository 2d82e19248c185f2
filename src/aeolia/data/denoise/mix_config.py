"""MixConfig: what a noisy crop may hold, and how often."""

from __future__ import annotations

from dataclasses import dataclass

from aeolia.data.crop_config import (
    CropConfig,
    CropSeconds,
    Decibels,
    DecibelSpan,
    LevelSpan,
    ReverberationTimes,
    Share,
)
from aeolia.errors import ConfigError

__all__ = ["NOISE_KINDS", "MixConfig"]

#: Kinds of main noise, each a share in `MixConfig`.
NOISE_KINDS = ("recorded", "coloured", "gaussian", "babble", "tones", "crowd")


@dataclass(frozen=True)
class MixConfig(CropConfig):
    """What a noisy crop may hold. Plain numbers are probabilities, pairs are ranges."""

    crop_seconds: CropSeconds = 4.0
    #: Active level of the speech over active level of all noise.
    snr_db: DecibelSpan = (-8.0, 25.0)
    #: Active level of the finished noisy crop.
    level_dbfs: LevelSpan = (-45.0, -10.0)
    noise_only: Share = 0.03
    clean_only: Share = 0.05
    #: Shares of the kinds of main noise; they are divided by their sum.
    recorded: Share = 0.72
    coloured: Share = 0.1
    gaussian: Share = 0.04
    babble: Share = 0.14
    tones: Share = 0.05
    #: 2 to 12 voices of one room, each 1 to 8 m away: what tells the near voice is its distance.
    crowd: Share = 0.0
    #: A second noise under the first; more often (0.6) under sparse ones such as steps.
    second_noise: Share = 0.25
    hum: Share = 0.05
    reverb: Share = 0.35
    #: Share of measured rooms among all, where impulse responses are given.
    measured_rooms: Share = 0.25
    rt60_seconds: ReverberationTimes = (0.1, 0.9)
    #: Random colour of the speech (reference too) and, drawn apart, of the noise.
    equaliser: Share = 0.4
    equaliser_db: Decibels = 8.0
    #: Narrow band recording, noise and reference too.
    band_limit: Share = 0.04
    clipping: Share = 0.03
    packet_loss: Share = 0.01
    salt_and_pepper: Share = 0.01
    #: Share of speech from recordings that reach beyond 16 kHz; 0 leaves it as it falls.
    full_band_share: Share = 0.0
    #: Long takes: speakers in turn, pauses of up to 15 s, levels that change. For crops of 10 s
    #: and more.
    takes: Share = 0.0
    #: How far the level of the noises wanders up and down within a crop.
    noise_drift_db: Decibels = 0.0
    #: Voices 1.2 to 2.2 times as high, as in fear, joy and anger; and whispers. Not in takes.
    raised: Share = 0.0
    whispered: Share = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not any(getattr(self, kind) for kind in NOISE_KINDS):
            raise ConfigError(f"{', '.join(NOISE_KINDS)} are all 0; give one noise a share")
        if self.noise_only + self.clean_only > 1.0:
            raise ConfigError("noise_only and clean_only together exceed 1")
        if self.raised + self.whispered > 1.0:
            raise ConfigError("raised and whispered together exceed 1")
