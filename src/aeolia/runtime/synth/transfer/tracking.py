"""The hearing half of a transfer: a recording's pitch and loudness, frame by frame, as it comes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from aeolia.audio.pitch.contour import LOUDNESS_WINDOW, loudness_inside
from aeolia.audio.pitch.tracker import (
    LOOKAHEAD_FRAMES,
    MEND_FRAMES,
    TRACK_HOP,
    TRACK_RATE,
    PitchTrack,
    mend,
    track_window,
)
from aeolia.runtime.backend import State

__all__ = ["ContourTracker", "Contours"]

#: Taps of the filter before decimation, for every unit of the decimation factor.
_TAPS_PER_FACTOR = 32

#: Tracked frames needed on each side of a time: the tracker's own reach and the mending's.
_REACH = LOOKAHEAD_FRAMES + MEND_FRAMES + 1


@dataclass(frozen=True)
class Contours:
    """What was found in some frames of a recording, some time after they came in."""

    #: First sample of the first frame, from the recording's start; negative before it.
    first: int
    #: [F] in Hz, 0 where there is none; reached at the frames' ends.
    pitch_hz: np.ndarray
    #: [F + ahead] in dBFS: of these frames and of those that follow.
    loudness_db: np.ndarray


class ContourTracker:
    """Mono audio in, contours out, `delay` samples later; state in, state out.

    Args:
        sample_rate: a multiple of the pitch tracker's 16 kHz.
        hop_length: samples of a frame.
        ahead: frames of loudness to know beyond the last frame that is answered.
    """

    def __init__(self, sample_rate: int, hop_length: int, ahead: int) -> None:
        self.sample_rate, self.hop_length, self.ahead = sample_rate, hop_length, ahead
        self._factor = sample_rate // TRACK_RATE
        self._taps = _low_pass(self._factor)
        for_pitch = (_REACH + 3) * TRACK_HOP * self._factor + len(self._taps)
        for_loudness = ahead * hop_length + LOUDNESS_WINDOW
        self.delay = math.ceil(max(for_pitch, for_loudness) / hop_length) * hop_length

    def initial_state(self) -> State:
        """Silence before the recording: enough to look back on from the oldest frame to come."""
        low = self.delay // self._factor + (_REACH + 3) * TRACK_HOP
        return {
            "recent": np.zeros(self.delay + LOUDNESS_WINDOW, np.float32),
            "low": np.zeros(low, np.float32),  # the same at the pitch tracker's rate
            "n_received": np.zeros((), np.int64),
        }

    def step(self, samples: np.ndarray, state: State) -> tuple[Contours, State]:
        """The contours of as many frames as samples [T] of whole frames came in.

        What else `state` has stays as it is.
        """
        first = int(state["n_received"]) - self.delay
        recent, low, state = self._remember(samples, state)
        n_frames = len(samples) // self.hop_length
        ends = (first + self.hop_length * np.arange(1, n_frames + 1)) / self.sample_rate
        pitch_hz = self._pitch_at(ends, low, int(state["n_received"]))
        loudness_db = loudness_inside(
            recent[LOUDNESS_WINDOW // 2 :], self.hop_length, n_frames + self.ahead
        )
        return Contours(first, pitch_hz, loudness_db), state

    def _remember(self, samples: np.ndarray, state: State) -> tuple[np.ndarray, np.ndarray, State]:
        """What is remembered with the new samples, at the recording's rate and the tracker's."""
        recent = np.concatenate([state["recent"], samples])
        n_taps = len(self._taps)
        filtered = recent[len(recent) - len(samples) - n_taps + 1 :]
        windows = np.lib.stride_tricks.sliding_window_view(filtered, n_taps)[:: self._factor]
        low = np.concatenate([state["low"], (windows @ self._taps).astype(np.float32)])
        following = {
            **state,
            "recent": recent[len(samples) :],
            "low": low[len(samples) // self._factor :],
            "n_received": state["n_received"] + len(samples),
        }
        return recent, low, following

    def _pitch_at(self, seconds: np.ndarray, low: np.ndarray, n_received: int) -> np.ndarray:
        """Mended pitch [F] at times from the start; `low` ends with sample n_received."""
        # Sample n of the filtered signal stands for sample n - lag of the recording.
        lag = (len(self._taps) - 1) / 2 / self._factor / TRACK_RATE
        first_low = n_received // self._factor - len(low)
        first = math.floor(seconds[0] * TRACK_RATE / TRACK_HOP)
        last = math.ceil(seconds[-1] * TRACK_RATE / TRACK_HOP) + 1
        start = (first - _REACH) * TRACK_HOP - first_low
        stop = (last + 1 + _REACH) * TRACK_HOP - first_low
        tracked, confidence = track_window(low[start:stop])
        inside = slice(_REACH - LOOKAHEAD_FRAMES, len(tracked) - MEND_FRAMES - 1)
        track = PitchTrack(mend(tracked, confidence)[inside], confidence[inside])
        return track.at(seconds + lag - first * TRACK_HOP / TRACK_RATE)


def _low_pass(factor: int) -> np.ndarray:
    """Odd-length windowed-sinc filter that lets a `factor`-th of the band pass, unit gain."""
    if factor == 1:
        return np.ones(1)
    half = _TAPS_PER_FACTOR * factor // 2
    time = np.arange(-half, half + 1)
    taps = np.sinc(0.92 * time / factor) * np.blackman(2 * half + 3)[1:-1]
    return np.asarray(taps / taps.sum())
