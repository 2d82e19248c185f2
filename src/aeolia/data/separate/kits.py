"""Mixtures of a drum kit made on the fly: its parts, and at times the song around them.

a song's kit side by side, or with parts of other songs -> gain and colour a part, a room for all
    -> what stands beside it -> level -> stems; the mixture is their sum and what stands beside
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from aeolia.config.classes import KIT, PERCUSSION
from aeolia.data import corruptions
from aeolia.data.acoustics import Acoustics, Colour, draw_curve
from aeolia.data.corpus.manifest import Row
from aeolia.data.crops import Segment, cut
from aeolia.data.mixing import amplitudes, check_rates, item_rng, items_of, level_factors
from aeolia.data.pool import AudioPool
from aeolia.data.separate.classes import ClassBatch
from aeolia.data.separate.mix_config import KitMixConfig
from aeolia.errors import DataError

__all__ = ["KitMixer", "kit_mixer"]

#: The kits of a run to train are played at these speeds.
_SPEEDS = (0.9, 1.0, 1.1)
#: A part sounds in a frame of this length where its level is above this (-50 dBFS, in power).
_FRAME_SECONDS = 0.1
_SOUNDS = 1e-5
#: Where a kit is swapped, each part comes from another song this often.
_FROM_ELSEWHERE = 0.5
#: Edges of songs shorter than a crop.
_FADE_SECONDS = 0.005
#: What is quieter is not brought to the level of a backing.
_LEAST_LEVEL = 1e-4


@dataclass(frozen=True)
class _Song:
    """A song at one speed: its items by label, and the frames where a crop may start."""

    items: dict[str, int]
    starts: np.ndarray


@dataclass(frozen=True)
class KitPart:
    """One stem of a mixture: where it is cut from, its gain and its colour."""

    label: str
    segment: Segment
    gain_db: float
    colour: Colour


@dataclass(frozen=True)
class KitPlan:
    """All that was drawn for one item."""

    parts: list[KitPart]
    #: Active level of the backing over that of the drums.
    backing_db: float
    level_dbfs: float


def kit_mixer(rows: Sequence[Row], split: str, config: KitMixConfig) -> KitMixer:
    """A mixer of the songs of `split`.

    Raises:
        DataError: no part of a kit is in the split, a recording cannot be read, or the cache not
            be written.
    """
    own = [row for row in rows if row.split == split]
    if not any(row.label in KIT for row in own):
        raise DataError(f"no parts of a drum kit are in the {split} split; give more songs")
    speeds = _SPEEDS if split == "train" else (1.0,)
    return KitMixer(AudioPool.from_manifest(own, config.sample_rate, speeds), config)


class KitMixer:
    """Makes batches of mixtures with the parts of a kit, in the order of KIT.

    Args:
        pool: stems of songs: their source is the song, their label a part of the kit or what
            stands beside it.

    Raises:
        DataError: nothing of a kit sounds anywhere.
    """

    def __init__(self, pool: AudioPool, config: KitMixConfig) -> None:
        check_rates([pool], config.sample_rate)
        self.config = config
        self.sample_rate = config.sample_rate
        self._pool = pool
        self._frame = max(1, round(_FRAME_SECONDS * config.sample_rate))
        self._acoustics = Acoustics.with_bank(
            config.sample_rate, config.crop_length, config.rooms, config.rt60_seconds, config.seed
        )
        grouped: dict[tuple[str, float], dict[str, int]] = defaultdict(dict)
        for item in range(len(pool)):
            row = pool.row(item)
            grouped[row.source, float(pool.speeds[item])][row.label] = item
        starts = {
            item: self._starts(item) for item in range(len(pool)) if pool.row(item).label in KIT
        }
        self._songs = []
        #: Part -> items of it that sound, and where crops with them may start.
        self._parts: dict[str, list[tuple[int, np.ndarray]]] = defaultdict(list)
        for items in grouped.values():
            own = [starts[item] for label, item in items.items() if label in KIT]
            together = np.unique(np.concatenate(own)) if own else np.zeros(0, np.int64)
            if len(together):
                self._songs.append(_Song(items, together))
        for item, own_starts in starts.items():
            if len(own_starts):
                self._parts[pool.row(item).label].append((item, own_starts))
        if not self._songs:
            raise DataError("nothing sounds in any part of a drum kit; give songs that have drums")

    def batch(self, step: int, batch_size: int, rank: int = 0, world: int = 1) -> ClassBatch:
        """The mixtures of a step: of `batch_size` in all, the rank-th of `world` parts."""
        return self.render([self.plan(step, i) for i in items_of(batch_size, rank, world)])

    def plan(self, step: int, index: int) -> KitPlan:
        """Draw item `index` of a step. The order of the draws is part of what a seed means."""
        config = self.config
        rng = item_rng(config.seed, step, index)
        song = self._songs[int(rng.integers(len(self._songs)))]
        start = self._draw_start(song.starts, rng)
        kit = {
            label: self._segment(item, start)
            for label, item in song.items.items()
            if label in (*KIT, PERCUSSION)
        }
        if rng.random() < config.swapped:
            kit |= self._from_elsewhere(rng)
        room = self._acoustics.draw(rng, 0.0, 0.0, config.reverb).room
        parts = []
        for label, segment in sorted(kit.items()):
            gain_db = float(rng.uniform(-config.gain_db, config.gain_db))
            curve = draw_curve(rng, config.equaliser, config.equaliser_db)
            parts.append(KitPart(label, segment, gain_db, Colour(curve, room)))
        if rng.random() < config.backing:
            colour = self._acoustics.draw(rng, config.equaliser, config.equaliser_db, config.reverb)
            parts += [
                KitPart(label, self._segment(item, start), 0.0, colour)
                for label, item in sorted(song.items.items())
                if label not in kit and label not in KIT
            ]
        backing_db, level_dbfs = rng.uniform(*config.backing_db), rng.uniform(*config.level_dbfs)
        return KitPlan(parts, float(backing_db), float(level_dbfs))

    def _from_elsewhere(self, rng: np.random.Generator) -> dict[str, Segment]:
        """Some parts of any songs, each cut where it sounds."""
        found = {}
        for label in KIT:
            several = self._parts.get(label)
            if several and rng.random() < _FROM_ELSEWHERE:
                item, starts = several[int(rng.integers(len(several)))]
                found[label] = self._segment(item, self._draw_start(starts, rng))
        return found

    def _draw_start(self, starts: np.ndarray, rng: np.random.Generator) -> int:
        return int((int(starts[rng.integers(len(starts))]) + rng.random()) * self._frame)

    def _segment(self, item: int, start: int) -> Segment:
        """A crop from `start` on, or as near to it as the item reaches."""
        size, length = int(self._pool.lengths[item]), self.config.crop_length
        if size < length:
            fade = min(size // 2, int(_FADE_SECONDS * self.sample_rate))
            return Segment(item, 0, size, 0, fade)
        return Segment(item, min(start, size - length), length, 0, 0)

    def _starts(self, item: int) -> np.ndarray:
        """Frames in which crops may start that hold sound of an item [N]."""
        frame, size = self._frame, int(self._pool.lengths[item])
        count = max(1, size // frame)
        sound = self._pool.sound(item, length=count * frame)
        sound = np.pad(sound, (0, count * frame - len(sound)))
        # Every fourth sample suffices, at a quarter of the time.
        block = sound.reshape(count, frame)[:, ::4].astype(np.float32) / 32768.0
        power = np.square(block).mean(1) * float(self._pool.peaks[item]) ** 2
        total = np.concatenate([[0], np.cumsum(power > _SOUNDS)])
        # A crop may start a frame late, and then does not hold the first.
        inside = max(1, self.config.crop_length // frame - 1)
        starts = np.arange(max(1, count - inside))
        ends = np.minimum(starts + 1 + inside, count)
        held = total[ends] - total[np.minimum(starts + 1, ends - 1)]
        return np.flatnonzero(held > 0)

    def render(self, plans: Sequence[KitPlan]) -> ClassBatch:
        """Make the audio of drawn items, all at once."""
        rate, length = self.sample_rate, self.config.crop_length
        flat = [(i, part) for i, plan in enumerate(plans) for part in plan.parts]
        items = [part.segment.item for _, part in flat]
        audio = cut(self._pool, [[part.segment] for _, part in flat], length)
        # Balance is that of the song, before its stems were scaled for the pool.
        heights = torch.from_numpy(self._pool.peaks[items]).float()
        audio *= (heights * amplitudes([part.gain_db for _, part in flat]))[:, None]
        audio = self._acoustics.apply(audio, [part.colour for _, part in flat])

        stems = torch.zeros((len(plans), len(KIT), length))
        beside, backing = torch.zeros((2, len(plans), length))
        reach = torch.full((len(plans), len(KIT)), rate / 2.0)
        for (i, part), sound in zip(flat, audio, strict=True):
            if part.label in KIT:
                index = KIT.index(part.label)
                stems[i, index] = sound
                reach[i, index] = float(self._pool.bandwidth_hz[part.segment.item])
            else:
                (beside if part.label == PERCUSSION else backing)[i] += sound
        self._balance(stems.sum(1) + beside, backing, plans)
        beside += backing
        factors = self._factors(stems, stems.sum(1) + beside, plans)[:, None]
        stems *= factors[..., None]
        return ClassBatch(stems.sum(1) + factors * beside, stems, reach, rate)

    def _balance(self, drums: Tensor, backing: Tensor, plans: Sequence[KitPlan]) -> None:
        """Bring `backing` [B, T], in place, to its level beside the drums [B, T]."""
        levels = corruptions.active_level(drums, self.sample_rate)
        levels *= amplitudes([plan.backing_db for plan in plans])
        own = corruptions.active_level(backing, self.sample_rate).clamp_min(_LEAST_LEVEL)
        backing *= (levels / own)[:, None]

    def _factors(self, stems: Tensor, mixture: Tensor, plans: Sequence[KitPlan]) -> Tensor:
        """What brings mixtures [B, T] to their levels, and no stem above full scale: [B]."""
        peak = torch.maximum(mixture.abs().amax(1), stems.abs().amax((1, 2)))
        return level_factors(mixture, peak, [plan.level_dbfs for plan in plans], self.sample_rate)
