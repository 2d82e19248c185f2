"""Mixtures of sound classes made on the fly: speech, the stems of music, and noise.

    which classes -> a crop each (stems of one song side by side, or anything with anything)
        -> colour and room -> level -> stems; the mixture is their sum, to the last bit

Item i of step s is drawn from `np.random.default_rng((seed, s, i))` and from nothing else, as in
`data/mixtures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from aeolia.config.classes import CLASSES, MUSIC
from aeolia.data import corruptions
from aeolia.data.acoustics import Acoustics, Colour
from aeolia.data.crops import CropSampler, Segment, cut
from aeolia.data.pool import AudioPool
from aeolia.data.separate.mix_config import ClassMixConfig
from aeolia.data.separate.stems import StemCrops
from aeolia.data.separate.sub_bass import beats_of, sub_bass
from aeolia.errors import InputError

__all__ = ["ClassBatch", "ClassMixer", "ClassPlan", "Part"]

#: Shares of one to four parts of music, beside speech and alone.
_PARTS_BESIDE_SPEECH = (0.25, 0.3, 0.25, 0.2)
_PARTS_ALONE = (0.0, 0.35, 0.4, 0.25)
#: Never more classes than this in a mixture.
_MOST_CLASSES = 5
#: Crops quieter than this (recordings have a peak of 0.9) are not made louder any more.
_LEAST_LEVEL = 0.002
#: In electronic music a low bass may be far louder than all else: by up to so much more.
_SUB_BASS_DB = 18.0
#: And it begins where its drums are struck, in so many of the mixtures that have some.
_ON_BEAT = 0.7
#: Stems that may hold the bass of their song are heard from here on.
_HIDDEN_BASS_HZ = 120.0
#: Draws of synthetic noise: slopes in dB per octave.
_SLOPES_DB = (-3.0, 9.0)


@dataclass(frozen=True)
class ClassBatch:
    """Mixtures [B, T], their stems [B, 6, T] in the order of CLASSES, zeros where absent.

    `bandwidth_hz` [B, 6] is how high the recordings of a stem reach; where a stem is absent it
    is half the sample rate, for there nothing is what the stem holds.
    """

    mixture: torch.Tensor
    stems: torch.Tensor
    bandwidth_hz: torch.Tensor
    sample_rate: int

    @property
    def seconds(self) -> float:
        """Length of all mixtures together."""
        return self.mixture.numel() / self.sample_rate


@dataclass
class Part:
    """One class of a mixture: where it is cut from, its colour, and its gain.

    `pool` names the pool; what is made by rule has none, and no segments: noise with a spectral
    slope of `slope_db`, or a bass.
    `with_song`: the part keeps its natural balance with the other parts of its song.
    """

    label: str
    pool: str
    segments: list[Segment]
    gain_db: float = 0.0
    colour: Colour = Colour()
    with_song: bool = False
    slope_db: float | None = None

    @property
    def is_sub_bass(self) -> bool:
        """Whether it is a low bass made by rule."""
        return not self.pool and self.slope_db is None


@dataclass
class ClassPlan:
    """All that was drawn for one item; what is made by rule comes from `rng`."""

    rng: np.random.Generator
    parts: list[Part]
    level_dbfs: float


class ClassMixer:
    """Makes batches of mixtures with their stems by class.

    Args:
        pools: what there is of "speech", "noise", "stems" (rows labelled with a class of music,
            sources are songs) and "arrangements" (the same, never aligned); classes without
            recordings stay absent.
    """

    def __init__(
        self,
        pools: Mapping[str, Sequence[AudioPool]],
        config: ClassMixConfig,
    ) -> None:
        self.config = config
        self.sample_rate = config.sample_rate
        self._pools: dict[str, AudioPool] = {}
        self._music: dict[str, StemCrops] = {}
        length = config.crop_length
        for kind, several in pools.items():
            for number, pool in enumerate(several):
                if pool.sample_rate != config.sample_rate:
                    raise InputError(
                        f"a pool has {pool.sample_rate} Hz and the mixture {config.sample_rate} "
                        "Hz; build the pool at the mixture's rate"
                    )
                name = f"{kind} {number}"
                self._pools[name] = pool
                if kind in ("stems", "arrangements"):
                    self._music[name] = StemCrops(pool, length)
        speech, noise = self._pools.get("speech 0"), self._pools.get("noise 0")
        self._speech = self._noise = None
        if speech is not None:
            self._speech = CropSampler(speech, length, config.full_band_share)
        if noise is not None:
            self._noise = CropSampler(noise, length)
        self._songs = next((s for s in self._music.values() if s.has_songs), None)
        self.acoustics = Acoustics(
            config.sample_rate, length, config.rooms, config.rt60_seconds, config.seed
        )
        #: Classes that mixtures can hold.
        self.labels = [label for label in CLASSES if self._can_draw(label)]
        if not self.labels:
            raise InputError("no pool holds speech, noise or stems; give recordings of a class")

    def _can_draw(self, label: str) -> bool:
        if label == "speech":
            return self._speech is not None
        if label == "noise":
            return self._noise is not None or self.config.coloured > 0.0
        return any(label in crops.labels for crops in self._music.values())

    def batch(self, step: int, batch_size: int, rank: int = 0, world: int = 1) -> ClassBatch:
        """The mixtures of a step: of `batch_size` in all, the rank-th of `world` parts."""
        if batch_size % world or not 0 <= rank < world:
            raise InputError(
                f"a batch of {batch_size} cannot be shared by {world} processes (rank {rank}); "
                "choose a multiple"
            )
        share = batch_size // world
        return self.render([self.plan(step, rank * share + i) for i in range(share)])

    def plan(self, step: int, index: int) -> ClassPlan:
        """Draw item `index` of a step. The order of the draws is part of what a seed means."""
        config = self.config
        rng = np.random.default_rng((config.seed, step, index))
        labels, music = self._draw_labels(rng)
        parts = [self.draw_part(label, rng) for label in labels]
        parts += self._draw_music(music, rng)
        reach = config.gain_db * rng.uniform()
        song_gain = float(rng.uniform(-reach, reach))
        for part in parts:
            own = float(rng.uniform(-reach, reach))
            if part.is_sub_bass:
                own += float(rng.uniform(0.0, _SUB_BASS_DB))
            part.gain_db = song_gain if part.with_song else own
            part.colour = self.acoustics.draw(
                rng, config.equaliser, config.equaliser_db, config.reverb
            )
        return ClassPlan(rng, parts, float(rng.uniform(*config.level_dbfs)))

    def _draw_labels(self, rng: np.random.Generator) -> tuple[list[str], int]:
        """(classes other than music, number of parts of music) of a mixture."""
        config = self.config
        case = rng.random()
        beside = rng.random() < config.music
        noisy = rng.random() < config.noise
        if case < config.beside_speech:
            labels = ["speech", "noise"] if noisy or not beside else ["speech"]
            music = 1 + int(rng.choice(4, p=_PARTS_BESIDE_SPEECH)) if beside else 0
        elif case < config.beside_speech + config.music_alone:
            labels = ["noise"] if rng.random() < 0.15 else []
            music = 1 + int(rng.choice(4, p=_PARTS_ALONE))
        else:
            chosen = rng.permutation(len(CLASSES))[: int(rng.integers(1, 4))]
            names = [CLASSES[int(i)] for i in chosen]
            labels = [name for name in names if name not in MUSIC]
            music = len(names) - len(labels)
        labels = [label for label in labels if label in self.labels]
        music = min(music, _MOST_CLASSES - len(labels))
        if not labels and not any(label in MUSIC for label in self.labels):
            labels = [self.labels[int(rng.integers(len(self.labels)))]]
        return labels, music if labels else max(1, music)

    def _draw_music(self, count: int, rng: np.random.Generator) -> list[Part]:
        """Parts of music: some stems of one song, or each from wherever."""
        aligned = rng.random() < self.config.same_song
        if count >= 2 and aligned and self._songs is not None:
            name = next(name for name, crops in self._music.items() if crops is self._songs)
            natural = rng.random() < 0.5
            song = self._songs.draw_song(rng)
            labels = [sorted(song)[int(i)] for i in rng.permutation(len(song))[:count]]
            parts = [Part(label, name, song[label], with_song=natural) for label in labels]
            return self._with_sub_bass(parts, rng)
        possible = [label for label in self.labels if label in MUSIC]
        labels = [possible[int(i)] for i in rng.permutation(len(possible))[:count]]
        return [self.draw_part(label, rng) for label in labels]

    def _with_sub_bass(self, parts: list[Part], rng: np.random.Generator) -> list[Part]:
        """At times the bass of a song is another one: few songs have a bass below their drums."""
        if "bass" not in self.labels or not rng.random() < self.config.sub_bass:
            return parts
        return [*(part for part in parts if part.label != "bass"), Part("bass", "", [])]

    def draw_part(self, label: str, rng: np.random.Generator) -> Part:
        """One crop of a class, from any recording or arrangement of it."""
        config = self.config
        if label == "speech":
            assert self._speech is not None
            return Part(label, "speech 0", self._speech.draw_speech(rng))
        if label == "noise":
            if self._noise is None or rng.random() < config.coloured:
                return Part(label, "", [], slope_db=float(rng.uniform(*_SLOPES_DB)))
            return Part(label, "noise 0", self._noise.draw_noise(rng)[0])
        if label == "bass" and config.sub_bass and rng.random() < config.sub_bass:
            return Part(label, "", [])
        names = [name for name, crops in self._music.items() if label in crops.labels]
        stems = [name for name in names if name.startswith("stems")]
        made = [name for name in names if name.startswith("arrangements")]
        share = config.arranged_vocals if label == "vocals" else config.arranged
        if stems and made:
            names = made if rng.random() < share else stems
        name = names[int(rng.integers(len(names)))]
        return Part(label, name, self._music[name].draw(label, rng))

    def cut_parts(self, parts: Sequence[Part]) -> torch.Tensor:
        """The parts [N, T] as they were recorded; zeros for what is made by rule.

        The lows of what may hold a song's bass and is not called so are left out.
        """
        audio = torch.zeros((len(parts), self.config.crop_length))
        for name in dict.fromkeys(part.pool for part in parts if part.pool):
            rows = [row for row, part in enumerate(parts) if part.pool == name]
            crops = [parts[row].segments for row in rows]
            audio[rows] = cut(self._pools[name], crops, self.config.crop_length)
        unsure = [row for row, part in enumerate(parts) if self._may_hold_bass(part)]
        if unsure:
            rate, count = self.sample_rate, len(unsure)
            audio[unsure] = corruptions.band_limit(
                audio[unsure], rate, count * [float(rate)], count * [_HIDDEN_BASS_HZ]
            )
        return audio

    def _may_hold_bass(self, part: Part) -> bool:
        """Whether its song has its bass here, while other recordings say what a bass is."""
        crops = self._music.get(part.pool)
        if crops is None or "bass" not in self.labels:
            return False
        return part.segments[0].item in crops.with_hidden_bass

    def render(self, plans: Sequence[ClassPlan]) -> ClassBatch:
        """Make the audio of drawn items, all at once."""
        rate, length = self.config.sample_rate, self.config.crop_length
        flat = [(i, part) for i, plan in enumerate(plans) for part in plan.parts]
        audio = self.cut_parts([part for _, part in flat])
        self._make(flat, plans, audio)
        # Balance is that of the recordings: before rooms and equalisers change the levels.
        heights = torch.from_numpy(self._heights(flat, audio))
        audio = self.acoustics.apply(audio, [part.colour for _, part in flat])
        level = corruptions.active_level(audio, rate).clamp_min(_LEAST_LEVEL)
        owners = torch.tensor([i for i, _ in flat])
        audio *= self._scales(audio, heights / level, owners, plans)[:, None]

        stems = torch.zeros((len(plans), len(CLASSES), length))
        reach = torch.full((len(plans), len(CLASSES)), rate / 2.0)
        for (i, part), sound in zip(flat, audio, strict=True):
            place = CLASSES.index(part.label)
            stems[i, place] = sound
            reach[i, place] = self._reach(part)
        return ClassBatch(stems.sum(1), stems, reach, rate)

    def _make(
        self, flat: Sequence[tuple[int, Part]], plans: Sequence[ClassPlan], audio: torch.Tensor
    ) -> None:
        """Fill in, in place, what is made by rule."""
        rate, length = self.config.sample_rate, self.config.crop_length
        made = [row for row, (_, part) in enumerate(flat) if part.slope_db is not None]
        if made:
            slopes = [flat[row][1].slope_db or 0.0 for row in made]
            rngs = [plans[flat[row][0]].rng for row in made]
            noise = corruptions.coloured_noise((len(made), length), slopes, rate, rngs)
            audio[made] = 0.1 * noise
        for row, (i, part) in enumerate(flat):
            if part.is_sub_bass:
                rng = plans[i].rng
                drums = [audio[r] for r, (j, o) in enumerate(flat) if j == i and o.label == "drums"]
                on_beat = bool(drums) and rng.random() < _ON_BEAT
                beats = beats_of(drums[0].numpy(), rate) if on_beat else None
                line = sub_bass(length, rate, rng, beats)
                audio[row] = torch.from_numpy(0.5 * line)

    def _heights(self, flat: Sequence[tuple[int, Part]], audio: torch.Tensor) -> np.ndarray:
        """Wanted active level [N] of each part: its gain, times its balance within its song."""
        heights = np.array([10.0 ** (part.gain_db / 20.0) for _, part in flat], np.float32)
        rows = [row for row, (_, part) in enumerate(flat) if part.with_song]
        if not rows:
            return heights
        natural = corruptions.active_level(audio[rows], self.sample_rate).cpu().numpy()
        loudest: dict[int, float] = {}
        for place, row in enumerate(rows):
            i, part = flat[row]
            natural[place] *= self._pools[part.pool].peaks[part.segments[0].item]
            loudest[i] = max(loudest.get(i, 1e-9), float(natural[place]))
        heights[rows] *= natural / [loudest[flat[row][0]] for row in rows]
        return heights

    def _scales(
        self,
        audio: torch.Tensor,
        factors: torch.Tensor,
        owners: torch.Tensor,
        plans: Sequence[ClassPlan],
    ) -> torch.Tensor:
        """`factors` [N] of parts times what brings their mixture to its level.

        Less where the mixture or a part would have a peak above 0.99.
        """
        mixture = audio.new_zeros((len(plans), audio.shape[1]))
        for sound, factor, i in zip(audio, factors, owners.tolist(), strict=True):
            mixture[i].addcmul_(sound, factor)  # in order, hence repeatable
        parts = torch.maximum(audio.amax(-1), -audio.amin(-1)) * factors
        peak = torch.maximum(mixture.amax(-1), -mixture.amin(-1)).clamp_min(1e-7)
        for own, i in zip(parts, owners.tolist(), strict=True):
            peak[i] = torch.maximum(peak[i], own)
        wanted = torch.tensor([10.0 ** (plan.level_dbfs / 20.0) for plan in plans])
        level = corruptions.active_level(mixture, self.sample_rate).clamp_min(1e-7)
        return factors * torch.minimum(wanted / level, 0.99 / peak)[owners]

    def _reach(self, part: Part) -> float:
        if not part.pool:
            return self.config.sample_rate / 2.0
        bandwidth = self._pools[part.pool].bandwidth_hz
        return min(float(bandwidth[segment.item]) for segment in part.segments)
