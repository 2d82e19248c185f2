"""Enrolment clips of training: one speaker at a level, at times in a room or with noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from aeolia.data.acoustics import Acoustics, Colour
from aeolia.data.crops import CropSampler, Segment, cut
from aeolia.data.mixing import (
    LEAST_LEVEL,
    add_noise,
    amplitudes,
    at_active_level,
    below_full_scale,
)
from aeolia.data.pool import AudioPool
from aeolia.data.separate.mix_config import SpeakerMixConfig

__all__ = ["EnrolmentClip", "EnrolmentClips"]

#: Rooms that enrolment clips are in, fewer than mixtures have.
_MOST_ROOMS = 16
#: Active level of the speaker over the noise.
_SNR_DB = (10.0, 30.0)


@dataclass
class EnrolmentClip:
    """All that was drawn for one clip."""

    voice: list[Segment]
    colour: Colour
    level_dbfs: float
    noise: list[Segment] = field(default_factory=list)
    noise_snr_db: float = 0.0


class EnrolmentClips:
    """Draws what enrolment clips hold beside the voice, and makes them.

    Args:
        speech, noise: pools at `config.sample_rate`.
    """

    def __init__(
        self, speech: AudioPool, noise: AudioPool | None, config: SpeakerMixConfig
    ) -> None:
        self._config = config
        self._speech = speech
        rate = config.sample_rate
        self._longest = round(config.enrolment_seconds[1] * rate)
        self._noise = None if noise is None else CropSampler(noise, self._longest)
        rooms = min(_MOST_ROOMS, config.rooms)
        self._acoustics = Acoustics.with_bank(
            rate, self._longest, rooms, config.rt60_seconds, config.seed + 1
        )

    def draw(self, voice: list[Segment], rng: np.random.Generator) -> EnrolmentClip:
        """A clip of a voice that was drawn already."""
        config = self._config
        colour = self._acoustics.draw(
            rng, config.equaliser, config.equaliser_db, config.enrolment_reverb
        )
        clip = EnrolmentClip(voice, colour, float(rng.uniform(*config.level_dbfs)))
        if self._noise is not None and rng.random() < config.enrolment_noise:
            clip.noise, _ = self._noise.draw_noise(rng)
            clip.noise_snr_db = float(rng.uniform(*_SNR_DB))
        return clip

    def render(self, clips: Sequence[EnrolmentClip], length: int) -> Tensor:
        """The clips [N, E] at their levels."""
        if not clips:
            return torch.zeros((0, length))
        audio = cut(self._speech, [clip.voice for clip in clips], length)
        audio = self._acoustics.apply(audio, [clip.colour for clip in clips])
        audio = at_active_level(audio, self._config.sample_rate, least=LEAST_LEVEL)
        if self._noise is not None:
            crops, snrs_db = [clip.noise for clip in clips], [clip.noise_snr_db for clip in clips]
            add_noise(audio, self._noise.pool, crops, snrs_db, self._longest)
        levels = amplitudes([clip.level_dbfs for clip in clips])
        return audio * below_full_scale(levels, audio.abs().amax(-1))[:, None]
