"""Folders of mixtures with a reference for each source.

Two layouts are known, tried in this order:

    mixtures/NAME.wav + SOURCE/NAME.wav          a folder a source (mix/, mix_clean/, mix_both/ too)
    NAME/mixture.wav + NAME/SOURCE.wav           a folder a mixture, as MUSDB18-HQ has them

Names of sources are what a model is asked for: speech, vocals, drums, bass, other, noise, music, or
sums such as vocals+drums. For a model that is given a speaker, the sources are `target` (or
`speaker`) and `background`, and beside them lies `enrolment`: a clip of the speaker's voice. Any
format that libsndfile reads will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aeolia.audio.files import read_samples
from aeolia.audio.formats import AUDIO_SUFFIXES
from aeolia.audio.mono import mono
from aeolia.errors import DataError

__all__ = ["ENROLMENT", "Mixture", "MixtureSet", "find_mixtures", "read_mixture"]

_MIXTURES = ("mixtures", "mixture", "mix", "mix_clean", "mix_both", "mix_single")
#: The clip of a speaker's voice: no source.
ENROLMENT = "enrolment"
_LAYOUT = "mixtures/NAME.wav with SOURCE/NAME.wav, or NAME/mixture.wav with NAME/SOURCE.wav"


@dataclass(frozen=True)
class Mixture:
    """One mixture, the references of its sources by name, and a clip of a speaker, or None."""

    name: str
    mixture: Path
    references: dict[str, Path]
    enrolment: Path | None = None


@dataclass(frozen=True)
class MixtureSet:
    """The mixtures of a folder in order of name, and those that have no reference."""

    folder: Path
    mixtures: tuple[Mixture, ...]
    unpaired: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """All that some mixture has a reference of."""
        found = {name for one in self.mixtures for name in one.references}
        return tuple(sorted(found))


def find_mixtures(folder: Path | str) -> MixtureSet:
    """The mixtures below a folder; audio is not read yet.

    Raises:
        DataError: no such folder, no known layout, or no mixture with a reference.
    """
    folder = Path(folder)
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {found}; a folder of mixtures and their sources is needed")
    chosen = next((name for name in _MIXTURES if _audio(folder / name)), None)
    mixtures = _by_source(folder, chosen) if chosen else _by_mixture(folder)
    if not mixtures:
        raise DataError(f"{folder} holds no mixtures; needed are {_LAYOUT}")
    usable = tuple(one for one in mixtures if one.references)
    if not usable:
        raise DataError(
            f"{folder} has {len(mixtures)} mixtures, but no reference of a source for any, such as "
            f"{mixtures[0].name!r}; needed are {_LAYOUT}"
        )
    lonely = tuple(str(one.mixture) for one in mixtures if not one.references)
    return MixtureSet(folder, usable, lonely)


def _by_source(folder: Path, mixtures: str) -> list[Mixture]:
    # Of several kinds of mixture (WHAM) the first that is known counts; none is a source.
    sides = [side for side in sorted(folder.iterdir()) if side.is_dir()]
    sources = {side.name: _audio(side) for side in sides if side.name not in _MIXTURES}
    enrolments = sources.pop(ENROLMENT, {})
    return [
        Mixture(
            name,
            path,
            {source: files[name] for source, files in sources.items() if name in files},
            enrolments.get(name),
        )
        for name, path in _audio(folder / mixtures).items()
    ]


def _by_mixture(folder: Path) -> list[Mixture]:
    found = []
    for one in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = {
            path.stem: path
            for path in sorted(one.iterdir())
            if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file()
        }
        mixture, enrolment = files.pop("mixture", None), files.pop(ENROLMENT, None)
        if mixture is not None:
            found.append(Mixture(one.name, mixture, files, enrolment))
    return found


def _audio(folder: Path) -> dict[str, Path]:
    """Audio files below a folder by relative path without extension."""
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file()
    }


def read_mixture(
    one: Mixture,
) -> tuple[np.ndarray, dict[str, np.ndarray], int, np.ndarray | None]:
    """(mixture, references, sample rate, enrolment): [T] or [T, C] all but the enrolment [E].

    Raises:
        AudioFileError: a file cannot be read.
        DataError: a reference differs from the mixture in sample rate, length or channels, or the
            enrolment in sample rate.
    """
    mixture, sample_rate = read_samples(one.mixture)
    references = {}
    for name, path in one.references.items():
        audio, rate = read_samples(path)
        if rate != sample_rate or audio.shape != mixture.shape:
            raise DataError(
                f"{path} has shape {list(audio.shape)} at {rate} Hz and the mixture "
                f"{list(mixture.shape)} at {sample_rate} Hz; they must agree, aligned in time"
            )
        references[name] = audio
    enrolment = None
    if one.enrolment is not None:
        enrolment, rate = read_samples(one.enrolment)
        if rate != sample_rate:
            raise DataError(
                f"{one.enrolment} is at {rate} Hz and its mixture at {sample_rate} Hz; they must "
                "agree"
            )
        enrolment = mono(enrolment)
    return mixture, references, sample_rate, enrolment
