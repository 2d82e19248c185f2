"""The noises of a mixture: which ones are drawn, and their sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from aeolia.data import corruptions
from aeolia.data.acoustics import Acoustics, Colour, draw_curve
from aeolia.data.crops import CropSampler, Segment, cut
from aeolia.data.denoise.mix_config import NOISE_KINDS, MixConfig
from aeolia.data.denoise.tones import tones
from aeolia.data.mixing import amplitudes, at_active_level
from aeolia.data.pool import AudioPool
from aeolia.data.rooms import simulate_room

__all__ = ["Noise", "Noises"]

#: A second noise is this likely under a sparse one, such as steps.
_UNDER_SPARSE = 0.6
#: How near and how far the voices of a crowd are, in metres.
_CROWD_METRES = (1.0, 8.0)


@dataclass
class Noise:
    """One noise of a mixture: its kind, and crops or a spectral slope as the kind needs."""

    kind: str
    crops: list[list[Segment]] = field(default_factory=list)
    slope_db: float = 0.0
    colour: Colour = Colour()
    relative_db: float = 0.0
    #: Of a crowd's voices: impulse responses [L], and levels by their distances.
    rooms: list[np.ndarray] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)


class Noises:
    """Draws the noises of mixtures, and makes them.

    Args:
        speech: crops of the voices that babble is made of.
        noise: a pool, or None where `config.recorded` is 0.
    """

    def __init__(
        self, speech: CropSampler, noise: AudioPool | None, config: MixConfig, acoustics: Acoustics
    ) -> None:
        self._config = config
        self._speech = speech
        self._recorded = None if noise is None else CropSampler(noise, config.crop_length)
        self._acoustics = acoustics
        shares = np.array([getattr(config, kind) for kind in NOISE_KINDS])
        self._shares = shares / shares.sum()

    def draw(self, rng: np.random.Generator) -> list[Noise]:
        """One main noise, at times a second, at times hum."""
        config = self._config
        first, sparse = self._draw_one(rng)
        noises = [first]
        under_sparse = sparse and config.second_noise > 0.0
        if rng.random() < (_UNDER_SPARSE if under_sparse else config.second_noise):
            second, _ = self._draw_one(rng)
            second.relative_db = float(rng.uniform(-15.0, 3.0))
            noises.append(second)
        if rng.random() < config.hum:
            noises.append(Noise("hum", relative_db=float(rng.uniform(-15.0, 5.0))))
        return noises

    def _draw_one(self, rng: np.random.Generator) -> tuple[Noise, bool]:
        """A noise, and whether it is sparse."""
        config = self._config
        noise = Noise(str(rng.choice(NOISE_KINDS, p=self._shares)))
        sparse = False
        if noise.kind == "recorded":
            assert self._recorded is not None
            segments, sparse = self._recorded.draw_noise(rng)
            noise.crops = [segments]
            noise.colour = Colour(draw_curve(rng, config.equaliser, config.equaliser_db))
        elif noise.kind == "coloured":
            noise.slope_db = float(rng.uniform(-3.0, 9.0))
        elif noise.kind == "babble":
            voices = int(rng.integers(3, 9))
            noise.crops = [self._speech.draw_speech(rng) for _ in range(voices)]
        elif noise.kind == "crowd":
            self._draw_crowd(rng, noise)
        return noise, sparse

    def _draw_crowd(self, rng: np.random.Generator, noise: Noise) -> None:
        """Voices at several distances of one room: sound pressure falls with 1 / distance."""
        rt60_seconds = float(rng.uniform(*self._config.rt60_seconds))
        for _ in range(int(rng.integers(2, 13))):
            metres = float(np.exp(rng.uniform(*np.log(_CROWD_METRES))))
            noise.crops.append(self._speech.draw_speech(rng))
            noise.rooms.append(simulate_room(rng, self._config.sample_rate, rt60_seconds, metres))
            noise.levels.append(1.0 / metres)

    def sound(self, drawn: Sequence[Sequence[Noise]], rngs: corruptions.Rngs) -> Tensor:
        """The sum of each item's noises [B, T], the first at active level 1.

        Args:
            rngs: one generator an item, for noise that is made by rule.
        """
        flat = [(i, noise) for i, noises in enumerate(drawn) for noise in noises]
        total = torch.zeros((len(drawn), self._config.crop_length))
        # In one order, whatever else a batch holds: an item's kinds share its generator.
        for kind in (*NOISE_KINDS, "hum"):
            owners = [i for i, noise in flat if noise.kind == kind]
            if not owners:
                continue
            noises = [noise for _, noise in flat if noise.kind == kind]
            audio = self._of_kind(kind, noises, [rngs[i] for i in owners])
            levels = amplitudes([noise.relative_db for noise in noises])
            audio = at_active_level(audio, self._config.sample_rate, levels)
            for i, one in zip(owners, audio, strict=True):  # in order, hence repeatable
                total[i] += one
        return total

    def _of_kind(self, kind: str, noises: Sequence[Noise], rngs: corruptions.Rngs) -> Tensor:
        rate, length = self._config.sample_rate, self._config.crop_length
        shape = (len(noises), length)
        if kind == "recorded":
            assert self._recorded is not None
            audio = cut(self._recorded.pool, [noise.crops[0] for noise in noises], length)
            return self._acoustics.apply(audio, [noise.colour for noise in noises])
        if kind in ("babble", "crowd"):
            crops = [crop for noise in noises for crop in noise.crops]
            voices = at_active_level(cut(self._speech.pool, crops, length), rate)
            if kind == "crowd":
                rooms = self._acoustics.rooms([room for noise in noises for room in noise.rooms])
                voices = self._acoustics.apply(voices, [Colour(room=room) for room in rooms])
                levels = [level for noise in noises for level in noise.levels]
                voices *= torch.tensor(levels, dtype=voices.dtype)[:, None]
            parts = torch.split(voices, [len(noise.crops) for noise in noises])
            return torch.stack([part.sum(0) for part in parts])
        if kind == "hum":
            return corruptions.hum(shape, rate, rngs)
        if kind == "tones":
            return tones(shape, rate, rngs)
        if kind == "gaussian":
            return corruptions.gaussian(shape, rngs)
        return corruptions.coloured_noise(shape, [noise.slope_db for noise in noises], rate, rngs)
