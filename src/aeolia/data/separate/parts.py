"""The parts of a mixture by class: what each class can be, and where it is cut from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from aeolia.config.classes import CLASSES, MUSIC
from aeolia.data import corruptions
from aeolia.data.acoustics import Colour
from aeolia.data.crops import CropSampler, Segment, cut
from aeolia.data.mixing import check_rates, lowest_reach
from aeolia.data.pool import AudioPool
from aeolia.data.separate.mix_config import ClassMixConfig
from aeolia.data.separate.stems import StemCrops
from aeolia.errors import InputError

__all__ = ["Part", "Parts"]

#: Stems that may hold the bass of their song are used from here on.
_HIDDEN_BASS_HZ = 120.0
#: Draws of synthetic noise: slopes in dB per octave.
_SLOPES_DB = (-3.0, 9.0)


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


class Parts:
    """Draws parts from pools of recordings and arrangements, and cuts them.

    Args:
        pools: what there is of "speech", "noise", "stems" (rows labelled with a class of music,
            sources are songs) and "arrangements" (the same, never aligned).

    Attributes:
        labels: classes that can be drawn.
    """

    def __init__(self, pools: Mapping[str, Sequence[AudioPool]], config: ClassMixConfig) -> None:
        self._config = config
        length = config.crop_length
        self._pools = {
            f"{kind} {number}": pool
            for kind, several in pools.items()
            for number, pool in enumerate(several)
        }
        check_rates(list(self._pools.values()), config.sample_rate)
        self._music = {
            name: StemCrops(pool, length)
            for name, pool in self._pools.items()
            if name.startswith(("stems", "arrangements"))
        }
        speech, noise = self._pools.get("speech 0"), self._pools.get("noise 0")
        self._speech = self._noise = None
        if speech is not None:
            self._speech = CropSampler(speech, length, config.full_band_share)
        if noise is not None:
            self._noise = CropSampler(noise, length)
        self._songs = next((n for n, crops in self._music.items() if crops.has_songs), None)
        self.labels = [label for label in CLASSES if self._can_draw(label)]
        if not self.labels:
            raise InputError("no pool holds speech, noise or stems; give recordings of a class")

    def _can_draw(self, label: str) -> bool:
        if label == "speech":
            return self._speech is not None
        if label == "noise":
            return self._noise is not None or self._config.coloured > 0.0
        return any(label in crops.labels for crops in self._music.values())

    def draw(self, label: str, rng: np.random.Generator) -> Part:
        """One crop of a class, from any recording or arrangement of it."""
        config = self._config
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

    def draw_music(self, count: int, rng: np.random.Generator) -> list[Part]:
        """Up to `count` parts of music: some stems of one song, or each from wherever."""
        aligned = rng.random() < self._config.same_song
        if count >= 2 and aligned and self._songs is not None:
            natural = rng.random() < 0.5
            song = self._music[self._songs].draw_song(rng)
            labels = [sorted(song)[int(i)] for i in rng.permutation(len(song))[:count]]
            parts = [Part(label, self._songs, song[label], with_song=natural) for label in labels]
            return self._with_sub_bass(parts, rng)
        possible = [label for label in self.labels if label in MUSIC]
        labels = [possible[int(i)] for i in rng.permutation(len(possible))[:count]]
        return [self.draw(label, rng) for label in labels]

    def _with_sub_bass(self, parts: list[Part], rng: np.random.Generator) -> list[Part]:
        """At times the bass of a song is another one: few songs have a bass below their drums."""
        if "bass" not in self.labels or not rng.random() < self._config.sub_bass:
            return parts
        return [*(part for part in parts if part.label != "bass"), Part("bass", "", [])]

    def cut(self, parts: Sequence[Part]) -> Tensor:
        """The parts [N, T] as they were recorded; zeros for what is made by rule.

        The lows of what may hold a song's bass and is not called so are left out.
        """
        length, rate = self._config.crop_length, self._config.sample_rate
        audio = torch.zeros((len(parts), length))
        for name in dict.fromkeys(part.pool for part in parts if part.pool):
            rows = [row for row, part in enumerate(parts) if part.pool == name]
            audio[rows] = cut(self._pools[name], [parts[row].segments for row in rows], length)
        unsure = [row for row, part in enumerate(parts) if self._may_hold_bass(part)]
        if unsure:
            high, low = [float(rate)] * len(unsure), [_HIDDEN_BASS_HZ] * len(unsure)
            audio[unsure] = corruptions.band_limit(audio[unsure], rate, high, low)
        return audio

    def _may_hold_bass(self, part: Part) -> bool:
        """Whether its song has its bass here, while other recordings say what a bass is."""
        crops = self._music.get(part.pool)
        if crops is None or "bass" not in self.labels:
            return False
        return part.segments[0].item in crops.with_hidden_bass

    def peak(self, part: Part) -> float:
        """Peak of the recording that a part is cut from, before it was scaled for the pool."""
        return float(self._pools[part.pool].peaks[part.segments[0].item])

    def reach_hz(self, part: Part) -> float:
        """How high the recordings of a part reach; what is made by rule reaches everywhere."""
        if not part.pool:
            return self._config.sample_rate / 2.0
        return lowest_reach(self._pools[part.pool], part.segments)
