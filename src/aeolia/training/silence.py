"""Silence as the end of a training: how it is measured on what is held out, and said.

Where a source is hard to find, or a model begins too loud, the nearest way to a smaller error is to
say nothing; from there gradients show no way out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["LEVEL", "level_db", "silence_in_words"]

#: The score that tells: the mean level of what comes out over that of what was wanted, in dB.
LEVEL = "level_db"
#: Outputs this far below what was wanted are silence.
_SILENT_DB = -30.0
#: Levels are no lower.
_FLOOR_DB = -80.0


def level_db(signal: np.ndarray, reference: np.ndarray) -> float:
    """Level of a signal [T] over that of a reference [T], -80 dB at least."""
    powers = [float(np.mean(np.square(x, dtype=np.float64))) for x in (signal, reference)]
    ratio_db = 10.0 * np.log10((powers[0] + 1e-14) / (powers[1] + 1e-14))
    return max(_FLOOR_DB, float(ratio_db))


def silence_in_words(scores: Mapping[str, float]) -> str:
    """A line for a model whose outputs are silent by its scores; "" for others."""
    level = scores.get(LEVEL, 0.0)
    if level > _SILENT_DB:
        return ""
    return (
        f"what comes out is silence ({level:.0f} dB against what was wanted): unless the loss soon "
        "falls, begin again with more train.warmup_steps, a lower train.learning_rate, or "
        "loss.kind=spectral"
    )
