"""Mixtures of sound classes made on the fly: speech, the stems of music, and noise.

which classes -> a crop each (stems of one song side by side, or anything with anything)
    -> colour and room -> level -> stems; the mixture is their sum, to the last bit
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from aeolia.config.classes import CLASSES, MUSIC
from aeolia.data import corruptions
from aeolia.data.acoustics import Acoustics
from aeolia.data.corpus.manifest import Row
from aeolia.data.mixing import LEAST_LEVEL, item_rng, items_of, level_factors
from aeolia.data.pool import AudioPool
from aeolia.data.separate.mix_config import ClassMixConfig
from aeolia.data.separate.parts import Part, Parts
from aeolia.data.separate.pools import class_pools
from aeolia.data.separate.sub_bass import beats_of, sub_bass

__all__ = ["ClassBatch", "ClassMixer", "ClassPlan", "class_mixer"]

#: Shares of one to four parts of music, beside speech and alone.
_PARTS_BESIDE_SPEECH = (0.25, 0.3, 0.25, 0.2)
_PARTS_ALONE = (0.0, 0.35, 0.4, 0.25)
#: Never more classes than this in a mixture.
_MOST_CLASSES = 5
#: In electronic music a low bass may be far louder than all else: by up to so much more.
_SUB_BASS_DB = 18.0
#: And it begins where its drums are struck, in so many of the mixtures that have some.
_ON_BEAT = 0.7


@dataclass(frozen=True)
class ClassBatch:
    """Mixtures [B, T], their stems [B, K, T] in the order of the classes, zeros where absent.

    `bandwidth_hz` [B, K] is how high the recordings of a stem reach; where a stem is absent it
    is half the sample rate, for there nothing is what the stem holds.
    """

    mixture: Tensor
    stems: Tensor
    bandwidth_hz: Tensor
    sample_rate: int

    @property
    def seconds(self) -> float:
        """Length of all mixtures together."""
        return self.mixture.numel() / self.sample_rate


@dataclass
class ClassPlan:
    """All that was drawn for one item; what is made by rule comes from `rng`."""

    rng: np.random.Generator
    parts: list[Part]
    level_dbfs: float


def class_mixer(rows: Sequence[Row], split: str, config: ClassMixConfig) -> ClassMixer:
    """A mixer of the rows of `split`: speech, noise, stems, and notes and hits as arrangements.

    Raises:
        DataError: a recording cannot be read or the cache not be written.
    """
    return ClassMixer(class_pools(rows, split, config.sample_rate), config)


class ClassMixer:
    """Makes batches of mixtures with their stems by class.

    Args:
        pools: recordings by kind, see `Parts`; classes without recordings stay absent.
    """

    def __init__(self, pools: Mapping[str, Sequence[AudioPool]], config: ClassMixConfig) -> None:
        self.config = config
        self.sample_rate = config.sample_rate
        self.parts = Parts(pools, config)
        self._acoustics = Acoustics.with_bank(
            config.sample_rate, config.crop_length, config.rooms, config.rt60_seconds, config.seed
        )

    def batch(self, step: int, batch_size: int, rank: int = 0, world: int = 1) -> ClassBatch:
        """The mixtures of a step: of `batch_size` in all, the rank-th of `world` parts."""
        return self.render([self.plan(step, i) for i in items_of(batch_size, rank, world)])

    def plan(self, step: int, index: int) -> ClassPlan:
        """Draw item `index` of a step. The order of the draws is part of what a seed means."""
        config = self.config
        rng = item_rng(config.seed, step, index)
        labels, music = self._draw_labels(rng)
        parts = [self.parts.draw(label, rng) for label in labels]
        parts += self.parts.draw_music(music, rng)
        reach_db = config.gain_db * rng.uniform()
        song_gain_db = float(rng.uniform(-reach_db, reach_db))
        for part in parts:
            own_db = float(rng.uniform(-reach_db, reach_db))
            if part.is_sub_bass:
                own_db += float(rng.uniform(0.0, _SUB_BASS_DB))
            part.gain_db = song_gain_db if part.with_song else own_db
            part.colour = self._acoustics.draw(
                rng, config.equaliser, config.equaliser_db, config.reverb
            )
        return ClassPlan(rng, parts, float(rng.uniform(*config.level_dbfs)))

    def _draw_labels(self, rng: np.random.Generator) -> tuple[list[str], int]:
        """(classes other than music, number of parts of music) of a mixture."""
        config, known = self.config, self.parts.labels
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
        labels = [label for label in labels if label in known]
        music = min(music, _MOST_CLASSES - len(labels))
        if not labels and not any(label in MUSIC for label in known):
            labels = [known[int(rng.integers(len(known)))]]
        return labels, music if labels else max(1, music)

    def render(self, plans: Sequence[ClassPlan]) -> ClassBatch:
        """Make the audio of drawn items, all at once."""
        rate = self.sample_rate
        flat = [(i, part) for i, plan in enumerate(plans) for part in plan.parts]
        audio = self.parts.cut([part for _, part in flat])
        self._make(flat, plans, audio)
        # Balance is that of the recordings: before rooms and equalisers change the levels.
        heights = torch.from_numpy(self._heights(flat, audio))
        audio = self._acoustics.apply(audio, [part.colour for _, part in flat])
        level = corruptions.active_level(audio, rate).clamp_min(LEAST_LEVEL)
        owners = torch.tensor([i for i, _ in flat])
        audio *= self._scales(audio, heights / level, owners, plans)[:, None]

        stems = torch.zeros((len(plans), len(CLASSES), audio.shape[1]))
        reach = torch.full((len(plans), len(CLASSES)), rate / 2.0)
        for (i, part), sound in zip(flat, audio, strict=True):
            index = CLASSES.index(part.label)
            stems[i, index] = sound
            reach[i, index] = self.parts.reach_hz(part)
        return ClassBatch(stems.sum(1), stems, reach, rate)

    def _make(
        self, flat: Sequence[tuple[int, Part]], plans: Sequence[ClassPlan], audio: Tensor
    ) -> None:
        """Fill in, in place, what is made by rule."""
        rate, length = self.sample_rate, audio.shape[1]
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
                audio[row] = torch.from_numpy(0.5 * sub_bass(length, rate, rng, beats))

    def _heights(self, flat: Sequence[tuple[int, Part]], audio: Tensor) -> np.ndarray:
        """Target level [N] of each part: its gain, times its balance within its song."""
        heights = np.array([10.0 ** (part.gain_db / 20.0) for _, part in flat], np.float32)
        rows = [row for row, (_, part) in enumerate(flat) if part.with_song]
        if not rows:
            return heights
        natural = corruptions.active_level(audio[rows], self.sample_rate).numpy()
        loudest: dict[int, float] = {}
        for position, row in enumerate(rows):
            i, part = flat[row]
            natural[position] *= self.parts.peak(part)
            loudest[i] = max(loudest.get(i, 1e-9), float(natural[position]))
        heights[rows] *= natural / [loudest[flat[row][0]] for row in rows]
        return heights

    def _scales(
        self, audio: Tensor, factors: Tensor, owners: Tensor, plans: Sequence[ClassPlan]
    ) -> Tensor:
        """`factors` [N] of parts times what brings their mixture to its level.

        Less where the mixture or a part would have a peak above 0.99.
        """
        mixture = audio.new_zeros((len(plans), audio.shape[1]))
        for sound, factor, i in zip(audio, factors, owners.tolist(), strict=True):
            mixture[i].addcmul_(sound, factor)  # in order, hence repeatable
        parts = torch.maximum(audio.amax(-1), -audio.amin(-1)) * factors
        peak = torch.maximum(mixture.amax(-1), -mixture.amin(-1))
        for own, i in zip(parts, owners.tolist(), strict=True):
            peak[i] = torch.maximum(peak[i], own)
        levels_dbfs = [plan.level_dbfs for plan in plans]
        return factors * level_factors(mixture, peak, levels_dbfs, self.sample_rate)[owners]
