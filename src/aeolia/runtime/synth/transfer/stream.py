"""A recording's way to another instrument, in blocks of any size.

Works in steps of 40 ms, each of which looks ahead as far as the pitch tracker must, so a file
gives the same in any blocks. The recording is monophonic, and so is the output: all channels get
the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aeolia.audio.mono import MonoMixer
from aeolia.audio.pitch.tracker import TRACK_RATE
from aeolia.errors import ModelError
from aeolia.runtime.backend import State
from aeolia.runtime.passage import Passage
from aeolia.runtime.synth.follower import LoudnessFollower
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.transfer.playing import FRAMES_PER_STEP, Player
from aeolia.runtime.synth.transfer.tracking import ContourTracker
from aeolia.runtime.synth.transfer.tuning import Tuning

__all__ = ["TransferStream"]

#: A step's touch is how loud the recording gets so soon after it, in seconds.
_TOUCH_SECONDS = 0.25


@dataclass(frozen=True)
class _Timing:
    sample_rate: int
    hop_length: int
    delay: int


class TransferStream(Passage[np.ndarray]):
    """One recording's way to another instrument; see `runtime.passage` for what it promises.

    Args:
        model: the synthesiser.
        instrument: [I], see `OnnxSynthesiser.instrument`.
        sample_rate, channels, resample_quality: see `runtime.passage`.
        transpose: semitones added to the pitch, -60 to 60.
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
        config = model.config
        rate, hop = config.sample_rate, config.hop_length
        if rate % TRACK_RATE:
            raise ModelError(
                f"{config.name!r} works at {rate} Hz; transfer needs a model at a multiple of "
                f"{TRACK_RATE} Hz"
            )
        self._touch_frames = round(_TOUCH_SECONDS * config.frame_rate)
        self._mixer = MonoMixer(int(channels), hop, rate)
        self._tracker = ContourTracker(rate, hop, self._touch_frames)
        self._tuning = Tuning(hop / rate, transpose, snap)
        self._player = Player(model, instrument, latent, seed)
        self._follower = LoudnessFollower(hop)
        timing = _Timing(rate, FRAMES_PER_STEP * hop, self._tracker.delay + self._follower.delay)
        super().__init__(
            timing,
            sample_rate,
            channels,
            channels,
            keeps_input=False,
            resample_quality=resample_quality,
            linked=True,
        )

    def _initial_state(self) -> State:
        parts = self._mixer, self._tracker, self._tuning, self._player, self._follower
        return {name: value for part in parts for name, value in part.initial_state().items()}

    def _step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Channels [C, T] in, the instrument [C, T] out, `config.delay` later."""
        sound, state = self._mixer.step(audio, state)
        found, state = self._tracker.step(sound, state)
        n_frames, outputs = len(found.pitch_hz), []
        for start in range(0, n_frames, FRAMES_PER_STEP):
            frames = slice(start, start + FRAMES_PER_STEP)
            pitch_hz, state = self._tuning.step(found.pitch_hz[frames], state)
            touch_db = float(found.loudness_db[start : start + self._touch_frames].max())
            first = found.first + start * self._tracker.hop_length
            loudness_db = found.loudness_db[:n_frames][frames]
            played, state = self._player.step(pitch_hz, loudness_db, touch_db, first, state)
            outputs.append(played)
        output, state = self._follower.step(
            np.concatenate(outputs), found.loudness_db[:n_frames], state
        )
        return np.broadcast_to(output, (len(audio), len(output))), state

    def _begun(self, state: State) -> State:
        """Nothing is forgotten: a note sounds as it would have."""
        return state

    def _result(self, output: np.ndarray, input_block: np.ndarray) -> np.ndarray:
        return self._form(output)
