"""Material of separation: rows by split for each kind of mixer, and the mixers made of them."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import torch

from aeolia.data.arrangements import ARRANGED, arrangement_pool, drum_role
from aeolia.data.cache import AudioPool
from aeolia.data.classes import ClassMixConfig, ClassMixer
from aeolia.data.manifest import Row, recording_of, split_place

__all__ = ["class_mixer", "class_pools", "split_played", "split_songs"]

#: Minutes of arrangements by class, for training; held-out sets are a tenth as long.
_MINUTES = {"vocals": 8.0, "drums": 20.0, "bass": 20.0, "other": 40.0}
_SPEEDS = (0.9, 1.0, 1.1)
#: Share of an instrument's notes, and of the hits of a role, that are held out.
_VALID_SHARE = 0.15


def split_played(rows: Sequence[Row], seed: int = 0) -> list[Row]:
    """Notes and hits with `split` filled in, so that both sides can play.

    Of every instrument with four pitches or more some pitches are held out with all their
    takes, and of the hits of every role some strokes.
    """
    groups: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in rows:
        groups[_player(row)].add(recording_of(row))
    held_out = set()
    for names in groups.values():
        if len(names) >= 4:
            ordered = sorted(names, key=lambda name: split_place(seed, name))
            held_out |= set(ordered[: max(1, round(_VALID_SHARE * len(names)))])
    return [
        replace(row, split="valid" if recording_of(row) in held_out else "train") for row in rows
    ]


def _player(row: Row) -> tuple[str, ...]:
    if row.kind == "drum":
        return ("drum", row.source, drum_role(row))
    return (row.kind, row.source, row.label)


def split_songs(rows: Sequence[Row], hold_out: Sequence[str]) -> list[Row]:
    """Stems with `split` filled in: the named songs are held out, all others train."""
    return [
        replace(row, split="valid" if row.source.split("/")[-1] in hold_out else "train")
        for row in rows
    ]


def class_pools(
    rows: Sequence[Row],
    split: str,
    sample_rate: int,
    seed: int = 0,
    cache_dir: str | os.PathLike[str] | None = None,
) -> dict[str, list[AudioPool]]:
    """Decoded pools for a ClassMixer of one split, arrangements rendered."""
    speeds = _SPEEDS if split == "train" else (1.0,)
    pools: dict[str, list[AudioPool]] = {}
    for kind in ("speech", "noise"):
        chosen = [row for row in rows if row.kind == kind and row.split == split]
        if chosen:
            pools[kind] = [AudioPool.from_manifest(chosen, sample_rate, cache_dir, speeds)]
    # All songs are decoded together: which of them are held out may change.
    stems = [row for row in rows if row.kind == "stem"]
    if any(row.split == split for row in stems):
        pool = AudioPool.from_manifest(stems, sample_rate, cache_dir, _SPEEDS)
        pools["stems"] = [pool.subset(lambda row: row.split == split)]
    for label in ARRANGED:
        minutes = _MINUTES[label] * (1.0 if split == "train" else 0.1)
        made = arrangement_pool(rows, split, label, minutes, sample_rate, seed, cache_dir)
        if made is not None:
            pools.setdefault("arrangements", []).append(made)
    return pools


def class_mixer(
    rows: Sequence[Row],
    split: str,
    config: ClassMixConfig,
    device: str | torch.device = "cpu",
    cache_dir: str | os.PathLike[str] | None = None,
) -> ClassMixer:
    """A mixer of the rows of `split`: speech, noise, stems, and notes and hits as arrangements.

    Raises:
        DataError: a recording cannot be read or the cache not be written.
    """
    pools = class_pools(rows, split, config.sample_rate, cache_dir=cache_dir)
    return ClassMixer(pools, config, device)
