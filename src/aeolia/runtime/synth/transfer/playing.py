"""The sounding half of a transfer: an instrument plays a few frames of pitch and loudness."""

from __future__ import annotations

import itertools

import numpy as np

from aeolia.audio.pitch.names import hz_to_midi
from aeolia.runtime.backend import State
from aeolia.runtime.synth.instrument import OnnxSynthesiser

__all__ = ["FRAMES_PER_STEP", "Player"]

#: Of one step, for which the timbre is constant: 40 ms at 48 kHz and a hop of 480.
FRAMES_PER_STEP = 4

#: How fast the timbre follows pitch and loudness, in seconds.
_TIMBRE_SECONDS = 0.15

#: What is below this loudness (dBFS), or so far below the touch that follows (dB), is a pause:
#: the sound after it begins as a note does.
_PAUSE_DB, _PAUSE_BELOW_TOUCH_DB = -65.0, 40.0

#: How far below and above the recording's loudness (dB) the instrument's own may lie.
_MOST_BELOW_DB, _MOST_ABOVE_DB = 30.0, 60.0


class Player:
    """Frames of pitch and loudness in, the instrument's sound out; state in, state out.

    Args:
        model: the synthesiser.
        instrument: [I], see `OnnxSynthesiser.instrument`.
        latent: [D], a timbre to keep; otherwise the prior's for each pitch and loudness.
        seed: of the noise.
    """

    def __init__(
        self,
        model: OnnxSynthesiser,
        instrument: np.ndarray,
        latent: np.ndarray | None = None,
        seed: int = 0,
    ) -> None:
        self.model, self.instrument = model, instrument.astype(np.float32)
        self.latent, self._seed = latent, seed

    def initial_state(self) -> State:
        """A voice that has not begun."""
        return {
            "timbre": np.full(2, np.nan),  # smoothed pitch (MIDI number) and velocity
            "since": np.full((), -1.0),  # seconds since the note began; negative in a pause
            "gain": np.zeros(()),  # of the last frame, in decibels
            **{f"model_{n}": v for n, v in self.model.initial_state(1).items()},
        }

    def step(
        self,
        pitch_hz: np.ndarray,
        loudness_db: np.ndarray,
        touch_db: float,
        first: int,
        state: State,
    ) -> tuple[np.ndarray, State]:
        """At most `FRAMES_PER_STEP` frames as sound [T]; what else `state` has stays.

        Args:
            pitch_hz, loudness_db: [F].
            touch_db: how loud the recording gets soon after the first frame.
            first: the first frame's first sample in the recording.
        """
        latent, state = self._timbre(pitch_hz, touch_db, state)
        since = self._since(loudness_db, touch_db, float(state["since"]))
        given_db = self._given_loudness(latent, loudness_db, since, state)
        hop = self.model.config.hop_length
        noise, gains = self._noise(first, len(since)), loudness_db - given_db
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
                given_db[None, part],
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

    def _given_loudness(
        self, latent: np.ndarray, loudness_db: np.ndarray, since: np.ndarray, state: State
    ) -> np.ndarray:
        """Loudness [F] for the decoder: the instrument's own, in pauses the recording's."""
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

    def _timbre(
        self, pitch_hz: np.ndarray, touch_db: float, state: State
    ) -> tuple[np.ndarray, State]:
        """The latent [D] for this step: the prior's, for where pitch and touch have been."""
        config = self.model.config
        pitch, velocity = state["timbre"]
        voiced = pitch_hz > 0.0
        if voiced.any():
            now = float(np.median(hz_to_midi(pitch_hz[voiced])))
            level = touch_db - config.full_loudness_db
            touch = float(np.clip(1.0 + level / config.velocity_range_db, 0.05, 1.0))
            share = FRAMES_PER_STEP * config.hop_length / config.sample_rate / _TIMBRE_SECONDS
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
        """Unit noise of this step; its position decides it, so that blocks do not."""
        hop = self.model.config.hop_length
        index = first // (FRAMES_PER_STEP * hop) + (1 << 20)
        return np.random.default_rng((self._seed, index)).standard_normal(
            n_frames * hop, np.float32
        )


def _amplitudes(before: float, gains_db: np.ndarray, hop: int) -> np.ndarray:
    """Factors [F * hop] that reach each frame's gain in decibels at its end."""
    share = (np.arange(hop, dtype=np.float32) + 1.0) / hop
    starts = np.concatenate([[before], gains_db[:-1]])
    curve = starts[:, None] + (gains_db - starts)[:, None] * share
    return np.asarray(10.0 ** (curve.ravel() / 20.0), np.float32)
