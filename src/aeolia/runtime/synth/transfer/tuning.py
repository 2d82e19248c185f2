"""Pitch contours transposed, and drawn to semitones where that is requested."""

from __future__ import annotations

import numpy as np

from aeolia.audio.pitch.names import hz_to_midi, midi_to_hz
from aeolia.errors import InputError
from aeolia.runtime.backend import State

__all__ = ["MOST_TRANSPOSED", "Tuning", "snapped"]

#: Semitones that can be added to the pitch, or taken from it.
MOST_TRANSPOSED = 60.0

#: How far a snapped pitch may leave its semitone before it changes to another, in semitones, and
#: how fast it gets there, in seconds.
_SNAP_HOLD, _SNAP_SECONDS = 0.65, 0.012


class Tuning:
    """Pitch in, pitch out; state in, state out.

    Args:
        frame_seconds: length of a frame.
        transpose: semitones added, -60 to 60.
        snap: hold each pitch at the nearest semitone.

    Raises:
        InputError: `transpose` out of range.
    """

    def __init__(self, frame_seconds: float, transpose: float = 0.0, snap: bool = False) -> None:
        if not abs(transpose) <= MOST_TRANSPOSED:
            most = f"{MOST_TRANSPOSED:g}"
            raise InputError(f"transpose is {transpose} semitones; -{most} to {most} is possible")
        self.frame_seconds, self.transpose, self.snap = frame_seconds, transpose, snap

    def initial_state(self) -> State:
        """No semitone is held yet."""
        return {"semitone": np.full((), np.nan), "snapped": np.full((), np.nan)}

    def step(self, pitch_hz: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Pitch [F] in Hz, 0 where there is none, tuned; what else `state` has stays."""
        if not self.transpose and not self.snap:
            return pitch_hz, state
        voiced = pitch_hz > 0.0
        number = hz_to_midi(np.where(voiced, pitch_hz, 440.0)) + self.transpose
        if self.snap:
            number, semitone, position = snapped(
                np.where(voiced, number, np.nan),
                self.frame_seconds,
                state["semitone"],
                state["snapped"],
            )
            state = {**state, "semitone": semitone, "snapped": position}
            number = np.where(voiced, number, 69.0)
        return np.where(voiced, midi_to_hz(number), 0.0), state


def snapped(
    number: np.ndarray, frame_seconds: float, semitone: np.ndarray, position: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """MIDI numbers [F] (nan where unvoiced) drawn to semitones, gliding from one to the next.

    Args:
        semitone, position: the semitone that was held and the number reached before the first
            frame, as returned for the frames before it; nan at the start.

    Returns:
        numbers [F], and the two for the frames that follow.
    """
    result = np.full(len(number), np.nan)
    share = 1.0 - np.exp(-frame_seconds / _SNAP_SECONDS)
    now, at = float(semitone), float(position)
    for frame, value in enumerate(number):
        if np.isnan(value):
            now = at = float("nan")
            continue
        if np.isnan(now) or abs(value - now) > _SNAP_HOLD:
            now = float(np.round(value))
        at = now if np.isnan(at) else at + share * (now - at)
        result[frame] = at
    return result, np.array(now), np.array(at)
