"""Which recordings a crop is made of: seeded draws over a pool, and the cutting itself.

Draws go from the large to the small: a source, a label of it (speaker or class), a recording
of the label, a speed, a position in the recording. So a single long voice does not dominate, and
neither does a source of very many short clips.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from aeolia.data.corpus.manifest import FULL_BAND_HZ
from aeolia.data.pool import AudioPool

__all__ = ["CropSampler", "Segment", "cut", "pick", "share_ends"]

#: Soft edges of segments inside a crop.
_FADE_SECONDS = 0.005
#: How long somebody speaks between two pauses of a take.
_STRETCH_SECONDS = (1.5, 8.0)
#: Overlap when a short noise is looped.
_CROSSFADE_SECONDS = 0.05


@dataclass(frozen=True)
class Segment:
    """`length` samples of an item, from `start` in it, placed at `offset` of the crop.

    `fade` is the length in samples of the raised-cosine edges where the segment begins or ends
    inside the crop; `gain` is a factor.
    """

    item: int
    start: int
    length: int
    offset: int
    fade: int
    gain: float = 1.0


class CropSampler:
    """Draws crops of `length` samples from a pool.

    Sources are drawn in proportion to seconds**0.5 * labels**0.15, labels within a source in
    proportion to seconds**0.5, recordings within a label to seconds.

    Args:
        full_band_share: where above 0, the share of draws that come from recordings reaching
            beyond 16 kHz (where the pool has both kinds).
    """

    def __init__(self, pool: AudioPool, length: int, full_band_share: float = 0.0) -> None:
        self.pool = pool
        self.length = length
        self._items: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for item in range(len(pool)):
            if pool.lengths[item] > 0:
                row = pool.row(item)
                groups[row.source, row.label or row.path].append(item)
        sources: dict[str, list[tuple[str, str]]] = defaultdict(list)
        seconds = {}
        for key, items in groups.items():
            self._items[key] = _by_speed(pool, np.array(items))
            seconds[key] = float(pool.lengths[items].sum()) / pool.sample_rate
            sources[key[0]].append(key)
        self._sources = sorted(sources)
        self._labels = {source: sorted(sources[source]) for source in self._sources}
        self._label_ends = {
            source: share_ends([seconds[key] ** 0.5 for key in self._labels[source]])
            for source in self._sources
        }
        weights = np.array(
            [
                sum(seconds[key] for key in sources[source]) ** 0.5 * len(sources[source]) ** 0.15
                for source in self._sources
            ]
        )
        wide = np.array([self._is_full_band(source) for source in self._sources])
        if full_band_share > 0.0 and wide.any() and not wide.all():
            weights[wide] *= full_band_share / weights[wide].sum()
            weights[~wide] *= (1.0 - full_band_share) / weights[~wide].sum()
        self._source_ends = share_ends(weights)

    def _is_full_band(self, source: str) -> bool:
        items = np.concatenate([self._items[key][0][0] for key in self._labels[source]])
        reach = self.pool.bandwidth_hz[items] / self.pool.speeds[items]
        return float(np.median(reach)) > FULL_BAND_HZ

    def draw_label(self, rng: np.random.Generator) -> tuple[str, str]:
        """A (source, label) of the pool."""
        source = self._sources[pick(self._source_ends, rng)]
        return self._labels[source][pick(self._label_ends[source], rng)]

    def _draw_speed(
        self, label: tuple[str, str], rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """The items of a label at one speed: joined recordings must not change their voice."""
        speeds = self._items[label]
        return speeds[int(rng.integers(len(speeds)))]

    def draw_speech(
        self, rng: np.random.Generator, label: tuple[str, str] | None = None
    ) -> list[Segment]:
        """A crop of one speaker that has speech in it.

        Longer recordings are cut anywhere, again when nearly silent there. Shorter ones are
        joined with others of the same speaker, or stand alone between silence.
        """
        items = self._draw_speed(label or self.draw_label(rng), rng)
        item = _draw_item(items, rng)
        size = int(self.pool.lengths[item])
        fade = int(_FADE_SECONDS * self.pool.sample_rate)
        if size >= self.length:
            for _ in range(4):
                start = int(rng.integers(0, size - self.length + 1))
                if self.loud_enough(item, start):
                    break
            return [Segment(item, start, self.length, 0, fade)]
        if rng.random() < 0.25 or len(items[0]) == 1:
            return [Segment(item, 0, size, int(rng.integers(0, self.length - size + 1)), fade)]
        # Begin inside the first recording, so that speech also starts before the crop.
        start = int(rng.integers(0, size // 2 + 1))
        segments = [Segment(item, start, size - start, 0, fade)]
        end = size - start
        while end < self.length:
            end += int(rng.uniform(0.05, 0.5) * self.pool.sample_rate)
            item = _draw_item(items, rng)
            count = min(int(self.pool.lengths[item]), self.length - end)
            if count > fade:
                segments.append(Segment(item, 0, count, end, fade))
            end += max(count, 1)
        return segments

    def draw_stretch(
        self, rng: np.random.Generator, label: tuple[str, str], offset: int
    ) -> Segment:
        """A recording of a label, or a part of one, at `offset` of the crop."""
        item = _draw_item(self._draw_speed(label, rng), rng)
        size = int(self.pool.lengths[item])
        rate = self.pool.sample_rate
        count = min(size, int(rng.uniform(*_STRETCH_SECONDS) * rate), self.length - offset)
        start = int(rng.integers(0, size - count + 1))
        return Segment(item, start, count, offset, min(int(_FADE_SECONDS * rate), count // 2))

    def draw_noise(self, rng: np.random.Generator) -> tuple[list[Segment], bool]:
        """A crop of noise, and whether it is sparse (short sounds between silence).

        Short recordings are looped with a crossfade, or strewn with others of their class.
        """
        items = self._draw_speed(self.draw_label(rng), rng)
        item = _draw_item(items, rng)
        rate = self.pool.sample_rate
        size = int(self.pool.lengths[item])
        fade = int(_FADE_SECONDS * rate)
        if size >= self.length:
            start = int(rng.integers(0, size - self.length + 1))
            return [Segment(item, start, self.length, 0, fade)], False
        sparse = size < 0.8 * rate or rng.random() < 0.4
        overlap = min(int(_CROSSFADE_SECONDS * rate), size // 4)
        widest = float(rng.uniform(0.1, 1.2))
        start = int(rng.integers(0, size // 2 + 1))
        offset, segments = 0, []
        while offset < self.length:
            count = min(size - start, self.length - offset)
            edge = fade if sparse else overlap
            segments.append(Segment(item, start, count, offset, min(edge, count // 2)))
            offset += count
            start = 0
            if sparse:
                offset += int(rng.uniform(0.02, widest) * rate)
                item = _draw_item(items, rng)
                size = int(self.pool.lengths[item])
            else:
                offset -= overlap if offset < self.length else 0
        return segments, sparse

    def loud_enough(self, item: int, start: int) -> bool:
        """Whether the crop's RMS is above -40 dBFS, for recordings scaled to a peak near 0."""
        sound = self.pool.sound(item, start, self.length)[::7].astype(np.float32)
        return bool(np.sqrt(np.square(sound).mean()) > 32768 * 0.01)


def share_ends(weights: Sequence[float] | np.ndarray) -> np.ndarray:
    """Upper ends of the intervals of [0, 1) that belong to each weight; none for no weights."""
    total = np.cumsum(np.asarray(weights, np.float64))
    return np.asarray(total / total[-1]) if len(total) else total


def _by_speed(pool: AudioPool, items: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The items of each speed, with the ends of their shares by length."""
    speeds = pool.speeds[items]
    similar = [items[speeds == speed] for speed in np.unique(speeds)]
    return [(group, share_ends(pool.lengths[group])) for group in similar]


def _draw_item(items: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> int:
    """One of the items, long ones more often."""
    return int(items[0][pick(items[1], rng)])


def pick(ends: np.ndarray, rng: np.random.Generator) -> int:
    """The index of a share, drawn in proportion to the weights behind `ends`."""
    return min(int(np.searchsorted(ends, rng.random(), side="right")), len(ends) - 1)


def cut(pool: AudioPool, crops: Sequence[Sequence[Segment]], length: int) -> torch.Tensor:
    """The crops [B, length] float32; segments add up where they overlap."""
    audio = pool.audio
    output = torch.zeros((len(crops), length))
    edges: dict[int, torch.Tensor] = {}
    for item_output, segments in zip(output, crops, strict=True):
        for part in segments:
            begin = int(pool.starts[part.item]) + part.start
            sound = audio[begin : begin + part.length].float()
            if part.fade and part.fade not in edges:
                steps = torch.arange(1, part.fade + 1) / (part.fade + 1)
                edges[part.fade] = 0.5 - 0.5 * torch.cos(torch.pi * steps)
            if part.fade and part.offset > 0:
                sound[: part.fade] *= edges[part.fade]
            if part.fade and part.offset + part.length < length:
                sound[-part.fade :] *= edges[part.fade].flip(0)
            if part.gain != 1.0:
                sound *= part.gain
            item_output[part.offset : part.offset + part.length] += sound
    return output / 32768.0
