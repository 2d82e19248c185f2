"""Mixtures of speakers made on the fly, and enrolment clips of the one to be kept.

    target crop + one or two other voices at a ratio -> rooms -> + noise at an SNR -> level
    enrolment = other recordings of the target, or another part of the same one

Item i of step s is drawn from `np.random.default_rng((seed, s, i))` and from nothing else, as in
`data/mixtures.py`; the length of the enrolment clips is drawn once a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from aeolia.data import corruptions
from aeolia.data.acoustics import Acoustics, Colour
from aeolia.data.crops import CropSampler, Segment, cut
from aeolia.data.pool import AudioPool
from aeolia.data.separate.mix_config import SpeakerMixConfig
from aeolia.data.separate.voices import Voices
from aeolia.errors import InputError

__all__ = ["SpeakerBatch", "SpeakerMixer", "SpeakerPlan"]

#: Crops quieter than this (recordings have a peak of 0.9) are not made louder any more.
_LEAST_LEVEL = 0.002
#: Clips of the voices that a step tells apart are no longer than this.
_TOLD_APART_SECONDS = 3.0
#: Added to the item's number, to draw what a step's items share.
_WHOLE_STEP = 1 << 20


@dataclass(frozen=True)
class SpeakerBatch:
    """Mixtures for one step.

    mixture, target: [B, T]; a target that is absent is all zeros. enrolment: [B, E]. voices:
    [2, V, E'], two further clips of each of V persons. bandwidth_hz: [B] of the target, half the
    sample rate where it is absent.
    """

    mixture: torch.Tensor
    target: torch.Tensor
    enrolment: torch.Tensor
    voices: torch.Tensor
    bandwidth_hz: torch.Tensor
    sample_rate: int

    @property
    def seconds(self) -> float:
        """Length of all mixtures together."""
        return self.mixture.numel() / self.sample_rate

    @property
    def background(self) -> torch.Tensor:
        """All of the mixture that is not the target, [B, T]."""
        return self.mixture - self.target


@dataclass
class Clip:
    """All that was drawn for one enrolment clip."""

    voice: list[Segment]
    colour: Colour
    level_dbfs: float
    noise: list[Segment] = field(default_factory=list)
    noise_snr_db: float = 0.0


@dataclass
class SpeakerPlan:
    """All that was drawn for one item. `voices[0]` is the target where it is present."""

    voices: list[list[Segment]]
    colours: list[Colour]
    #: Active level of the first voice over that of each.
    snrs_db: list[float]
    absent: bool
    enrolment: Clip
    noise: list[Segment] = field(default_factory=list)
    noise_snr_db: float = 0.0
    level_dbfs: float = -25.0


class SpeakerMixer:
    """Makes batches of (mixture, enrolment, target) from pools of speech and noise.

    Args:
        speech, noise: pools at `config.sample_rate`; without noise mixtures hold voices alone.
    """

    def __init__(
        self,
        speech: AudioPool,
        noise: AudioPool | None,
        config: SpeakerMixConfig,
    ) -> None:
        for pool in (speech, noise):
            if pool is not None and pool.sample_rate != config.sample_rate:
                raise InputError(
                    f"a pool has {pool.sample_rate} Hz and the mixture {config.sample_rate} Hz; "
                    "build the pool at the mixture's rate"
                )
        self.config = config
        self.sample_rate = rate = config.sample_rate
        self.speech = speech
        self.noise = noise
        least = round(config.enrolment_seconds[0] * rate)
        self.voices = Voices(speech, config.crop_length, least)
        self._noise_crops = None if noise is None else CropSampler(noise, config.crop_length)
        longest = round(config.enrolment_seconds[1] * rate)
        self._enrolment_noise = None if noise is None else CropSampler(noise, longest)
        self.acoustics = Acoustics(
            rate, config.crop_length, config.rooms, config.rt60_seconds, config.seed
        )
        self._enrolment_acoustics = Acoustics(
            rate, longest, min(16, config.rooms), config.rt60_seconds, config.seed + 1
        )

    def batch(self, step: int, batch_size: int, rank: int = 0, world: int = 1) -> SpeakerBatch:
        """The mixtures of a step: of `batch_size` in all, the rank-th of `world` parts."""
        if batch_size % world or not 0 <= rank < world:
            raise InputError(
                f"a batch of {batch_size} cannot be shared by {world} processes (rank {rank}); "
                "choose a multiple"
            )
        share = batch_size // world
        length = self.enrolment_length(step)
        plans = [self.plan(step, rank * share + i, length) for i in range(share)]
        short = min(length, round(_TOLD_APART_SECONDS * self.sample_rate))
        clips = self.plan_voices(step, rank, short)
        voices = self._clips(clips, short).unflatten(0, (2, len(clips) // 2))
        return self.render(plans, length, voices)

    def enrolment_length(self, step: int) -> int:
        """Samples of the enrolment clips of a step, whichever process asks."""
        rng = np.random.default_rng((self.config.seed, step, _WHOLE_STEP))
        # One of nine: with few lengths the memory of a step can serve the next ones.
        seconds = float(rng.choice(np.linspace(*self.config.enrolment_seconds, 9)))
        return round(seconds * self.sample_rate)

    def plan(self, step: int, index: int, enrolment_length: int) -> SpeakerPlan:
        """Draw item `index` of a step. The order of the draws is part of what a seed means."""
        config = self.config
        rng = np.random.default_rng((config.seed, step, index))
        case = rng.random()
        absent, alone = case < config.absent, case > 1.0 - config.alone
        target = self.voices.draw(rng, config.unnamed)
        crop = self.voices.crop(target, rng)
        enrolment = self.voices.enrolment(target, crop, enrolment_length, rng)
        others = 0 if alone else (2 if rng.random() < (0.5 if absent else config.two_others) else 1)
        heard = [] if absent else [target]
        voices = [] if absent else [self._partly(crop, rng)]
        known = [target]
        for _ in range(others):
            other = self.voices.draw_other(
                rng, known, config.unnamed, config.same_source, config.similar_pitch
            )
            known.append(other)
            heard.append(other)
            voices.append(self._partly(self.voices.crop(other, rng), rng))
        wide = 2.0 if rng.random() < config.wide_snr else 1.0
        colours, snrs = [], []
        in_rooms = config.reverb if rng.random() < 0.5 else 0.0  # all of a mixture, or none
        for _ in heard:
            colours.append(
                self.acoustics.draw(
                    rng, config.equaliser, config.equaliser_db, min(1.0, 2.0 * in_rooms)
                )
            )
            snrs.append(wide * float(rng.uniform(*config.snr_db)))
        snrs[0] = 0.0
        plan = SpeakerPlan(
            voices=voices,
            colours=colours,
            snrs_db=snrs,
            absent=absent,
            enrolment=self._clip(enrolment, rng),
            level_dbfs=float(rng.uniform(*config.level_dbfs)),
        )
        if self._noise_crops is not None and rng.random() < config.noise:
            plan.noise, _ = self._noise_crops.draw_noise(rng)
            plan.noise_snr_db = float(rng.uniform(*config.noise_snr_db))
        return plan

    def plan_voices(self, step: int, rank: int, length: int) -> list[Clip]:
        """Draw the voices that a step tells apart: a clip of each, then another of each."""
        rng = np.random.default_rng((self.config.seed, step, _WHOLE_STEP + 1 + rank))
        first, second = [], []
        for voice in self.voices.draw_several(rng, self.config.compared_voices):
            heard = self.voices.enrolment(voice, [], length, rng)
            if another := self.voices.enrolment(voice, heard, length, rng):
                first.append(self._clip(heard, rng))
                second.append(self._clip(another, rng))
        return first + second

    def _clip(self, voice: list[Segment], rng: np.random.Generator) -> Clip:
        config = self.config
        colour = self._enrolment_acoustics.draw(
            rng, config.equaliser, config.equaliser_db, config.enrolment_reverb
        )
        clip = Clip(voice, colour, float(rng.uniform(*config.level_dbfs)))
        if self._enrolment_noise is not None and rng.random() < config.enrolment_noise:
            clip.noise, _ = self._enrolment_noise.draw_noise(rng)
            clip.noise_snr_db = float(rng.uniform(10.0, 30.0))
        return clip

    def _partly(self, crop: list[Segment], rng: np.random.Generator) -> list[Segment]:
        """The crop, or at times a part of it between silence."""
        if len(crop) != 1 or rng.random() >= self.config.partly:
            return crop
        (whole,) = crop
        count = int(whole.length * rng.uniform(0.4, 0.8))
        offset = int(rng.integers(whole.length - count + 1))
        return [Segment(whole.item, whole.start + offset, count, offset, whole.fade)]

    def render(
        self,
        plans: Sequence[SpeakerPlan],
        enrolment_length: int,
        voices: torch.Tensor | None = None,
    ) -> SpeakerBatch:
        """Make the audio of drawn items, all at once."""
        rate, length = self.sample_rate, self.config.crop_length
        flat = [(i, place) for i, plan in enumerate(plans) for place in range(len(plan.voices))]
        audio = cut(self.speech, [plans[i].voices[place] for i, place in flat], length)
        colours = [plans[i].colours[place] for i, place in flat]
        heard, early = self.acoustics.apply_with_early(audio, colours)
        level = corruptions.active_level(heard, rate).clamp_min(_LEAST_LEVEL)
        below = [10.0 ** (-plans[i].snrs_db[place] / 20.0) for i, place in flat]
        factor = (torch.tensor(below) / level)[:, None]
        heard, early = heard * factor, early * factor

        mixture = torch.zeros((len(plans), length))
        target = torch.zeros_like(mixture)
        for (i, place), sound, dry in zip(flat, heard, early, strict=True):
            mixture[i] += sound
            if place == 0 and not plans[i].absent:
                target[i] += dry
        self._add_noise(mixture, plans, length)
        wanted = torch.tensor([10.0 ** (plan.level_dbfs / 20.0) for plan in plans])
        loud = corruptions.active_level(mixture, rate).clamp_min(1e-7)
        peak = torch.maximum(mixture.abs().amax(-1), target.abs().amax(-1)).clamp_min(1e-7)
        scale = torch.minimum(wanted / loud, 0.99 / peak)[:, None]
        mixture, target = mixture * scale, target * scale
        return SpeakerBatch(
            mixture,
            target,
            self._clips([plan.enrolment for plan in plans], enrolment_length),
            mixture.new_zeros((2, 0, 0)) if voices is None else voices,
            torch.tensor([self._reach(plan) for plan in plans]),
            rate,
        )

    def _add_noise(self, mixture: torch.Tensor, plans: Sequence[SpeakerPlan], length: int) -> None:
        """Add noise, in place, to mixtures whose first voice has active level 1."""
        rows = [i for i, plan in enumerate(plans) if plan.noise]
        if self.noise is None or not rows:
            return
        noise = cut(self.noise, [plans[i].noise for i in rows], length)
        level = corruptions.active_level(noise, self.sample_rate).clamp_min(_LEAST_LEVEL)
        heights = torch.tensor([10.0 ** (-plans[i].noise_snr_db / 20.0) for i in rows])
        mixture[rows] += noise * (heights / level)[:, None]

    def _clips(self, clips: Sequence[Clip], length: int) -> torch.Tensor:
        """Enrolment clips [N, E] at their levels."""
        if not clips:
            return torch.zeros((0, length))
        rate = self.sample_rate
        audio = cut(self.speech, [clip.voice for clip in clips], length)
        audio = self._enrolment_acoustics.apply(audio, [clip.colour for clip in clips])
        level = corruptions.active_level(audio, rate).clamp_min(_LEAST_LEVEL)
        audio = audio / level[:, None]
        rows = [i for i, clip in enumerate(clips) if clip.noise]
        if self.noise is not None and rows:
            longest = round(self.config.enrolment_seconds[1] * rate)
            noise = cut(self.noise, [clips[i].noise for i in rows], longest)[:, :length]
            level = corruptions.active_level(noise, rate).clamp_min(_LEAST_LEVEL)
            heights = torch.tensor([10.0 ** (-clips[i].noise_snr_db / 20.0) for i in rows])
            audio[rows] += noise * (heights / level)[:, None]
        wanted = torch.tensor([10.0 ** (clip.level_dbfs / 20.0) for clip in clips])
        peak = audio.abs().amax(-1).clamp_min(1e-7)
        return audio * torch.minimum(wanted, 0.99 / peak)[:, None]

    def _reach(self, plan: SpeakerPlan) -> float:
        if plan.absent:
            return self.sample_rate / 2.0
        return min(float(self.speech.bandwidth_hz[part.item]) for part in plan.voices[0])
