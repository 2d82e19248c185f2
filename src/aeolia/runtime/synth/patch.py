"""What plays at every pitch and velocity: one instrument in its usual timbre, a drawn one, or one
that words or a recording describe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aeolia.errors import InputError
from aeolia.runtime.synth.encoding import Encoding
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.tags import read_tags

__all__ = ["Patch", "choose_patch"]


@dataclass(frozen=True)
class Patch:
    """A sound for a whole keyboard."""

    model: OnnxSynthesiser
    #: The instrument's, which the sound is nearest to.
    name: str
    #: Condition of the decoder, [I].
    instrument: np.ndarray
    #: A timbre for all notes, [D]; None where each has that of the prior.
    timbre: np.ndarray | None = None
    #: Decides the draw from the prior, the same for all notes; None for its most usual timbre.
    seed: int | None = None
    #: Added to the timbre, [D].
    step: np.ndarray | None = None

    @property
    def range(self) -> tuple[int, int]:
        """Lowest and highest key that the instrument learned, as whole MIDI numbers."""
        low, high = self.model.range_of(self.instrument)
        return round(low), round(high)

    def latents(self, pitch_midi: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        """The timbres [V, D] of notes: pitch_midi [V], velocity [V] from 0 to 1."""
        count = len(pitch_midi)
        if self.timbre is not None:
            return np.tile(self.timbre, (count, 1)).astype(np.float32)
        conditions = np.tile(self.instrument, (count, 1))
        prior = self.model.prior(conditions, pitch_midi, velocity)
        latents = prior.mean
        if self.seed is not None:
            # One draw of noise: the notes are those of one instrument, not of many.
            noise = np.random.default_rng(self.seed).standard_normal(latents.shape[1])
            scale = self.model.config.temperature * np.exp(0.5 * prior.log_variance)
            latents = latents + scale * noise
        if self.step is not None:
            latents = latents + self.step
        return np.asarray(latents, np.float32)


def choose_patch(
    model: OnnxSynthesiser,
    instrument: str | None = None,
    *,
    text: str | None = None,
    timbre: Encoding | None = None,
    seed: int | None = None,
) -> Patch:
    """The sound that is asked for.

    Args:
        instrument: its name; None for the text's or the timbre's choice, or the model's first.
        text: words, see `runtime.synth.tags`.
        timbre: what a recording was encoded to; it stands for itself, so nothing else is given.
        seed: draws the timbre from the prior.

    Raises:
        InputError: an unknown instrument or word, a word that is about single notes, an encoding
            of another model, or something beside a timbre.
    """
    if timbre is not None:
        beside = {"instrument": instrument, "text": text, "random draw": seed}
        if given := [name for name, value in beside.items() if value is not None]:
            raise InputError(
                f"a recording's timbre and an {given[0]} were given"
                if given[0] == "instrument"
                else f"a recording's timbre and a {given[0]} were given; give one of the two"
            )
        timbre.check_fits(model)
        name = timbre.instruments[int(timbre.instrument.argmax())]
        condition = np.asarray(timbre.instrument, np.float32)
        return Patch(model, name, condition, timbre.latent.mean(axis=0))
    if text is None:
        name = instrument or model.config.instruments[0]
        return Patch(model, name, model.instrument(name), seed=seed)
    wish = read_tags(text, model)
    if wish.range_share is not None or wish.velocity is not None:
        raise InputError(
            f"the text {text!r} says how low, high, soft or loud a note is, and all keys and "
            f"velocities are played here; leave that out"
        )
    name = instrument or wish.instruments[0]
    return Patch(model, name, model.instrument(name), seed=seed, step=wish.step)
