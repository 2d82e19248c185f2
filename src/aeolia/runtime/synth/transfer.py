"""Another instrument plays what was played: pitch and loudness kept, timbre replaced.

    audio -> mono -> 16 kHz -> pitch tracker -> mended pitch --+-> transpose, snap -+
               |                                               |                    +-> decoder
               +------> loudness -------------------------------+--> prior: timbre -+
                           |                                    +--> envelope: the instrument's
                           |                                         own loudness --+
                           +--------------------------------------------------- gain to keep it

The decoder hears how loud the instrument itself would be so long after the note began, for that is
what its timbre was learned with: a voice that holds its tone would otherwise make a piano that no
hammer struck. The gain then brings the loudness of the recording back.

The recording is monophonic, and so is the output: all channels get the same. Works in steps of
40 ms, each of which looks ahead as far as the tracker must, so a file is the same in any blocks.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from aeolia.audio.contour import LOUDNESS_WINDOW, loudness_inside
from aeolia.audio.pitch import (
    LOOKAHEAD_FRAMES,
    MEND_FRAMES,
    TRACK_HOP,
    TRACK_RATE,
    PitchTrack,
    mend,
    track_window,
)
from aeolia.audio.pitch_names import hz, midi
from aeolia.errors import InputError, ModelError
from aeolia.runtime.backend import State
from aeolia.runtime.passage import Passage
from aeolia.runtime.synth.follower import LoudnessFollower
from aeolia.runtime.synth.instrument import OnnxSynthesiser

__all__ = ["TransferStream", "snapped"]

_FRAMES_PER_STEP = 4  # of the model's: 40 ms at 48 kHz and a hop of 480

#: Taps of the filter before decimation, for every unit of the decimation factor.
_TAPS_PER_FACTOR = 32

#: Tracked frames needed on each side of a time: the tracker's own reach and the mending's.
_REACH = LOOKAHEAD_FRAMES + MEND_FRAMES + 1

#: How fast the timbre follows pitch and loudness, in seconds.
_TIMBRE_SECONDS = 0.15

#: A step's touch is how loud the recording gets so soon after it, in seconds.
_TOUCH_SECONDS = 0.25

#: What is below this loudness (dBFS), or so far below the touch that follows (dB), is a pause:
#: the sound after it begins as a note does.
_PAUSE_DB, _PAUSE_BELOW_TOUCH_DB = -65.0, 40.0

#: How far below and above the recording's loudness (dB) the instrument's own may lie.
_MOST_BELOW_DB, _MOST_ABOVE_DB = 30.0, 60.0

#: How far a snapped pitch may leave its semitone before it changes to another, in semitones, and
#: how fast it gets there, in seconds.
_SNAP_HOLD, _SNAP_SECONDS = 0.65, 0.012


@dataclass(frozen=True)
class _Timing:
    sample_rate: int
    hop_length: int
    delay: int


class TransferStream(Passage[np.ndarray]):
    """One recording's way to another instrument.

    Args:
        model: the synthesiser.
        instrument: [I], who plays.
        sample_rate, channels: of the blocks.
        transpose: semitones added to the pitch.
        snap: hold each pitch at the nearest semitone.
        latent: [D], a timbre to keep; otherwise the prior's for each pitch and loudness.
        seed: of the noise.

    Raises:
        InputError, ModelError: an argument out of range; a model whose rate is not a multiple of
            the tracker's 16 kHz.
    """

    def __init__(
        self,
        model: OnnxSynthesiser,
        instrument: np.ndarray,
        sample_rate: int | None = None,
        channels: int = 1,
        *,
        transpose: float = 0.0,
        snap: bool = False,
        latent: np.ndarray | None = None,
        seed: int = 0,
        resample_quality: str = "HQ",
    ) -> None:
        rate, hop = model.config.sample_rate, model.config.hop_length
        if rate % TRACK_RATE:
            raise ModelError(
                f"{model.config.name!r} works at {rate} Hz; transfer needs a model at a multiple "
                f"of {TRACK_RATE} Hz"
            )
        if not abs(transpose) <= 60:
            raise InputError(f"transpose is {transpose} semitones; -60 to 60 is possible")
        self.model, self.instrument = model, instrument.astype(np.float32)
        self.transpose, self.snap, self.latent, self._seed = transpose, snap, latent, seed
        self._factor = rate // TRACK_RATE
        self._taps = _low_pass(self._factor)
        ahead = (_REACH + 3) * TRACK_HOP * self._factor + len(self._taps)
        self._touch_frames = round(_TOUCH_SECONDS * model.config.frame_rate)
        loudest = self._touch_frames * hop + LOUDNESS_WINDOW
        self._ahead = math.ceil(max(ahead, loudest) / hop) * hop
        self._follower = LoudnessFollower(hop)
        timing = _Timing(rate, _FRAMES_PER_STEP * hop, self._ahead + self._follower.delay)
        super().__init__(
            timing,
            sample_rate,
            channels,
            channels,
            keeps_input=False,
            resample_quality=resample_quality,
        )

    def _initial_state(self) -> State:
        # Enough to look back on from the oldest frame still to be sounded.
        low = self._ahead // self._factor + (_REACH + 3) * TRACK_HOP
        return {
            "heard": np.zeros(self._ahead + LOUDNESS_WINDOW, np.float32),
            "low": np.zeros(low, np.float32),
            "n_heard": np.zeros((), np.int64),
            "semitone": np.full((), np.nan),
            "snapped": np.full((), np.nan),
            "timbre": np.full(2, np.nan),  # smoothed pitch (MIDI number) and velocity
            "since": np.full((), -1.0),  # seconds since the note began; negative in a pause
            "gain": np.zeros(()),  # of the last frame, in decibels
            **self._follower.initial_state(),
            **{f"model_{n}": v for n, v in self.model.initial_state(1).items()},
        }

    def _step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Channels [C, T] in, the instrument [C, T] out, `config.delay` later."""
        mono = audio.mean(axis=0)
        # What is sounded now was heard so long ago; its first sample, from the recording's start.
        first = int(state["n_heard"]) - self._ahead
        heard, low, state = self._hear(mono, state)
        hop = self.model.config.hop_length
        ends = (first + hop * np.arange(1, len(mono) // hop + 1)) / self.model.config.sample_rate
        pitch_hz = self._pitch_at(ends, low, int(state["n_heard"]))
        n_frames = len(ends) + self._touch_frames
        coming = loudness_inside(heard[LOUDNESS_WINDOW // 2 :], hop, n_frames)
        loudness, outputs = coming[: len(ends)], []
        for start in range(0, len(ends), _FRAMES_PER_STEP):
            frames = slice(start, start + _FRAMES_PER_STEP)
            touch_db = float(coming[start : start + self._touch_frames].max())
            place = first + start * hop
            sound, state = self._sound(pitch_hz[frames], loudness[frames], touch_db, place, state)
            outputs.append(sound)
        output, state = self._follower.step(np.concatenate(outputs), loudness, state)
        return np.broadcast_to(output, (len(audio), len(output))), state

    def _hear(self, samples: np.ndarray, state: State) -> tuple[np.ndarray, np.ndarray, State]:
        """What is remembered with the new samples, at the model's rate and at the tracker's."""
        heard = np.concatenate([state["heard"], samples])
        n_taps = len(self._taps)
        recent = heard[len(heard) - len(samples) - n_taps + 1 :]
        windows = np.lib.stride_tricks.sliding_window_view(recent, n_taps)[:: self._factor]
        low = np.concatenate([state["low"], (windows @ self._taps).astype(np.float32)])
        following = {
            **state,
            "heard": heard[len(samples) :],
            "low": low[len(samples) // self._factor :],
            "n_heard": state["n_heard"] + len(samples),
        }
        return heard, low, following

    def _pitch_at(self, seconds: np.ndarray, low: np.ndarray, n_heard: int) -> np.ndarray:
        """Mended pitch [F] at times from the start; `low` ends where n_heard samples were heard."""
        # Sample n of the filtered signal stands for sample n - lag of the recording.
        lag = (len(self._taps) - 1) / 2 / self._factor / TRACK_RATE
        first_low = n_heard // self._factor - len(low)
        first = math.floor(seconds[0] * TRACK_RATE / TRACK_HOP)
        last = math.ceil(seconds[-1] * TRACK_RATE / TRACK_HOP) + 1
        start = (first - _REACH) * TRACK_HOP - first_low
        stop = (last + 1 + _REACH) * TRACK_HOP - first_low
        tracked, confidence = track_window(low[start:stop])
        inside = slice(_REACH - LOOKAHEAD_FRAMES, len(tracked) - MEND_FRAMES - 1)
        track = PitchTrack(mend(tracked, confidence)[inside], confidence[inside])
        return track.at(seconds + lag - first * TRACK_HOP / TRACK_RATE)

    def _sound(
        self,
        pitch_hz: np.ndarray,
        loudness_db: np.ndarray,
        touch_db: float,
        place: int,
        state: State,
    ) -> tuple[np.ndarray, State]:
        """A few frames of the instrument, [T]; `place` is their first sample in the recording."""
        pitch_hz, state = self._tuned(pitch_hz, state)
        latent, state = self._timbre(pitch_hz, touch_db, state)
        since = self._since(loudness_db, touch_db, float(state["since"]))
        told_db = self._told(latent, loudness_db, since, state)
        hop = self.model.config.hop_length
        noise, gains = self._noise(place, len(since)), loudness_db - told_db
        inner = {n.removeprefix("model_"): v for n, v in state.items() if n.startswith("model_")}
        gain, outputs = float(state["gain"]), []
        begins = np.flatnonzero(since == 0.0).tolist()
        for start, stop in itertools.pairwise(sorted({0, *begins, len(since)})):
            if start in begins:  # a voice that begins, over what still decays of the last
                tail = {name: value for name, value in inner.items() if name.endswith("tail")}
                inner = {**self.model.initial_state(1), **tail}
                gain = float(gains[start])
            part = slice(start, stop)
            sound, inner = self.model.step(
                latent[None],
                self.instrument[None],
                pitch_hz[None, part].astype(np.float32),
                told_db[None, part],
                noise[None, start * hop : stop * hop],
                inner,
            )
            outputs.append(sound[0] * _amplitudes(gain, gains[part], hop))
            gain = float(gains[stop - 1])
        following = {f"model_{n}": v for n, v in inner.items()}
        state = {**state, **following, "since": since[-1], "gain": np.array(gain)}
        return np.concatenate(outputs), state

    def _since(self, loudness_db: np.ndarray, touch_db: float, before: float) -> np.ndarray:
        """Seconds [F] since the note began, exactly 0 where it does; negative in pauses."""
        since = np.empty(len(loudness_db))
        for frame, level in enumerate(loudness_db):
            if level < max(_PAUSE_DB, touch_db - _PAUSE_BELOW_TOUCH_DB):
                before = -1.0
            else:
                before = before + 1.0 / self.model.config.frame_rate if before >= 0.0 else 0.0
            since[frame] = before
        return since

    def _told(
        self, latent: np.ndarray, loudness_db: np.ndarray, since: np.ndarray, state: State
    ) -> np.ndarray:
        """The instrument's own loudness [F] so long after the note began; in pauses the given."""
        pitch, velocity = self._touched(state)
        own = self.model.envelope(
            latent[None],
            self.instrument[None],
            np.array([pitch]),
            np.array([velocity]),
            np.maximum(since, 0.0)[None],
            np.full((1, len(since)), -1.0),
        )[0]
        near = np.clip(own, loudness_db - _MOST_BELOW_DB, loudness_db + _MOST_ABOVE_DB)
        return np.where(since >= 0.0, near, loudness_db).astype(np.float32)

    def _tuned(self, pitch_hz: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Transposed, and snapped if asked for."""
        if not self.transpose and not self.snap:
            return pitch_hz, state
        voiced = pitch_hz > 0.0
        number = midi(np.where(voiced, pitch_hz, 440.0)) + self.transpose
        if self.snap:
            seconds = self.model.config.hop_length / self.model.config.sample_rate
            number, semitone, place = snapped(
                np.where(voiced, number, np.nan), seconds, state["semitone"], state["snapped"]
            )
            state = {**state, "semitone": semitone, "snapped": place}
            number = np.where(voiced, number, 69.0)
        return np.where(voiced, hz(number), 0.0), state

    def _timbre(
        self, pitch_hz: np.ndarray, touch_db: float, state: State
    ) -> tuple[np.ndarray, State]:
        """The latent [D] for this step: the prior's, for where pitch and touch have been."""
        config = self.model.config
        pitch, velocity = state["timbre"]
        voiced = pitch_hz > 0.0
        if voiced.any():
            now = float(np.median(midi(pitch_hz[voiced])))
            level = touch_db - config.full_loudness_db
            touch = float(np.clip(1.0 + level / config.velocity_range_db, 0.05, 1.0))
            share = _FRAMES_PER_STEP * config.hop_length / config.sample_rate / _TIMBRE_SECONDS
            share = 1.0 if np.isnan(pitch) else min(share, 1.0)
            pitch = now if share == 1.0 else pitch + share * (now - pitch)
            velocity = touch if share == 1.0 else velocity + share * (touch - velocity)
            state = {**state, "timbre": np.array([pitch, velocity])}
        if self.latent is not None:
            return self.latent.astype(np.float32), state
        pitch, velocity = self._touched(state)
        mean = self.model.prior(self.instrument[None], np.array([pitch]), np.array([velocity])).mean
        return mean[0].astype(np.float32), state

    def _touched(self, state: State) -> tuple[float, float]:
        """Pitch within the instrument's range, and velocity, as smoothed; the middle at first."""
        low, high = self.model.range_of(self.instrument)
        pitch, velocity = state["timbre"]
        if np.isnan(pitch):
            return 0.5 * (low + high), 0.7
        return float(np.clip(pitch, low, high)), float(velocity)

    def _noise(self, first: int, n_frames: int) -> np.ndarray:
        """Unit noise of this step; its place decides it, so that blocks do not."""
        place = first // self.config.hop_length + (1 << 20)
        generator = np.random.default_rng((self._seed, place))
        return generator.standard_normal(n_frames * self.model.config.hop_length, np.float32)

    def _result(self, output: np.ndarray, heard: np.ndarray) -> np.ndarray:
        return self._form(output)


def _amplitudes(before: float, gains_db: np.ndarray, hop: int) -> np.ndarray:
    """Factors [F * hop] that reach each frame's gain in decibels at its end."""
    share = (np.arange(hop, dtype=np.float32) + 1.0) / hop
    starts = np.concatenate([[before], gains_db[:-1]])
    curve = starts[:, None] + (gains_db - starts)[:, None] * share
    return (10.0 ** (curve.ravel() / 20.0)).astype(np.float32)


def snapped(
    number: np.ndarray, frame_seconds: float, semitone: np.ndarray, place: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """MIDI numbers [F] (nan where unvoiced) drawn to semitones, gliding from one to the next.

    Args:
        semitone, place: where it stood before, as returned; nan at the start.

    Returns:
        numbers [F], and the two for what follows.
    """
    result = np.full(len(number), np.nan)
    share = 1.0 - np.exp(-frame_seconds / _SNAP_SECONDS)
    now, at = float(semitone), float(place)
    for frame, value in enumerate(number):
        if np.isnan(value):
            now = at = float("nan")
            continue
        if np.isnan(now) or abs(value - now) > _SNAP_HOLD:
            now = float(np.round(value))
        at = now if np.isnan(at) else at + share * (now - at)
        result[frame] = at
    return result, np.array(now), np.array(at)


def _low_pass(factor: int) -> np.ndarray:
    """Odd-length windowed-sinc filter that lets a `factor`-th of the band pass, unit gain."""
    if factor == 1:
        return np.ones(1)
    half = _TAPS_PER_FACTOR * factor // 2
    time = np.arange(-half, half + 1)
    taps = np.sinc(0.92 * time / factor) * np.blackman(2 * half + 3)[1:-1]
    return taps / taps.sum()
