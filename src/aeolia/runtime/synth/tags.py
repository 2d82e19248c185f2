"""Words for a sound: "bright plucked low" as instruments, a region of the latent, and a touch.

Three kinds of words are known, and all others are refused by name:

- an instrument's name, a word of it, or its family ("sax", "plucked"): which instruments may play;
- what was measured on the training notes ("bright", "noisy", ...): steps in the latent, which the
  model carries, one standard deviation of the measure each;
- "low", "high", "loud", "soft": pitch and velocity, where the caller does not set them.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

import numpy as np

from aeolia.errors import InputError
from aeolia.runtime.synth.instrument import OnnxSynthesiser

__all__ = ["Wish", "known_words", "read_tags"]

#: Where "low" and "high" lie within an instrument's range, 0 to 1.
_RANGE_SHARES = {"low": 0.2, "high": 0.8}
_VELOCITIES = {"soft": 45, "loud": 115}
#: How much more an instrument's own word says than its family's: enough to order them.
_OWN_WORD = 0.01
_FILLERS = {"a", "an", "and", "the", "of", "sound", "note", "very", "with", "tone"}


@dataclass(frozen=True)
class Wish:
    """What a text describes."""

    #: Names of the instruments that fit, the best first; all of the model's if no word chose.
    instruments: tuple[str, ...]
    #: Step in the latent, [D].
    step: np.ndarray
    #: Position of the pitch within the instrument's range, 0 to 1; None if no word says.
    range_share: float | None = None
    #: 1 to 127; None if no word says.
    velocity: int | None = None


def known_words(model: OnnxSynthesiser) -> tuple[str, ...]:
    """All words that `read_tags` understands, sorted."""
    return tuple(
        sorted({*_instrument_words(model), *model.config.tags, *_RANGE_SHARES, *_VELOCITIES})
    )


def read_tags(text: str, model: OnnxSynthesiser) -> Wish:
    """What `text` describes, for a model.

    Raises:
        InputError: no word, or an unknown one; the nearest known word is given.
    """
    words = [w for w in re.findall(r"[\w-]+", text.lower().replace("-", "_")) if w not in _FILLERS]
    if not words:
        raise InputError(f"the text {text!r} has no word to go by; {_advice(model)}")
    by_instrument = _instrument_words(model)
    step = np.zeros(model.config.latent_dim, np.float32)
    votes = np.zeros(len(model.config.instruments))
    share: float | None = None
    velocity: int | None = None
    for word in words:
        known = False
        # What is measured moves a timbre; that a name has the word, too, chooses nobody.
        for index in () if word in model.config.tags else by_instrument.get(word, ()):
            # An organ before an accordion, which is of its family.
            own = word in model.config.instruments[index].lower().split("_")
            votes[index] += 1.0 + _OWN_WORD * own
            known = True
        if word in model.config.tags:
            direction = model.config.tag_directions[model.config.tags.index(word)]
            step += np.asarray(direction, np.float32)
            known = True
        if word in _RANGE_SHARES:
            share, known = _RANGE_SHARES[word], True
        if word in _VELOCITIES:
            velocity, known = _VELOCITIES[word], True
        if not known:
            near = difflib.get_close_matches(word, known_words(model), n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise InputError(
                f"the word {word!r} says nothing to this model; {hint}{_advice(model)}"
            )
    best = np.flatnonzero(votes == votes.max())
    names = tuple(model.config.instruments[index] for index in best)
    return Wish(names, step, share, velocity)


def _instrument_words(model: OnnxSynthesiser) -> dict[str, list[int]]:
    """Word -> the instruments it fits: whole names, their words, their families."""
    found: dict[str, list[int]] = {}
    for index, name in enumerate(model.config.instruments):
        for word in dict.fromkeys((name.lower(), *model.words_of(index))):
            found.setdefault(word, []).append(index)
    return found


def _advice(model: OnnxSynthesiser) -> str:
    return f"it knows {', '.join(known_words(model))}"
