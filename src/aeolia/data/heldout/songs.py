"""Held-out songs: their stems, and where in them all stems sound."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from aeolia.data.corpus.manifest import HELD_OUT, Row
from aeolia.data.crops import Segment, cut
from aeolia.data.pool import AudioPool

__all__ = ["HeldOutSongs"]

#: A stem sounds where a second of it is within this of its loud seconds.
_SOUNDS_DB = 18.0
#: No stem of an excerpt is further below the mixture than this: it would be inaudible.
_HEARD_DB = 25.0


class HeldOutSongs:
    """Held-out songs: stems decoded, and the stretches where all of them sound."""

    def __init__(self, pool: AudioPool, length: int) -> None:
        self.pool, self.length = pool, length
        self.items: dict[str, list[int]] = defaultdict(list)
        for item in range(len(pool)):
            if pool.speeds[item] == 1.0:
                self.items[pool.row(item).source.split("/")[-1]].append(item)
        self.starts = {song: self._common_starts(items) for song, items in self.items.items()}
        self.names = sorted(song for song, starts in self.starts.items() if len(starts))

    @classmethod
    def of(
        cls,
        rows: Sequence[Row],
        seconds: float,
        sample_rate: int,
    ) -> HeldOutSongs | None:
        """None where no song is held out or none has a stretch where all its stems sound."""
        stems = [row for row in rows if row.kind == "stem"]
        if not any(row.split in HELD_OUT for row in stems):
            return None
        pool = AudioPool.from_manifest(stems, sample_rate)
        held_out = pool.subset(lambda row: row.split in HELD_OUT)
        songs = cls(held_out, round(seconds * sample_rate))
        return songs if songs.names else None

    def _common_starts(self, items: Sequence[int]) -> np.ndarray:
        """Starts in seconds at which every stem sounds for most of an excerpt, and is audible."""
        rate = self.pool.sample_rate
        needed = -(-self.length // rate)
        count = int(min(self.pool.lengths[items])) // rate
        good = np.ones(max(0, count - needed + 1), bool)
        if not len(good):
            return np.zeros(0, np.int64)
        powers = []
        for item in items:
            sound = self.pool.sound(item, length=count * rate).reshape(count, rate)
            power = np.square(sound[:, ::3].astype(np.float32)).mean(1)
            sounds = power > np.quantile(power, 0.9) * 10.0 ** (-_SOUNDS_DB / 10.0)
            good &= _windows(sounds, needed) >= 0.7 * needed
            powers.append(_windows(power * float(self.pool.peaks[item]) ** 2, needed))
        least = sum(powers) * 10.0 ** (-_HEARD_DB / 10.0)
        for power in powers:
            good &= power >= least
        return np.flatnonzero(good)

    def excerpt(self, index: int, n: int) -> tuple[str, int]:
        """(song, start in samples) of the index-th of `n` excerpts, evenly through the songs."""
        song = self.names[index % len(self.names)]
        starts = self.starts[song]
        share = (index // len(self.names) + 0.5) / max(1, -(-n // len(self.names)))
        which = min(int(share * len(starts)), len(starts) - 1)
        return song, int(starts[which]) * self.pool.sample_rate

    def stems(self, song: str, start: int) -> dict[str, np.ndarray]:
        """Stems [T] by class from `start` on, in the song's own balance."""
        labels = {self.pool.row(item).label for item in self.items[song]}
        stems = {}
        for item in self.items[song]:
            label = self.pool.row(item).label
            label = "bass+other" if label == "other" and "bass" not in labels else label
            segment = Segment(item, start, self.length, 0, 0)
            sound = cut(self.pool, [[segment]], self.length)[0].numpy()
            stems[label] = sound * float(self.pool.peaks[item]) / 0.9
        return stems


def _windows(values: np.ndarray, count: int) -> np.ndarray:
    """Sums over every `count` values in a row."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray(total[count:] - total[:-count])
