"""Training pairs made on the fly: seeded crops, corrupted in one order that reads as a story.

    speech crop -> recording's own colour -> room -> + noise at an SNR -> band limit
        -> level -> faults of the microphone and the line -> noisy
    reference = the same without noise, faults, and the room after its first 50 ms

Item i of step s is drawn from `np.random.default_rng((seed, s, i))` and from nothing else, so a
run resumes from its step number, and N processes together see the items that one would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from aeolia.data import corruptions
from aeolia.data.crops import CropSampler, Segment, cut
from aeolia.data.denoise.mix_config import NOISE_KINDS, MixConfig
from aeolia.data.denoise.tones import tones
from aeolia.data.pool import AudioPool
from aeolia.data.rooms import MAX_ROOM_SECONDS, align_direct, simulate_room
from aeolia.errors import InputError

__all__ = ["Batch", "Mixer", "Plan"]

#: Points of a random equaliser between 60 Hz and half the sample rate.
_EQ_POINTS = 8


@dataclass(frozen=True)
class Batch:
    """Pairs for one step: noisy and reference [B, T], bandwidth_hz [B] of the reference.

    Above its bandwidth a reference holds nothing because the recording does not reach there;
    where it is noise only (reference all zeros), bandwidth_hz is half the sample rate.
    """

    noisy: torch.Tensor
    reference: torch.Tensor
    bandwidth_hz: torch.Tensor
    #: Of audio in all pairs together.
    seconds: float = 0.0


@dataclass
class Noise:
    """One noise of a mixture: its kind, and crops or a spectral slope as the kind needs."""

    kind: str
    crops: list[list[Segment]] = field(default_factory=list)
    slope_db: float = 0.0
    equaliser: np.ndarray | None = None
    relative_db: float = 0.0


@dataclass
class Plan:
    """All that was drawn for one item; the rest of its randomness comes from `rng`."""

    rng: np.random.Generator
    speech: list[Segment]
    noises: list[Noise]
    snr_db: float
    level_dbfs: float
    noise_only: bool = False
    equaliser: np.ndarray | None = None
    room: np.ndarray | None = None
    room_name: str = ""
    rt60_seconds: float = 0.0
    band_hz: tuple[float, float] | None = None
    clipping: float | None = None
    packet_loss: float | None = None
    salt_and_pepper: tuple[float, float] | None = None


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
        for pool in (speech, noise, rirs):
            if pool is not None and pool.sample_rate != config.sample_rate:
                raise InputError(
                    f"a pool has {pool.sample_rate} Hz and the mixture {config.sample_rate} Hz; "
                    "build the pool at the mixture's rate"
                )
        if noise is None and config.recorded > 0.0:
            raise InputError("no noise recordings were given; give some or set recorded to 0")
        self.config = config
        self.speech = speech
        self.noise = noise
        self._speech_crops = CropSampler(speech, config.crop_length, config.full_band_share)
        self._noise_crops = CropSampler(noise, config.crop_length) if noise is not None else None
        self._rooms = [] if rirs is None else _measured_rooms(rirs)
        self._room_names = [] if rirs is None else [rirs.row(i).label for i in range(len(rirs))]

    def batch(self, step: int, batch_size: int, rank: int = 0, world: int = 1) -> Batch:
        """The pairs of a step.

        `batch_size` counts the items of all `world` processes together; this one, `rank`,
        gets the rank-th part of them, so the parts in order are what one process would get.
        """
        if batch_size % world or not 0 <= rank < world:
            raise InputError(
                f"a batch of {batch_size} cannot be shared by {world} processes (rank {rank}); "
                "choose a multiple"
            )
        share = batch_size // world
        return self.render([self.plan(step, rank * share + i) for i in range(share)])

    def plan(self, step: int, index: int, snr_db: float | None = None) -> Plan:
        """Draw item `index` of a step; `snr_db` overrides the drawn SNR.

        The order of the draws is part of what a seed means: new ones go last.
        """
        config = self.config
        rng = np.random.default_rng((config.seed, step, index))
        case = rng.random()
        drawn_snr = rng.uniform(*config.snr_db)
        plan = Plan(
            rng=rng,
            speech=self._speech_crops.draw_speech(rng),
            noises=[],
            snr_db=float(drawn_snr if snr_db is None else snr_db),
            level_dbfs=float(rng.uniform(*config.level_dbfs)),
            noise_only=case < config.noise_only,
        )
        if config.noise_only <= case < config.noise_only + config.clean_only:
            return plan
        plan.noises = self._draw_noises(rng)
        if rng.random() < config.equaliser:
            plan.equaliser = self._draw_equaliser(rng)
        if rng.random() < config.reverb:
            self._draw_room(plan)
        if rng.random() < config.band_limit:
            low = float(rng.choice((20.0, 100.0, 300.0)))
            high = min(np.exp(rng.uniform(np.log(3400.0), np.log(12000.0))), config.sample_rate / 2)
            plan.band_hz = (low, float(high))
        if rng.random() < config.clipping:
            plan.clipping = float(rng.uniform(0.1, 0.7))
        if rng.random() < config.packet_loss:
            plan.packet_loss = float(rng.uniform(0.01, 0.08))
        if rng.random() < config.salt_and_pepper:
            plan.salt_and_pepper = (
                float(10.0 ** rng.uniform(-5.0, -3.0)),
                float(rng.uniform(0.3, 1.0)),
            )
        return plan

    def _draw_noises(self, rng: np.random.Generator) -> list[Noise]:
        """One main noise, at times a second, at times hum."""
        config = self.config
        first, sparse = self._draw_noise(rng)
        noises = [first]
        if rng.random() < (0.6 if sparse and config.second_noise else config.second_noise):
            second, _ = self._draw_noise(rng)
            second.relative_db = float(rng.uniform(-15.0, 3.0))
            noises.append(second)
        if rng.random() < config.hum:
            noises.append(Noise("hum", relative_db=float(rng.uniform(-15.0, 5.0))))
        return noises

    def _draw_noise(self, rng: np.random.Generator) -> tuple[Noise, bool]:
        config = self.config
        shares = np.array([getattr(config, kind) for kind in NOISE_KINDS])
        noise = Noise(str(rng.choice(NOISE_KINDS, p=shares / shares.sum())))
        sparse = False
        if noise.kind == "recorded":
            assert self._noise_crops is not None
            segments, sparse = self._noise_crops.draw_noise(rng)
            noise.crops = [segments]
            if rng.random() < config.equaliser:
                noise.equaliser = self._draw_equaliser(rng)
        elif noise.kind == "coloured":
            noise.slope_db = float(rng.uniform(-3.0, 9.0))
        elif noise.kind == "babble":
            voices = int(rng.integers(3, 9))
            noise.crops = [self._speech_crops.draw_speech(rng) for _ in range(voices)]
        return noise, sparse

    def _draw_equaliser(self, rng: np.random.Generator) -> np.ndarray:
        """Gains in dB at the equaliser's points; their spread is drawn too."""
        spread = rng.uniform(0.2, 1.0) * self.config.equaliser_db
        return rng.uniform(-spread, spread, _EQ_POINTS)

    def _draw_room(self, plan: Plan) -> None:
        config, rng = self.config, plan.rng
        if self._rooms and rng.random() < config.measured_rooms:
            index = int(rng.integers(len(self._rooms)))
            plan.room, plan.room_name = self._rooms[index], self._room_names[index] or "measured"
        else:
            plan.rt60_seconds = float(rng.uniform(*config.rt60_seconds))
            plan.room = simulate_room(rng, config.sample_rate, plan.rt60_seconds)
            plan.room_name = f"simulated {plan.rt60_seconds:.2f} s"

    def render(self, plans: Sequence[Plan]) -> Batch:
        """Make the audio of drawn items, all at once."""
        rate, length = self.config.sample_rate, self.config.crop_length
        speech = cut(self.speech, [plan.speech for plan in plans], length)
        # Speeds, colours and band limits move how high a reference reaches.
        reach = [
            min(float(self.speech.bandwidth_hz[part.item]) for part in plan.speech)
            for plan in plans
        ]
        speech = _equalised(speech, [plan.equaliser for plan in plans], rate)
        wet, reference = self._in_rooms(speech, plans)

        noisy = wet
        with_noise = [i for i, plan in enumerate(plans) if plan.noises]
        if with_noise:
            rows = torch.tensor(with_noise)
            noise = self._noise([plans[i] for i in with_noise], length)
            snr_db = [plans[i].snr_db for i in with_noise]
            mixed = corruptions.add_at_snr(wet[rows], noise, snr_db, rate)
            for place, i in enumerate(with_noise):
                if plans[i].noise_only:
                    mixed[place] -= wet[i]
                    reference[i] = 0.0
                    reach[i] = rate / 2
            noisy = wet.index_copy_(0, rows, mixed)

        limited = [i for i, plan in enumerate(plans) if plan.band_hz]
        if limited:
            rows = torch.tensor(limited)
            low, high = zip(*(plans[i].band_hz or (0, 0) for i in limited), strict=True)
            noisy[rows] = corruptions.band_limit(noisy[rows], rate, high, low)
            reference[rows] = corruptions.band_limit(reference[rows], rate, high, low)
            for i, edge in zip(limited, high, strict=True):
                reach[i] = reach[i] if plans[i].noise_only else min(reach[i], edge)

        noisy, reference = self._levelled(noisy, reference, plans)
        noisy = self._with_faults(noisy, plans)
        seconds = noisy.numel() / rate
        return Batch(noisy, reference, torch.tensor(reach), seconds)

    def _in_rooms(
        self, speech: torch.Tensor, plans: Sequence[Plan]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(speech as it sounds, reference): both dry where the plan has no room."""
        chosen = [i for i, plan in enumerate(plans) if plan.room is not None]
        if not chosen:
            return speech, speech.clone()
        longest = int(MAX_ROOM_SECONDS * self.config.sample_rate)
        responses = torch.zeros(len(chosen), longest)
        for row, i in zip(responses, chosen, strict=True):
            room = plans[i].room
            assert room is not None
            row[: len(room)] = torch.from_numpy(room)
        rows = torch.tensor(chosen)
        wet, early = corruptions.reverberate(speech[rows], responses, self.config.sample_rate)
        reference = speech.index_copy(0, rows, early)
        return speech.index_copy_(0, rows, wet), reference

    def _noise(self, plans: Sequence[Plan], length: int) -> torch.Tensor:
        """The sum of each plan's noises [B, length], the first at active level 1."""
        rate = self.config.sample_rate
        flat = [(i, noise) for i, plan in enumerate(plans) for noise in plan.noises]
        total = torch.zeros((len(plans), length))
        for kind in dict.fromkeys(noise.kind for _, noise in flat):
            owners = [i for i, noise in flat if noise.kind == kind]
            noises = [noise for _, noise in flat if noise.kind == kind]
            audio = self._noises_of_kind(kind, noises, [plans[i].rng for i in owners], length)
            level = corruptions.active_level(audio, rate).clamp_min(1e-6)
            heights = torch.tensor([10.0 ** (n.relative_db / 20.0) for n in noises])
            audio = audio * (heights / level)[:, None]
            for i, one in zip(owners, audio, strict=True):  # in order, hence repeatable
                total[i] += one
        return total

    def _noises_of_kind(
        self, kind: str, noises: Sequence[Noise], rngs: corruptions.Rngs, length: int
    ) -> torch.Tensor:
        rate, shape = self.config.sample_rate, (len(noises), length)
        if kind == "recorded":
            assert self.noise is not None
            audio = cut(self.noise, [noise.crops[0] for noise in noises], length)
            return _equalised(audio, [noise.equaliser for noise in noises], rate)
        if kind == "babble":
            voices = cut(self.speech, [crop for noise in noises for crop in noise.crops], length)
            voices = voices / corruptions.active_level(voices, rate).clamp_min(1e-6)[:, None]
            parts = voices.split([len(noise.crops) for noise in noises])
            return torch.stack([part.sum(0) for part in parts])
        if kind == "hum":
            return corruptions.hum(shape, rate, rngs)
        if kind == "tones":
            return tones(shape, rate, rngs)
        if kind == "gaussian":
            return corruptions.gaussian(shape, rngs)
        slopes = [noise.slope_db for noise in noises]
        return corruptions.coloured_noise(shape, slopes, rate, rngs)

    def _levelled(
        self, noisy: torch.Tensor, reference: torch.Tensor, plans: Sequence[Plan]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Both scaled by one factor to the drawn level, less where a peak would exceed 0.99."""
        wanted = torch.tensor([10.0 ** (plan.level_dbfs / 20.0) for plan in plans])
        level = corruptions.active_level(noisy, self.config.sample_rate).clamp_min(1e-7)
        peak = torch.maximum(noisy.abs().amax(-1), reference.abs().amax(-1)).clamp_min(1e-7)
        factor = torch.minimum(wanted / level, 0.99 / peak)[:, None]
        return noisy * factor, reference * factor

    def _with_faults(self, noisy: torch.Tensor, plans: Sequence[Plan]) -> torch.Tensor:
        """Clipping, impulses and lost packets: in the noisy signal alone."""
        for i, plan in enumerate(plans):
            one, rate = noisy[i : i + 1], self.config.sample_rate
            if plan.clipping is not None:
                one = corruptions.clip(one, [plan.clipping])
            if plan.salt_and_pepper is not None:
                density, height = plan.salt_and_pepper
                one = corruptions.salt_and_pepper(one, [density], [height], [plan.rng])
            if plan.packet_loss is not None:
                one = corruptions.packet_loss(one, rate, [plan.packet_loss], [plan.rng])
            noisy[i] = one[0]
        return noisy


def _equalised(
    audio: torch.Tensor, curves: Sequence[np.ndarray | None], sample_rate: int
) -> torch.Tensor:
    """Colour, in place, the items that have a curve."""
    chosen = [i for i, curve in enumerate(curves) if curve is not None]
    if not chosen:
        return audio
    rows = torch.tensor(chosen)
    points = np.stack([curve for curve in curves if curve is not None])
    return audio.index_copy_(0, rows, corruptions.equalise(audio[rows], points, sample_rate))


def _measured_rooms(rirs: AudioPool) -> list[np.ndarray]:
    responses = [rirs.sound(item).astype(np.float32) for item in range(len(rirs))]
    return [align_direct(response, rirs.sample_rate) for response in responses]
