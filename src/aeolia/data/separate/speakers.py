"""Mixtures of speakers made on the fly, and enrolment clips of the one to be kept.

    target crop + one or two other voices at a ratio -> rooms -> + noise at an SNR -> level
    enrolment = other recordings of the target, or another part of the same one

The length of the enrolment clips is drawn once a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from aeolia.data.acoustics import Acoustics, Colour
from aeolia.data.corpus.manifest import Row
from aeolia.data.corruptions import active_level
from aeolia.data.crops import CropSampler, Segment, cut
from aeolia.data.mixing import (
    LEAST_LEVEL,
    add_noise,
    amplitudes,
    check_rates,
    item_rng,
    items_of,
    level_factors,
    lowest_reach,
)
from aeolia.data.pool import AudioPool
from aeolia.data.separate.enrolment import EnrolmentClip, EnrolmentClips
from aeolia.data.separate.mix_config import SpeakerMixConfig
from aeolia.data.separate.pools import speaker_pools
from aeolia.data.separate.voices import VoiceSampler

__all__ = ["SpeakerBatch", "SpeakerMixer", "SpeakerPlan", "speaker_mixer"]

#: Clips of the voices that a step compares are no longer than this.
_COMPARED_SECONDS = 3.0
#: Added to the item's number, to draw what a step's items share.
_WHOLE_STEP = 1 << 20


@dataclass(frozen=True)
class SpeakerBatch:
    """Mixtures for one step.

    mixture, target: [B, T]; a target that is absent is all zeros. enrolment: [B, E]. voices:
    [2, V, E'], two more clips of each of V persons. bandwidth_hz: [B] of the target, half the
    sample rate where it is absent.
    """

    mixture: Tensor
    target: Tensor
    enrolment: Tensor
    voices: Tensor
    bandwidth_hz: Tensor
    sample_rate: int

    @property
    def seconds(self) -> float:
        """Length of all mixtures together."""
        return self.mixture.numel() / self.sample_rate

    @property
    def background(self) -> Tensor:
        """All of the mixture that is not the target, [B, T]."""
        return self.mixture - self.target


@dataclass
class SpeakerPlan:
    """All that was drawn for one item. `voices[0]` is the target where it is present."""

    voices: list[list[Segment]]
    colours: list[Colour]
    #: Active level of the first voice over that of each.
    snrs_db: list[float]
    absent: bool
    enrolment: EnrolmentClip
    noise: list[Segment] = field(default_factory=list)
    noise_snr_db: float = 0.0
    level_dbfs: float = -25.0


def speaker_mixer(rows: Sequence[Row], split: str, config: SpeakerMixConfig) -> SpeakerMixer:
    """A mixer of the speech and noise of `split`.

    Raises:
        DataError: there is no speech in the split, a recording cannot be read, or the cache not
            be written.
        InputError: fewer than two speakers have enough speech.
    """
    return SpeakerMixer(*speaker_pools(rows, split, config.sample_rate), config)


class SpeakerMixer:
    """Makes batches of (mixture, enrolment, target) from pools of speech and noise.

    Args:
        speech, noise: pools at `config.sample_rate`; without noise mixtures hold voices alone.
    """

    def __init__(
        self, speech: AudioPool, noise: AudioPool | None, config: SpeakerMixConfig
    ) -> None:
        rate, length = config.sample_rate, config.crop_length
        check_rates((speech, noise), rate)
        self.config = config
        self.sample_rate = rate
        self.voices = VoiceSampler(speech, length, round(config.enrolment_seconds[0] * rate))
        self._noise = None if noise is None else CropSampler(noise, length)
        self._clips = EnrolmentClips(speech, noise, config)
        self._acoustics = Acoustics.with_bank(
            rate, length, config.rooms, config.rt60_seconds, config.seed
        )

    def batch(self, step: int, batch_size: int, rank: int = 0, world: int = 1) -> SpeakerBatch:
        """The mixtures of a step: of `batch_size` in all, the rank-th of `world` parts."""
        length = self.enrolment_length(step)
        plans = [self.plan(step, i, length) for i in items_of(batch_size, rank, world)]
        short = min(length, round(_COMPARED_SECONDS * self.sample_rate))
        clips = self._clips.render(self.plan_voices(step, rank, short), short)
        return self.render(plans, length, clips.reshape(2, len(clips) // 2, short))

    def enrolment_length(self, step: int) -> int:
        """Samples of the enrolment clips of a step, the same in every process."""
        rng = item_rng(self.config.seed, step, _WHOLE_STEP)
        # One of nine: with few lengths the memory of a step can serve the next ones.
        seconds = float(rng.choice(np.linspace(*self.config.enrolment_seconds, 9)))
        return round(seconds * self.sample_rate)

    def plan(self, step: int, index: int, enrolment_length: int) -> SpeakerPlan:
        """Draw item `index` of a step. The order of the draws is part of what a seed means."""
        config = self.config
        rng = item_rng(config.seed, step, index)
        case = rng.random()
        absent, alone = case < config.absent, case > 1.0 - config.alone
        target = self.voices.draw(rng, config.unnamed)
        crop = self.voices.crop(target, rng)
        enrolment = self.voices.enrolment(target, crop, enrolment_length, rng)
        others = 0 if alone else (2 if rng.random() < (0.5 if absent else config.two_others) else 1)
        voices = [] if absent else [self._partly(crop, rng)]
        known = [target]
        for _ in range(others):
            other = self.voices.draw_other(
                rng, known, config.unnamed, config.same_source, config.similar_pitch
            )
            known.append(other)
            voices.append(self._partly(self.voices.crop(other, rng), rng))
        wide = 2.0 if rng.random() < config.wide_snr else 1.0
        # All of a mixture in rooms, or none of it.
        reverb = min(1.0, 2.0 * config.reverb) if rng.random() < 0.5 else 0.0
        colours, snrs_db = [], []
        for _ in voices:
            colours.append(self._acoustics.draw(rng, config.equaliser, config.equaliser_db, reverb))
            snrs_db.append(wide * float(rng.uniform(*config.snr_db)))
        snrs_db[0] = 0.0
        plan = SpeakerPlan(
            voices=voices,
            colours=colours,
            snrs_db=snrs_db,
            absent=absent,
            enrolment=self._clips.draw(enrolment, rng),
            level_dbfs=float(rng.uniform(*config.level_dbfs)),
        )
        if self._noise is not None and rng.random() < config.noise:
            plan.noise, _ = self._noise.draw_noise(rng)
            plan.noise_snr_db = float(rng.uniform(*config.noise_snr_db))
        return plan

    def plan_voices(self, step: int, rank: int, length: int) -> list[EnrolmentClip]:
        """Draw the voices that a step compares: a clip of each, then another of each."""
        rng = item_rng(self.config.seed, step, _WHOLE_STEP + 1 + rank)
        first, second = [], []
        for voice in self.voices.draw_several(rng, self.config.compared_voices):
            one = self.voices.enrolment(voice, [], length, rng)
            if another := self.voices.enrolment(voice, one, length, rng):
                first.append(self._clips.draw(one, rng))
                second.append(self._clips.draw(another, rng))
        return first + second

    def _partly(self, crop: list[Segment], rng: np.random.Generator) -> list[Segment]:
        """The crop, or at times a part of it between silence."""
        if len(crop) != 1 or rng.random() >= self.config.partly:
            return crop
        (whole,) = crop
        count = int(whole.length * rng.uniform(0.4, 0.8))
        offset = int(rng.integers(whole.length - count + 1))
        return [Segment(whole.item, whole.start + offset, count, offset, whole.fade)]

    def render(
        self, plans: Sequence[SpeakerPlan], enrolment_length: int, voices: Tensor | None = None
    ) -> SpeakerBatch:
        """Make the audio of drawn items, all at once."""
        rate, length = self.sample_rate, self.config.crop_length
        mixture, target = self._mixed(plans)
        if self._noise is not None:
            crops, snrs_db = [plan.noise for plan in plans], [plan.noise_snr_db for plan in plans]
            add_noise(mixture, self._noise.pool, crops, snrs_db, length)
        peak = torch.maximum(mixture.abs().amax(-1), target.abs().amax(-1))
        scale = level_factors(mixture, peak, [plan.level_dbfs for plan in plans], rate)[:, None]
        return SpeakerBatch(
            mixture * scale,
            target * scale,
            self._clips.render([plan.enrolment for plan in plans], enrolment_length),
            mixture.new_zeros((2, 0, 0)) if voices is None else voices,
            torch.tensor([self._reach_hz(plan) for plan in plans]),
            rate,
        )

    def _mixed(self, plans: Sequence[SpeakerPlan]) -> tuple[Tensor, Tensor]:
        """(mixture, target) [B, T] of the voices alone, the first of each at active level 1."""
        length = self.config.crop_length
        flat = [(i, number) for i, plan in enumerate(plans) for number in range(len(plan.voices))]
        audio = cut(self.voices.pool, [plans[i].voices[number] for i, number in flat], length)
        colours = [plans[i].colours[number] for i, number in flat]
        sounds, early = self._acoustics.apply_with_early(audio, colours)
        levels = amplitudes([-plans[i].snrs_db[number] for i, number in flat])
        level = active_level(sounds, self.sample_rate).clamp_min(LEAST_LEVEL)
        factor = (levels / level)[:, None]
        mixture = torch.zeros((len(plans), length))
        target = torch.zeros_like(mixture)
        for (i, number), sound, dry in zip(flat, sounds * factor, early * factor, strict=True):
            mixture[i] += sound
            if number == 0 and not plans[i].absent:
                target[i] += dry
        return mixture, target

    def _reach_hz(self, plan: SpeakerPlan) -> float:
        if plan.absent:
            return self.sample_rate / 2.0
        return lowest_reach(self.voices.pool, plan.voices[0])
