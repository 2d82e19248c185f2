"""From rows of recordings to pools of separation: decoded, and arrangements rendered."""

from __future__ import annotations

from collections.abc import Sequence

from aeolia.config.classes import STEMS
from aeolia.data.corpus.manifest import Row
from aeolia.data.pool import AudioPool
from aeolia.data.separate.arrangements import arrangement_pool
from aeolia.errors import DataError

__all__ = ["class_pools", "speaker_pools"]

#: Minutes of arrangements by class, for training; held-out sets are a tenth as long.
_MINUTES = {"vocals": 8.0, "drums": 20.0, "bass": 20.0, "other": 40.0}
_SPEEDS = (0.9, 1.0, 1.1)
#: Where voices are compared, every speed of a speaker is a voice of its own.
_VOICE_SPEEDS = (0.8, 0.9, 1.0, 1.1, 1.22)


def class_pools(
    rows: Sequence[Row], split: str, sample_rate: int, seed: int = 0
) -> dict[str, list[AudioPool]]:
    """Pools of one split by kind: "speech", "noise", "stems" and "arrangements".

    Raises:
        DataError: a recording cannot be read or the cache not be written.
    """
    speeds = _SPEEDS if split == "train" else (1.0,)
    pools = {
        kind: [pool] for kind, pool in _speech_and_noise(rows, split, sample_rate, speeds).items()
    }
    # All songs are decoded together: which of them are held out may change.
    stems = [row for row in rows if row.kind == "stem"]
    if any(row.split == split for row in stems):
        pool = AudioPool.from_manifest(stems, sample_rate, _SPEEDS)
        pools["stems"] = [pool.subset(lambda row: row.split == split)]
    for label in STEMS:
        minutes = _MINUTES[label] * (1.0 if split == "train" else 0.1)
        made = arrangement_pool(rows, split, label, minutes, sample_rate, seed)
        if made is not None:
            pools.setdefault("arrangements", []).append(made)
    return pools


def speaker_pools(
    rows: Sequence[Row], split: str, sample_rate: int
) -> tuple[AudioPool, AudioPool | None]:
    """Pools of speech, and of noise where there is some, of one split.

    Raises:
        DataError: there is no speech in the split, a recording cannot be read, or the cache not
            be written.
    """
    speeds = _VOICE_SPEEDS if split == "train" else (1.0,)
    pools = _speech_and_noise(rows, split, sample_rate, speeds)
    if "speech" not in pools:
        raise DataError(f"no speech is in the {split} split; give recordings of more speakers")
    return pools["speech"], pools.get("noise")


def _speech_and_noise(
    rows: Sequence[Row], split: str, sample_rate: int, speeds: Sequence[float]
) -> dict[str, AudioPool]:
    pools = {}
    for kind in ("speech", "noise"):
        chosen = [row for row in rows if row.kind == kind and row.split == split]
        if chosen:
            pools[kind] = AudioPool.from_manifest(chosen, sample_rate, speeds)
    return pools
