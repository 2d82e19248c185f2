"""Long takes: what a recorder left running hears, in place of a crop of one speaker.

A model that learns from crops of a few seconds never meets what its memory holds after fifteen
seconds without a voice, nor a second speaker who is not as loud. Takes of 20 to 40 s have both
(after the last stage of DPDFNet's training). docs/lineage.md says what they came to here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aeolia.data.crops import CropSampler, Segment

__all__ = ["draw_take", "drifting"]

#: Between two stretches of speech; drawn evenly over the logarithm.
_PAUSE_SECONDS = (0.2, 15.0)
#: A stretch is by so much louder or quieter than the recording.
_STRETCH_DB = 6.0
#: The share of pauses after which the other speaker goes on.
_OTHER_SPEAKER = 0.5
#: The level of noise has a new aim so often.
_DRIFT_SECONDS = 4.0


def draw_take(sampler: CropSampler, rng: np.random.Generator) -> list[Segment]:
    """Stretches of one or two speakers with pauses between them, as segments of a crop.

    Half of the takes begin in the middle of speech, the others with a pause.
    """
    rate, length = sampler.pool.sample_rate, sampler.length
    speakers = [sampler.draw_label(rng), sampler.draw_label(rng)]
    end = 0 if rng.random() < 0.5 else _pause(rng, rate)
    # Somebody speaks in every take, however long the pause before it was.
    end = min(end, length // 2)
    segments: list[Segment] = []
    while end < length:
        found = sampler.draw_stretch(rng, speakers[0], end)
        gain = 10.0 ** (rng.uniform(-_STRETCH_DB, _STRETCH_DB) / 20.0)
        segments.append(replace(found, gain=float(gain)))
        end += max(found.length, 1) + _pause(rng, rate)
        if rng.random() < _OTHER_SPEAKER:
            speakers.reverse()
    return segments


def _pause(rng: np.random.Generator, rate: int) -> int:
    return int(np.exp(rng.uniform(*np.log(_PAUSE_SECONDS))) * rate)


def drifting(rng: np.random.Generator, length: int, rate: int, drift_db: float) -> np.ndarray:
    """Factors [length] of a level that moves between random aims within `drift_db` of 0 dB."""
    count = max(2, round(length / (_DRIFT_SECONDS * rate)) + 1)
    aims = rng.uniform(-drift_db, drift_db, count)
    level_db = np.interp(np.arange(length), np.linspace(0, length - 1, count), aims)
    return np.asarray(10.0 ** (level_db / 20.0), np.float32)
