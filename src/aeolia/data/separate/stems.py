"""Crops of music by class: stretches where a stem sounds, and stems of one song side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from aeolia.data.crops import Segment, pick, share_ends
from aeolia.data.pool import AudioPool

__all__ = ["StemCrops"]

#: Activity is looked at in frames of this length.
_FRAME_SECONDS = 0.25
#: A frame sounds when it is within this of the stem's loud frames.
_ACTIVE_DB = 35.0
#: A crop is worth drawing when this share of its frames sounds.
_ACTIVE_SHARE = 0.6
#: Below about this frequency lies what a bass plays.
_LOW_HZ = 100.0
#: Fading edges of recordings shorter than a crop.
_FADE_SECONDS = 0.005


@dataclass(frozen=True)
class _Starts:
    """Where crops may start in items that belong together: frames, one list per item."""

    items: np.ndarray
    frames: list[np.ndarray]
    #: Upper ends of the items' shares of [0, 1).
    ends: np.ndarray


class StemCrops:
    """Draws crops of `length` samples from stems, mostly where they sound.

    Every row is a stem: its label is the class, its source the song, whose stems are aligned.
    What a song's "other" plays while most of its power lies below 100 Hz is passed over, and
    `with_hidden_bass` names what should be used without its lows: songs without a bass stem hold
    their bass there or among the drums, and a sound cannot be in two classes.
    """

    def __init__(self, pool: AudioPool, length: int) -> None:
        self.pool = pool
        self.length = length
        self._frame = max(1, round(_FRAME_SECONDS * pool.sample_rate))
        self._fade = int(_FADE_SECONDS * pool.sample_rate)
        good = [self._good_starts(item) for item in range(len(pool))]
        by_label: dict[str, list[int]] = defaultdict(list)
        by_song: dict[tuple[str, float], list[int]] = defaultdict(list)
        for item in range(len(pool)):
            if good[item].any():
                by_label[pool.row(item).label].append(item)
            by_song[pool.row(item).source, float(pool.speeds[item])].append(item)
        self._labels = {label: _starts_of(items, good) for label, items in by_label.items()}
        #: Items whose lows may be a bass: drums and "other" of songs without a bass stem.
        self.with_hidden_bass = _with_hidden_bass(pool, by_song.values())
        self._songs = [
            song
            for items in by_song.values()
            if (song := _AlignedStems.of(pool, items, good)) is not None
        ]
        self._song_ends = share_ends([len(song.starts) for song in self._songs])

    @property
    def labels(self) -> list[str]:
        """Classes that can be drawn."""
        return sorted(self._labels)

    @property
    def has_songs(self) -> bool:
        """Whether there are songs with two stems or more that sound together."""
        return bool(self._songs)

    def draw(self, label: str, rng: np.random.Generator) -> list[Segment]:
        """A crop of a stem of class `label`."""
        starts = self._labels[label]
        which = pick(starts.ends, rng)
        item = int(starts.items[which])
        size = int(self.pool.lengths[item])
        if size < self.length:  # stands alone between silence
            return [Segment(item, 0, size, int(rng.integers(self.length - size + 1)), self._fade)]
        frames = starts.frames[which]
        return [self._segment(item, int(frames[rng.integers(len(frames))]), rng.random())]

    def draw_song(self, rng: np.random.Generator) -> dict[str, list[Segment]]:
        """Crops of all stems of a song that sound at one time: at least two."""
        song = self._songs[pick(self._song_ends, rng)]
        frame = int(song.starts[rng.integers(len(song.starts))])
        shift = rng.random()
        return {
            self.pool.row(item).label: [self._segment(item, frame, shift)]
            for item, sounds in zip(song.items, song.sounds, strict=True)
            if sounds[frame]
        }

    def _segment(self, item: int, frame: int, shift: float) -> Segment:
        """A whole crop that starts in `frame`, a `shift` of 0 to 1 frames into it."""
        start = int((frame + shift) * self._frame)
        start = min(start, int(self.pool.lengths[item]) - self.length)
        return Segment(item, start, self.length, 0, 0)

    def _good_starts(self, item: int) -> np.ndarray:
        """For each frame whether a crop that starts there is worth drawing [N] bool."""
        size = int(self.pool.lengths[item])
        if size < self.length:
            return np.ones(1, bool)
        frames = size // self._frame
        sound = self.pool.sound(item, length=frames * self._frame)
        low_step = max(1, round(self.pool.sample_rate / (4.0 * _LOW_HZ)))
        parts = self._frame // low_step
        # Every other sample of short means and of all suffice, at half the time.
        blocks = sound.reshape(frames, self._frame)[:, : parts * low_step]
        blocks = blocks.reshape(frames, parts, low_step).astype(np.float32)
        power = np.square(blocks).mean((1, 2))
        loud = np.quantile(power, 0.95)
        sounds = power > loud * 10.0 ** (-_ACTIVE_DB / 10.0)
        if self.pool.row(item).label == "other":
            low = np.square(blocks.mean(2)).mean(1)
            sounds &= low < 0.5 * np.maximum(power, 1e-9)
        needed = -(-self.length // self._frame)
        total = np.concatenate([[0], np.cumsum(sounds)])
        count = max(1, frames - needed + 1)
        share = (total[needed : needed + count] - total[:count]) / needed
        good = np.zeros(max(count, 1), bool)
        good[: len(share)] = share >= _ACTIVE_SHARE
        return good


@dataclass(frozen=True)
class _AlignedStems:
    """Stems of one song at one speed: items, whether each sounds by frame, and good frames."""

    items: list[int]
    sounds: list[np.ndarray]
    starts: np.ndarray

    @classmethod
    def of(cls, pool: AudioPool, items: list[int], good: list[np.ndarray]) -> _AlignedStems | None:
        """None where no two stems of different classes sound together."""
        if len({pool.row(item).label for item in items}) < len(items) or len(items) < 2:
            return None
        frames = min(len(good[item]) for item in items)
        sounds = [good[item][:frames] for item in items]
        starts = np.flatnonzero(np.sum(sounds, axis=0) >= 2)
        return cls(items, sounds, starts) if len(starts) else None


def _with_hidden_bass(pool: AudioPool, songs: Iterable[list[int]]) -> frozenset[int]:
    """Items other than vocals of songs that have several stems, but none of bass."""
    hidden = set()
    for items in songs:
        labels = {item: pool.row(item).label for item in items}
        if len(set(labels.values())) > 1 and "bass" not in labels.values():
            hidden |= {item for item in items if labels[item] != "vocals"}
    return frozenset(hidden)


def _starts_of(items: list[int], good: list[np.ndarray]) -> _Starts:
    starts = [np.flatnonzero(good[item]) for item in items]
    # Long recordings more often, but not in proportion: variety counts.
    return _Starts(np.array(items), starts, share_ends([len(s) ** 0.5 for s in starts]))
