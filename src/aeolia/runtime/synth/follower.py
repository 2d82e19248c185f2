"""Hold a model's sound at the target loudness.

A decoder is given the loudness and comes near it; how near depends on pitch and instrument. Where a
recording's dynamics are to be kept, the sound is measured, and a gain makes up the difference; it
changes too slowly to be audible as such.
"""

from __future__ import annotations

import math

import numpy as np

from aeolia.audio.pitch.contour import LOUDNESS_WINDOW, loudness_inside
from aeolia.runtime.backend import State

__all__ = ["LoudnessFollower"]

#: Limit of the gain, in decibels, either way.
_MOST_DB = 15.0

#: Share of the way that the gain goes in a frame to where it should be.
_SHARE = 0.5

#: Below this loudness (dBFS) the gain goes to 0 dB: silence stays silent.
_SILENT_DB = -75.0


class LoudnessFollower:
    """Sound in, the same at the target loudness out, `delay` samples later; state in, state out.

    Args:
        hop_length: samples of a frame.
    """

    def __init__(self, hop_length: int) -> None:
        self.hop_length = hop_length
        half = LOUDNESS_WINDOW // 2
        # A frame's window must be complete before its gain is known.
        self._late_frames = math.ceil((hop_length / 2 + half) / hop_length) - 1
        self._before = math.ceil(half / hop_length) * hop_length
        self.delay = self._late_frames * hop_length

    def initial_state(self) -> State:
        """Silence, and no gain."""
        return {
            "made": np.zeros(self._before + self.delay, np.float32),
            "target": np.full(self._late_frames, -90.0, np.float32),
            "gain_db": np.zeros((), np.float32),
        }

    def step(
        self, sound: np.ndarray, loudness_db: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        """Sound [T] of whole frames, with its target loudness [F]; what else `state` has stays."""
        hop, n_frames = self.hop_length, len(loudness_db)
        made = np.concatenate([state["made"], sound])
        target = np.concatenate([state["target"], loudness_db])
        measured = loudness_inside(made[self._before - LOUDNESS_WINDOW // 2 :], hop, n_frames)
        gains = np.empty(n_frames + 1, np.float32)
        gains[0] = state["gain_db"]
        for frame in range(n_frames):
            missing = 0.0
            if min(measured[frame], target[frame]) > _SILENT_DB:
                missing = float(np.clip(target[frame] - measured[frame], -_MOST_DB, _MOST_DB))
            gains[frame + 1] = gains[frame] + _SHARE * (missing - gains[frame])
        share = (np.arange(hop, dtype=np.float32) + 1.0) / hop
        curve = gains[:-1, None] + np.diff(gains)[:, None] * share
        output = made[self._before : self._before + n_frames * hop] * 10 ** (curve.ravel() / 20)
        following = {
            **state,
            "made": made[n_frames * hop :],
            "target": target[n_frames:],
            "gain_db": gains[-1],
        }
        return output.astype(np.float32), following

    def whole(self, sound: np.ndarray, loudness_db: np.ndarray) -> np.ndarray:
        """A whole sound [F * hop] at its target loudness [F], aligned."""
        late = np.zeros(self.delay, np.float32)
        silent = np.full(self._late_frames, -90.0, np.float32)
        output, _ = self.step(
            np.concatenate([sound, late]),
            np.concatenate([loudness_db, silent]),
            self.initial_state(),
        )
        return output[self.delay :]
