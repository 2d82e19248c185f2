"""The tasks of separation: by class, of a drum kit, and by speaker.

Recordings, mixtures, objective and validation of each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aeolia.config import SeparateConfig
from aeolia.config.classes import CLASSES, KIT
from aeolia.data.corpus.left_out import LeftOut
from aeolia.data.corpus.manifest import Row
from aeolia.data.corpus.scan import load_rows
from aeolia.data.separate.classes import ClassMixer, class_mixer
from aeolia.data.separate.kits import KitMixer, kit_mixer
from aeolia.data.separate.rows import class_rows, kit_rows, speaker_rows
from aeolia.data.separate.speakers import speaker_mixer
from aeolia.errors import ConfigError, DataError, InputError
from aeolia.models.spectral.separator import ConditionalAutoencoder
from aeolia.models.spectral.transplant import transplant
from aeolia.training.separate.config import CLASS_SETTINGS, KIT_SETTINGS, SPEAKER_SETTINGS
from aeolia.training.separate.objectives import ClassObjective, SpeakerObjective
from aeolia.training.separate.validation import ClassValidation, SpeakerValidation, score_names
from aeolia.training.task import Data, Prepared, Say, Setup, Task

__all__ = ["SEPARATE", "SEPARATE_KIT", "SEPARATE_SPEAKER"]

#: Seconds of a held-out mixture.
_HELD_OUT_SECONDS = 5.0


def _check_classes(model: SeparateConfig) -> None:
    if model.classes != CLASSES:
        raise ConfigError(
            f"classes is {list(model.classes)}; training knows {', '.join(CLASSES)}; "
            f"or {', '.join(KIT)}"
        )


def _check_speaker(model: SeparateConfig) -> None:
    if model.network_hz:
        raise ConfigError(
            f"{model.name} is trained at {2 * model.network_hz} Hz, where the network's input is "
            "all there is; train the preset separate-speaker-16k, and export it as this one"
        )


def _prepare_classes(setup: Setup, data: Data, say: Say) -> Prepared:
    config, mix = setup.train, setup.mix
    path, noise = _paths(data)
    rows, words, left_out = class_rows(path, config.seed, mix.hold_out)
    if noise is not None:
        more, said, others = load_rows(noise, "noise", config.seed)
        left_out = [*left_out, *others]
        rows, words = [*(row for row in rows if row.kind != "noise"), *more], [*words, *said]

    def validation() -> ClassValidation | None:
        if not config.validation_clips:
            return None
        return ClassValidation(class_mixer(rows, "choose", _held_out(mix)), config.validation_clips)

    return _by_name(
        setup, data, class_mixer(rows, "train", mix), validation, (rows, words, left_out)
    )


def _prepare_kit(setup: Setup, data: Data, say: Say) -> Prepared:
    config, mix = setup.train, setup.mix
    path, noise = _paths(data)
    if noise is not None:
        raise DataError("--noise is not for a drum kit; leave it out")
    rows, words, left_out = kit_rows(path, config.seed)

    def validation() -> ClassValidation | None:
        if not config.validation_clips:
            return None
        try:
            held_out = kit_mixer(rows, "choose", _held_out(mix))
        except DataError:
            return None  # what was found says so
        return ClassValidation(held_out, config.validation_clips)

    return _by_name(setup, data, kit_mixer(rows, "train", mix), validation, (rows, words, left_out))


def _by_name(
    setup: Setup,
    data: Data,
    mixer: ClassMixer | KitMixer,
    validation: Callable[[], ClassValidation | None],
    found: tuple[list[Row], list[str], list[LeftOut]],
) -> Prepared:
    """What sources that are asked for by name are trained with."""
    rows, words, left_out = found
    return Prepared(
        setup.model,
        mixer,
        ClassObjective(setup.loss, setup.model, setup.train.seed),
        validation,
        setup.train.batch_size * setup.mix.crop_seconds,
        _without_paths(words, data),
        _sources(rows),
        left_out,
    )


def _prepare_speakers(setup: Setup, data: Data, say: Say) -> Prepared:
    config, mix = setup.train, setup.mix
    rows, words, left_out = speaker_rows(*_paths(data), seed=config.seed)
    try:
        mixer = speaker_mixer(rows, "train", mix)
    except InputError as error:
        raise DataError(f"{data['data']}: {error}") from error

    def validation() -> SpeakerValidation | None:
        if not config.validation_clips:
            return None
        try:
            held_out = speaker_mixer(rows, "choose", _held_out(mix))
        except (DataError, InputError):
            return None  # what was found says so
        return SpeakerValidation(held_out, config.validation_clips)

    return Prepared(
        setup.model,
        mixer,
        SpeakerObjective(setup.loss, setup.model, config.seed),
        validation,
        config.batch_size * mix.crop_seconds,
        _without_paths(words, data),
        _sources(rows),
        left_out,
    )


def _paths(data: Data) -> tuple[Path, Path | None]:
    """The recordings, and the noise where it lies apart."""
    path, noise = data.get("data"), data.get("noise")
    if path is None:
        raise DataError("no recordings were given; name a folder or a manifest with --data")
    return Path(path), Path(noise) if noise else None


def _without_paths(words: Sequence[str], data: Data) -> list[str]:
    """What was found, for the card too: where it lies is nobody's business."""
    lines = []
    for line in words:
        for path in filter(None, data.values()):
            line = line.replace(path, Path(path).name)
        lines.append(line.strip())
    return lines


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


SEPARATE = Task(
    CLASS_SETTINGS, _prepare_classes, transplant, _describe, score_names, _check_classes
)
SEPARATE_KIT = Task(KIT_SETTINGS, _prepare_kit, transplant, _describe, score_names)
SEPARATE_SPEAKER = Task(
    SPEAKER_SETTINGS, _prepare_speakers, transplant, _describe, score_names, _check_speaker
)
