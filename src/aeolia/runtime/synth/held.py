"""A note that sounds while its timbre moves: a few frames at a time, until its key goes up."""

from __future__ import annotations

import numpy as np

from aeolia.audio.pitch.contour import LOUDNESS_FLOOR_DB
from aeolia.audio.pitch.names import midi_to_hz
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.latent_map import Timbre

__all__ = ["HeldNote"]

#: Below this level (dBFS) a released note is over.
_INAUDIBLE_DB = -80.0
#: So far below its loudest a held note has died away, as a string does and a flute does not.
_FADED_DB = 24.0
#: A released note is over after this time, whatever its envelope says.
_LONGEST_RELEASE_SECONDS = 6.0
#: It fades in over this time, too short to soften an attack, and out over its last frame.
_FADE_IN_SECONDS = 0.0005
#: Of the way to a new timbre, what is gone in a frame: a jump of the pointer is no click.
_SHARE = 0.3


class HeldNote:
    """One voice.

    Args:
        pitch_midi: may have a fraction.
        velocity: 0 to 1, see `touch`.
        seed: of the noise in it.
    """

    def __init__(
        self, model: OnnxSynthesiser, pitch_midi: float, velocity: float, *, seed: int = 0
    ) -> None:
        self._model = model
        self._pitch_midi, self._velocity = pitch_midi, velocity
        self._state = model.initial_state(1)
        self._noise = np.random.default_rng(seed)
        self._timbre: Timbre | None = None
        self._n_frames = 0
        self._released_at: int | None = None
        self._loudest_db, self._level_db = LOUDNESS_FLOOR_DB, LOUDNESS_FLOOR_DB
        #: Whether nothing more is heard of it.
        self.over = False

    def release(self) -> None:
        """The key goes up; the release follows."""
        if self._released_at is None:
            self._released_at = self._n_frames

    @property
    def faded(self) -> bool:
        """Whether it has died away by itself."""
        return self._level_db < self._loudest_db - _FADED_DB

    def sound(self, timbre: Timbre, n_frames: int) -> np.ndarray:
        """The next samples, [n_frames * hop_length], on the way to a timbre; silence once over."""
        hop, rate = self._model.config.hop_length, self._model.config.sample_rate
        if self.over:
            return np.zeros(n_frames * hop, np.float32)
        timbre = self._timbre = self._towards(timbre, n_frames)
        latent, instrument = timbre.latent[None], timbre.instrument[None]
        since_onset = (self._n_frames + np.arange(n_frames) + 0.5) * (hop / rate)
        loudness = self._loudness(latent, instrument, since_onset)
        hz = 0.0 if self._model.unpitched else float(midi_to_hz(np.float64(self._pitch_midi)))
        pitch = np.full((1, n_frames), hz, np.float32)
        noise = self._noise.standard_normal((1, n_frames * hop), np.float32)
        blocks, self._state = self._model.step(
            latent, instrument, pitch, loudness[None], noise, self._state
        )
        sound = blocks[0]
        if self._n_frames == 0:
            n_fade = round(_FADE_IN_SECONDS * rate)
            sound[:n_fade] *= np.arange(1, n_fade + 1, dtype=np.float32) / n_fade
        self._n_frames += n_frames
        self._level_db = float(loudness[-1])
        self._loudest_db = max(self._loudest_db, float(loudness.max()))
        if self._ends():
            self.over = True
            sound[-hop:] *= np.linspace(1.0, 0.0, hop, dtype=np.float32)
        return np.asarray(sound, np.float32)

    def _towards(self, timbre: Timbre, n_frames: int) -> Timbre:
        if self._timbre is None:
            return timbre
        share = np.float32(1.0 - (1.0 - _SHARE) ** n_frames)
        last = self._timbre
        return Timbre(
            last.instrument + share * (timbre.instrument - last.instrument),
            last.latent + share * (timbre.latent - last.latent),
        )

    def _loudness(
        self, latent: np.ndarray, instrument: np.ndarray, since_onset: np.ndarray
    ) -> np.ndarray:
        """Of the next frames in dBFS, [F]."""
        since_release = np.full_like(since_onset, -1.0)
        if self._released_at is not None:
            config = self._model.config
            since_release = since_onset - self._released_at * config.hop_length / config.sample_rate
        (loudness,) = self._model.envelope(
            latent,
            instrument,
            np.array([self._pitch_midi]),
            np.array([self._velocity]),
            since_onset[None],
            since_release[None],
        )
        return np.asarray(np.maximum(loudness, np.float32(LOUDNESS_FLOOR_DB)))

    def _ends(self) -> bool:
        if self._released_at is None:
            return False
        config = self._model.config
        since = (self._n_frames - self._released_at) * config.hop_length / config.sample_rate
        return self._level_db <= _INAUDIBLE_DB or since > _LONGEST_RELEASE_SECONDS
