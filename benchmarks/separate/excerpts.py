"""Held-out drum kits to judge their separation by: the same on every machine for one seed.

Excerpts of held-out songs whose drums are stems by part, in the song's own balance: the drums
alone, or the whole song.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from aeolia.config.classes import KIT, PERCUSSION
from aeolia.data.corpus.manifest import Row
from aeolia.data.heldout.separate import HeldOutMixture
from aeolia.data.pool import AudioPool
from aeolia.errors import DataError

__all__ = ["REST", "kit_excerpts"]

#: What is none of the audible parts of a kit, among the references.
REST = "rest"
#: A part is further below all drums than this where nobody hears it.
_HEARD_DB = 25.0


def kit_excerpts(
    rows: Sequence[Row],
    n: int = 24,
    seconds: float = 10.0,
    sample_rate: int = 48000,
    *,
    whole: bool = False,
) -> Iterator[HeldOutMixture]:
    """Up to `n` excerpts: the first of every song, then the second, as far as they reach.

    Args:
        rows: stems of songs to be judged by, from `kit_rows`.
        whole: the whole song, and not its drums alone.

    The references are the parts of the kit that sound there and "rest", and sum to the mixture.

    Raises:
        DataError: no part of a kit sounds in any song.
    """
    if not any(row.label in KIT for row in rows):
        raise DataError("no song with the parts of a drum kit is held out; give more songs")
    pool = AudioPool.from_manifest(rows, sample_rate, (1.0,))
    songs: dict[str, list[int]] = defaultdict(list)
    for item in range(len(pool)):
        row = pool.row(item)
        if whole or row.label in (*KIT, PERCUSSION):
            songs[row.source].append(item)
    length, given = round(seconds * sample_rate), 0
    longest = max(int(size) for size in pool.lengths)
    for start in range(0, max(1, longest - length + 1), length):
        for song, items in sorted(songs.items()):
            if given < n and (found := _excerpt(pool, song, items, start, length)) is not None:
                given += 1
                yield found
    if not given:
        raise DataError(f"no part of a drum kit sounds in {seconds:g} s of any held-out song")


def _excerpt(
    pool: AudioPool, song: str, items: Sequence[int], start: int, length: int
) -> HeldOutMixture | None:
    """None where the song ends before, or no part of its kit sounds."""
    sounds = {}
    for item in items:
        sound = pool.sound(item, start, length).astype(np.float32) / 32768.0
        if len(sound) == length:
            # As loud as it was before it was scaled for the pool.
            sounds[pool.row(item).label] = sound * float(pool.peaks[item]) / 0.9
    drums = sum((sounds[name] for name in (*KIT, PERCUSSION) if name in sounds), np.zeros(length))
    least = np.mean(drums**2) * 10.0 ** (-_HEARD_DB / 10.0)
    parts = {name: sounds[name] for name in KIT if name in sounds}
    heard = {name: one for name, one in parts.items() if np.mean(one**2) > max(least, 1e-9)}
    if not heard:
        return None
    mixture = np.asarray(sum(sounds.values()), np.float32)
    rest = mixture - np.asarray(sum(heard.values()), np.float32)
    name = f"{song.split('/')[-1]}_{start // pool.sample_rate:03d}"
    facts: dict[str, str | float] = {"song": song}
    return HeldOutMixture(name, pool.sample_rate, mixture, {**heard, REST: rest}, facts=facts)
