"""Training pairs made on the fly: seeded crops, corrupted in one order that reads as a story.

speech crop -> raised or whispered -> recording's own colour -> room -> + noise at an SNR
    -> band limit -> level -> faults of the microphone and the line -> noisy
reference = the same without noise, faults, and the room after its first 50 ms
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from aeolia.data import corruptions
from aeolia.data.acoustics import Acoustics, Colour, draw_curve
from aeolia.data.crops import CropSampler, Segment, cut
from aeolia.data.denoise.effort import MOST_RAISED, Effort
from aeolia.data.denoise.faults import Faults
from aeolia.data.denoise.mix_config import MixConfig
from aeolia.data.denoise.noises import Noise, Noises
from aeolia.data.denoise.takes import draw_take, drifting
from aeolia.data.mixing import check_rates, item_rng, items_of, level_factors, lowest_reach
from aeolia.data.pool import AudioPool
from aeolia.data.rooms import MAX_ROOM_SECONDS, align_direct, simulate_room
from aeolia.errors import InputError

__all__ = ["Batch", "Mixer", "Plan"]


@dataclass(frozen=True)
class Batch:
    """Pairs for one step: noisy and reference [B, T], bandwidth_hz [B] of the reference.

    Above its bandwidth a reference holds nothing because the recording does not reach there;
    where it is noise only (reference all zeros), bandwidth_hz is half the sample rate.
    """

    noisy: Tensor
    reference: Tensor
    bandwidth_hz: Tensor
    #: Of audio in all pairs together.
    seconds: float = 0.0


@dataclass
class Plan:
    """All that was drawn for one item; the rest of its randomness comes from `rng`."""

    rng: np.random.Generator
    speech: list[Segment]
    snr_db: float
    level_dbfs: float
    noise_only: bool = False
    noises: list[Noise] = field(default_factory=list)
    curve_db: np.ndarray | None = None
    #: Impulse response [L], and for the list of pairs what it is and how long it rings.
    room: np.ndarray | None = None
    room_name: str = ""
    rt60_seconds: float = 0.0
    band_hz: tuple[float, float] | None = None
    faults: Faults = Faults()
    effort: Effort = Effort()
    #: Factors [T] of the noises' level, where it wanders.
    drift: np.ndarray | None = None


class Mixer:
    """Makes batches of (noisy, reference) from pools of speech, noise and rooms.

    Args:
        speech, noise: pools at `config.sample_rate`; noise may be None where the config asks
            for no recorded noise.
        rirs: measured impulse responses, or None: rooms are simulated then.
    """

    def __init__(
        self,
        speech: AudioPool,
        noise: AudioPool | None,
        rirs: AudioPool | None,
        config: MixConfig,
    ) -> None:
        check_rates((speech, noise, rirs), config.sample_rate)
        if noise is None and config.recorded > 0.0:
            raise InputError("no noise recordings were given; give some or set recorded to 0")
        self.config = config
        rate, length = config.sample_rate, config.crop_length
        self._speech = CropSampler(speech, length, config.full_band_share)
        #: Of what is played faster, more is needed.
        self._longer = CropSampler(speech, round(length * MOST_RAISED), config.full_band_share)
        self._acoustics = Acoustics(rate, length, MAX_ROOM_SECONDS)
        self._noises = Noises(self._speech, noise, config, self._acoustics)
        #: Measured rooms: impulse response and name.
        self._rooms: list[tuple[np.ndarray, str]] = []
        for item in range(0 if rirs is None else len(rirs)):
            assert rirs is not None
            response = align_direct(rirs.sound(item).astype(np.float32), rate)
            self._rooms.append((response, rirs.row(item).label or "measured"))

    def batch(self, step: int, batch_size: int, rank: int = 0, world: int = 1) -> Batch:
        """The pairs of a step.

        `batch_size` counts the items of all `world` processes together; this one, `rank`,
        gets the rank-th part of them, so the parts in order are what one process would get.
        """
        return self.render([self.plan(step, i) for i in items_of(batch_size, rank, world)])

    def plan(self, step: int, index: int, snr_db: float | None = None) -> Plan:
        """Draw item `index` of a step; `snr_db` overrides the drawn SNR.

        The order of the draws is part of what a seed means: new ones go last.
        """
        config = self.config
        rng = item_rng(config.seed, step, index)
        case = rng.random()
        drawn_snr = rng.uniform(*config.snr_db)
        plan = Plan(
            rng=rng,
            speech=self._speech.draw_speech(rng),
            snr_db=float(drawn_snr if snr_db is None else snr_db),
            level_dbfs=float(rng.uniform(*config.level_dbfs)),
            noise_only=case < config.noise_only,
        )
        if config.takes and rng.random() < config.takes:
            plan.speech = draw_take(self._speech, rng)
        else:
            plan.effort = Effort.draw(rng, config)
            if plan.effort.raised != 1.0:
                plan.speech = self._longer.draw_speech(rng)
        if config.noise_only <= case < config.noise_only + config.clean_only:
            return plan
        plan.noises = self._noises.draw(rng)
        plan.curve_db = draw_curve(rng, config.equaliser, config.equaliser_db)
        if rng.random() < config.reverb:
            self._draw_room(plan)
        if rng.random() < config.band_limit:
            low = float(rng.choice((20.0, 100.0, 300.0)))
            high = min(np.exp(rng.uniform(np.log(3400.0), np.log(12000.0))), config.sample_rate / 2)
            plan.band_hz = (low, float(high))
        plan.faults = Faults.draw(rng, config)
        if config.noise_drift_db:
            length, rate = config.crop_length, config.sample_rate
            plan.drift = drifting(rng, length, rate, config.noise_drift_db)
        return plan

    def _draw_room(self, plan: Plan) -> None:
        config, rng = self.config, plan.rng
        if self._rooms and rng.random() < config.measured_rooms:
            plan.room, plan.room_name = self._rooms[int(rng.integers(len(self._rooms)))]
        else:
            plan.rt60_seconds = float(rng.uniform(*config.rt60_seconds))
            plan.room = simulate_room(rng, config.sample_rate, plan.rt60_seconds)
            plan.room_name = f"simulated {plan.rt60_seconds:.2f} s"

    def render(self, plans: Sequence[Plan]) -> Batch:
        """Make the audio of drawn items, all at once."""
        rate, pool = self.config.sample_rate, self._speech.pool
        speech = torch.stack([self._voice(plan) for plan in plans])
        # Speeds, colours and band limits move how high a reference reaches.
        reach = [
            min(lowest_reach(pool, plan.speech) * plan.effort.raised, rate / 2) for plan in plans
        ]
        noisy, reference = self._acoustics.apply_with_early(speech, self._colours(plans))
        self._add_noise(noisy, reference, plans)
        self._limit_bands(noisy, reference, reach, plans)
        peak = torch.maximum(noisy.abs().amax(-1), reference.abs().amax(-1))
        levels_dbfs = [plan.level_dbfs for plan in plans]
        factors = level_factors(noisy, peak, levels_dbfs, rate)[:, None]
        noisy, reference = noisy * factors, reference * factors
        for i, plan in enumerate(plans):
            noisy[i] = plan.faults.applied(noisy[i], rate, plan.rng)
            reach[i] = rate / 2 if plan.noise_only else reach[i]
        return Batch(noisy, reference, torch.tensor(reach), noisy.numel() / rate)

    def _voice(self, plan: Plan) -> Tensor:
        """The speech [T] of an item, as it is spoken."""
        length, effort = self.config.crop_length, plan.effort
        drawn = length if effort.raised == 1.0 else self._longer.length
        [speech] = cut(self._speech.pool, [plan.speech], drawn)
        speech = speech[: round(length * effort.raised)]
        voice = effort.applied(speech, self.config.sample_rate, plan.rng)[:length]
        return torch.nn.functional.pad(voice, (0, length - len(voice)))

    def _colours(self, plans: Sequence[Plan]) -> list[Colour]:
        rooms = iter(self._acoustics.rooms([p.room for p in plans if p.room is not None]))
        return [Colour(p.curve_db, None if p.room is None else next(rooms)) for p in plans]

    def _add_noise(self, noisy: Tensor, reference: Tensor, plans: Sequence[Plan]) -> None:
        """Add the noises, in place; where a plan says so, the noise is all there is."""
        rows = [i for i, plan in enumerate(plans) if plan.noises]
        if not rows:
            return
        chosen = [plans[i] for i in rows]
        noise = self._noises.sound([plan.noises for plan in chosen], [plan.rng for plan in chosen])
        for one, plan in zip(noise, chosen, strict=True):
            if plan.drift is not None:
                one *= torch.from_numpy(plan.drift)
        snrs_db = [plan.snr_db for plan in chosen]
        speech = noisy[rows]
        mixed = corruptions.add_at_snr(speech, noise, snrs_db, self.config.sample_rate)
        for position, plan in enumerate(chosen):
            if plan.noise_only:
                mixed[position] -= speech[position]
                reference[rows[position]] = 0.0
        noisy[rows] = mixed

    def _limit_bands(
        self, noisy: Tensor, reference: Tensor, reach: list[float], plans: Sequence[Plan]
    ) -> None:
        """Remove, in place, what lies outside of the plans' bands, in both signals."""
        bands = {i: plan.band_hz for i, plan in enumerate(plans) if plan.band_hz is not None}
        if not bands:
            return
        rows, rate = list(bands), self.config.sample_rate
        low, high = zip(*bands.values(), strict=True)
        for audio in (noisy, reference):
            audio[rows] = corruptions.band_limit(audio[rows], rate, high, low)
        for i, edge in zip(rows, high, strict=True):
            reach[i] = min(reach[i], edge)
