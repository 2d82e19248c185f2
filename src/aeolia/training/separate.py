"""The tasks of separation, by class and by speaker: recordings, mixtures, objective, validation."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from aeolia.config import ModelConfig
from aeolia.data.cache import AudioPool
from aeolia.data.classes import ClassMixConfig
from aeolia.data.corpus import load_rows
from aeolia.data.manifest import Row
from aeolia.data.separation import class_mixer, split_played, split_songs
from aeolia.data.speakers import SpeakerMixConfig, SpeakerMixer
from aeolia.errors import DataError, InputError
from aeolia.models.checkpoint import transplant
from aeolia.models.separator import ConditionalAutoencoder
from aeolia.training.separation_config import SeparateConfig
from aeolia.training.separation_objectives import ClassObjective, SpeakerObjective
from aeolia.training.separation_validation import ClassValidation, SpeakerValidation
from aeolia.training.task import Prepared, Task

__all__ = ["SEPARATE", "SEPARATE_SPEAKER", "gather_rows"]

_SPEEDS = (0.9, 1.0, 1.1)
#: Seconds of a held-out mixture.
_HELD_OUT_SECONDS = 5.0


#: Kinds of recordings that each model learns from.
_CLASS_KINDS = ("speech", "noise", "stem", "note", "drum")
_SPEAKER_KINDS = ("speech", "noise")


def gather_rows(
    data: dict[str, str | None], kinds: Sequence[str], config: SeparateConfig
) -> tuple[list[Row], list[str]]:
    """Recordings of these kinds from folders or manifests, split; and what was found, in words.

    Raises:
        DataError: a place holds nothing of use.
    """
    rows: list[Row] = []
    for place in filter(None, data.values()):
        rows += load_rows(Path(place), None, config.seed)[0]
    rows = [row for row in rows if row.kind in kinds]
    if not rows:
        raise DataError(
            f"no recordings of {', '.join(kinds)} were found; name a folder or a manifest with "
            "--data"
        )
    played = [row for row in rows if row.kind in ("note", "drum")]
    stems = [row for row in rows if row.kind == "stem"]
    others = [row for row in rows if row.kind not in ("note", "drum", "stem")]
    if config.hold_out:
        stems = split_songs(stems, config.hold_out)
    rows = others + split_played(played, config.seed) + stems
    return rows, _in_words(rows)


def _in_words(rows: Sequence[Row]) -> list[str]:
    """What was found, one line a kind and side of the split."""
    lines = []
    for kind in dict.fromkeys(row.kind for row in rows):
        for split in ("train", "valid"):
            chosen = [row for row in rows if row.kind == kind and row.split == split]
            labels = len({(row.source, row.label) for row in chosen})
            minutes = sum(row.seconds for row in chosen) / 60.0
            lines.append(
                f"{kind} {split}: {len(chosen)} recordings, {minutes:.1f} minutes, "
                f"{labels} labels"
            )
    return lines


def _prepare_classes(
    model_config: ModelConfig,
    config: SeparateConfig,
    mix: ClassMixConfig,
    data: dict[str, str | None],
    device: torch.device,
) -> Prepared:
    rows, words = gather_rows(data, _CLASS_KINDS, config)
    held_out = _held_out(mix)

    def validation() -> ClassValidation | None:
        if not config.validation_clips:
            return None
        return ClassValidation(class_mixer(rows, "valid", held_out, device),
                               config.validation_clips)  # fmt: skip

    mixer = class_mixer(rows, "train", mix, device)
    return Prepared(
        mixer,
        ClassObjective(config, model_config),
        validation,
        config.batch_size * mix.crop_seconds,
        [*words, f"mixtures of {', '.join(mixer.labels)}"],
        _sources(rows),
    )


def _prepare_speakers(
    model_config: ModelConfig,
    config: SeparateConfig,
    mix: SpeakerMixConfig,
    data: dict[str, str | None],
    device: torch.device,
) -> Prepared:
    rows, words = gather_rows(data, _SPEAKER_KINDS, config)
    mixer = _speaker_mixer(rows, "train", mix, device)
    held_out = _held_out(mix)

    def validation() -> SpeakerValidation | None:
        if not config.validation_clips:
            return None
        return SpeakerValidation(_speaker_mixer(rows, "valid", held_out, device),
                                 config.validation_clips)  # fmt: skip

    return Prepared(
        mixer,
        SpeakerObjective(config, model_config),
        validation,
        config.batch_size * mix.crop_seconds,
        [*words, f"{mixer.n_speakers} named voices to learn from (each speed is one)"],
        _sources(rows),
    )


def _speaker_mixer(
    rows: Sequence[Row], split: str, mix: SpeakerMixConfig, device: torch.device
) -> SpeakerMixer:
    pools = {}
    for kind in ("speech", "noise"):
        chosen = [row for row in rows if row.kind == kind and row.split == split]
        speeds = _SPEEDS if split == "train" else (1.0,)
        pools[kind] = AudioPool.from_manifest(chosen, mix.sample_rate, None, speeds) if (
            chosen) else None  # fmt: skip
    if pools["speech"] is None:
        raise DataError(f"there is no speech to {split} on; give recordings of several speakers")
    try:
        return SpeakerMixer(pools["speech"], pools["noise"], mix, device)
    except InputError as error:
        raise DataError(f"to {split} on: {error}") from error


def _held_out(mix: Any) -> Any:
    """Mixtures to validate on: other draws, and longer."""
    return dataclasses.replace(mix, seed=mix.seed + 1, crop_seconds=_HELD_OUT_SECONDS)


def _sources(rows: Sequence[Row]) -> list[str]:
    return sorted({row.source for row in rows if row.source})


def _describe(model: ConditionalAutoencoder) -> str:
    config = model.config
    parameters = sum(parameter.numel() for parameter in model.parameters())
    asked = ", ".join(config.classes) if config.condition == "classes" else "one speaker's voice"
    return (
        f"Conditional autoencoder, {config.sample_rate} Hz, {parameters / 1e3:.0f} k parameters, "
        f"latency {config.latency_ms:g} ms. Separates {asked}."
    )


SEPARATE = Task(SeparateConfig, ClassMixConfig, _prepare_classes, transplant, _describe)
SEPARATE_SPEAKER = Task(SeparateConfig, SpeakerMixConfig, _prepare_speakers, transplant, _describe)
