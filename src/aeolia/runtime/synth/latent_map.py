"""A plane through the latent on which every instrument has its place, and sound at any point of it.

The plane is that of the two directions in which the instruments' most usual timbres differ most
(principal components); of the released notes' 32 values, two hold nearly all of that. What the
plane cannot show of a timbre is mixed from the instruments around a point, each with the inverse
fourth power of its distance (D. Shepard, 1968), and so is the instrument that the decoder is told
of: a point where an instrument lies sounds as that instrument.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aeolia.runtime.synth.instrument import OnnxSynthesiser

__all__ = ["LatentMap", "Timbre"]

#: Instruments are placed by their timbres at this velocity, 0 to 1, in the middle of their ranges.
_VELOCITY = 0.8
#: The outermost instruments lie here on both axes, so that there is some land around them.
_EDGE = 0.85
#: Of the map's width: nearer than this to an instrument is where it lies.
_NEAR = 1e-3


@dataclass(frozen=True)
class Timbre:
    """What a point of the map is to the decoder."""

    #: Shares of the instruments, [I]; they sum to 1.
    instrument: np.ndarray
    #: [D]
    latent: np.ndarray


class LatentMap:
    """The map of a model's instruments; axes from -1 to 1, x to the right and y up.

    Args:
        model: its instruments are the map's places.
    """

    def __init__(self, model: OnnxSynthesiser) -> None:
        self._model = model
        count = len(model.config.instruments)
        self._each = np.eye(count, dtype=np.float32)
        middles = np.array([np.mean(model.range_of(one)) for one in self._each], np.float32)
        usual = model.prior(self._each, middles, np.full(count, _VELOCITY, np.float32)).mean
        centred = usual - usual.mean(axis=0)
        directions = np.linalg.svd(centred, full_matrices=False)[2][:2]
        # A single instrument lies in the middle of a map of one direction.
        directions = np.pad(directions, ((0, 2 - len(directions)), (0, 0)))
        # A direction and its opposite are equally principal: the largest part points up.
        signs = np.sign(directions[[0, 1], np.abs(directions).argmax(axis=1)])
        directions = directions * signs[:, None]
        flat = centred @ directions.T
        low, high = flat.min(axis=0), flat.max(axis=0)
        #: What one unit of the map is in the latent, on each axis.
        self._units = np.maximum((high - low) / (2 * _EDGE), 1e-6)
        self._directions = directions
        #: Where each instrument lies, [I, 2].
        self.places = (flat - (low + high) / 2) / self._units

    def at(self, x: float, y: float, pitch_midi: float, velocity: float) -> Timbre:
        """The timbre of a point for a note.

        Args:
            x, y: beyond -1 to 1 is its edge.
            velocity: 0 to 1.
        """
        point = np.clip([x, y], -1.0, 1.0)
        distances = np.maximum(np.linalg.norm(self.places - point, axis=1), _NEAR)
        shares = distances**-4
        shares = (shares / shares.sum()).astype(np.float32)
        count = len(shares)
        usual = self._model.prior(
            self._each,
            np.full(count, pitch_midi, np.float32),
            np.full(count, velocity, np.float32),
        ).mean
        # From the mixture's own place to the point, in the plane.
        step = ((point - shares @ self.places) * self._units) @ self._directions
        return Timbre(shares, (shares @ usual + step).astype(np.float32))
