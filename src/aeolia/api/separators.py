"""The released separators, and which of them tells the sources of a request apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aeolia.config.classes import CLASSES, KIT
from aeolia.errors import InputError, ModelError
from aeolia.runtime.backend import SeparationBackend
from aeolia.runtime.catalogue import released_models
from aeolia.runtime.separate.sources import parse_sources

__all__ = [
    "CLASSES_AHEAD",
    "CLASSES_MODEL",
    "KIT_MODEL",
    "SPEAKER_MODEL",
    "check_condition",
    "model_of",
]

#: Models used unless another is named.
CLASSES_MODEL, SPEAKER_MODEL = "separate", "separate-speaker"
#: By class, where a recording is there as a whole: hears it ahead. A voice gains nothing by that.
CLASSES_AHEAD = "separate-studio"
#: The parts of a drum kit, for whole recordings and live.
KIT_MODEL = "separate-drums"


def model_of(sources: Sequence[str], *, whole: bool) -> str:
    """The released model for sources by name.

    Args:
        sources: as the user called them; none for a song's stems.
        whole: the audio is there as a whole, so that a model may hear it ahead.

    Raises:
        InputError: a source that no released model knows, or sources of two models.
        ModelError: parts of a drum kit, and their model did not come with the package.
    """
    by_class = CLASSES_AHEAD if whole else CLASSES_MODEL
    if not sources:
        return by_class
    # All words there are, so that one with a slip in it is read as the nearest of either model.
    names = (*CLASSES, *KIT)
    requested = np.any([source.condition for source in parse_sources(sources, names)], axis=0)
    found = [name for name, is_requested in zip(names, requested, strict=True) if is_requested]
    kit, others = (", ".join(name for name in found if name in own) for own in (KIT, CLASSES))
    if not kit:
        return by_class
    if others:
        raise InputError(
            f"parts of a drum kit ({kit}) are taken out by the model {KIT_MODEL!r}, and {others} "
            f"by {by_class!r}; separate twice, once for each"
        )
    if KIT_MODEL not in released_models():
        raise ModelError(
            f"parts of a drum kit ({kit}) need the model {KIT_MODEL!r}, which is not in this "
            "package; request drums as a whole, or name a model of your own"
        )
    return KIT_MODEL


def check_condition(backend: SeparationBackend, requested: str) -> None:
    """Refuse a model whose condition is not the one requested, "classes" or "speaker".

    Raises:
        ModelError: naming a model to take instead.
    """
    if backend.config.condition != requested:
        what = "sources by name", "a speaker's voice"
        takes, given = what if requested == "speaker" else what[::-1]
        raise ModelError(
            f"the model {backend.config.name!r} takes {takes}, and {given} came; use a model such "
            f"as {(CLASSES_MODEL if requested == 'classes' else SPEAKER_MODEL)!r}"
        )
