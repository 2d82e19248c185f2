"""From rows of recordings to the mixers of separation: pools decoded, arrangements rendered."""

from __future__ import annotations

from collections.abc import Sequence

from aeolia.config.classes import STEMS
from aeolia.data.corpus.manifest import Row
from aeolia.data.pool import AudioPool
from aeolia.data.separate.arrangements import arrangement_pool
from aeolia.data.separate.classes import ClassMixer
from aeolia.data.separate.mix_config import ClassMixConfig, SpeakerMixConfig
from aeolia.data.separate.speakers import SpeakerMixer
from aeolia.errors import DataError

__all__ = ["class_mixer", "class_pools", "speaker_mixer"]

#: Minutes of arrangements by class, for training; held-out sets are a tenth as long.
_MINUTES = {"vocals": 8.0, "drums": 20.0, "bass": 20.0, "other": 40.0}
_SPEEDS = (0.9, 1.0, 1.1)
#: Where voices are told apart, every speed of a speaker is a voice of its own.
_VOICE_SPEEDS = (0.8, 0.9, 1.0, 1.1, 1.22)


def class_pools(
    rows: Sequence[Row],
    split: str,
    sample_rate: int,
    seed: int = 0,
) -> dict[str, list[AudioPool]]:
    """Decoded pools for a ClassMixer of one split, arrangements rendered."""
    speeds = _SPEEDS if split == "train" else (1.0,)
    pools: dict[str, list[AudioPool]] = {}
    for kind in ("speech", "noise"):
        chosen = [row for row in rows if row.kind == kind and row.split == split]
        if chosen:
            pools[kind] = [AudioPool.from_manifest(chosen, sample_rate, speeds)]
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


def class_mixer(
    rows: Sequence[Row],
    split: str,
    config: ClassMixConfig,
) -> ClassMixer:
    """A mixer of the rows of `split`: speech, noise, stems, and notes and hits as arrangements.

    Raises:
        DataError: a recording cannot be read or the cache not be written.
    """
    pools = class_pools(rows, split, config.sample_rate)
    return ClassMixer(pools, config)


def speaker_mixer(
    rows: Sequence[Row],
    split: str,
    config: SpeakerMixConfig,
) -> SpeakerMixer:
    """A mixer of the speech and noise of `split`.

    Raises:
        DataError: there is no speech in the split, a recording cannot be read, or the cache not
            be written.
        InputError: fewer than two speakers have enough speech.
    """
    speeds = _VOICE_SPEEDS if split == "train" else (1.0,)
    pools = {}
    for kind in ("speech", "noise"):
        chosen = [row for row in rows if row.kind == kind and row.split == split]
        if chosen:
            rate = config.sample_rate
            pools[kind] = AudioPool.from_manifest(chosen, rate, speeds)
    if "speech" not in pools:
        raise DataError(f"no speech is in the {split} split; give recordings of more speakers")
    return SpeakerMixer(pools["speech"], pools.get("noise"), config)
