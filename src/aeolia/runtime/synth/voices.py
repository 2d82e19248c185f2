"""Voices that sound: the notes of a score, or of a keyboard, a chunk at a time.

Every voice has its own clock: its frames begin with the note and not with some grid. All voices of
a model run as one batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from aeolia.audio.pitch.contour import LOUDNESS_FLOOR_DB
from aeolia.audio.pitch.names import midi_to_hz
from aeolia.runtime.backend import State
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.stage.manners import Vibrato

__all__ = ["Controller", "PlayedNote", "Sounding", "Voices", "touch"]

#: Voices of one batch at most: more are slower, and memory stays bounded.
_VOICES_PER_STEP = 16

#: A voice below this level (dBFS), with its key up or after a second, has ended.
_INAUDIBLE_DB = -80.0
_SHORTEST_HELD_SECONDS, _LONGEST_RELEASE_SECONDS = 1.0, 6.0
#: A hit has ended this far below its loudest. Models learned little of how hits die away: from some
#: 45 dB on they would stay where they are for seconds, unheard and at the cost of a voice.
_HIT_ENDS_DB = 40.0

#: A voice fades in over this time, too short to soften an attack, long enough for no click.
_FADE_IN_SECONDS = 0.0005

#: What a channel sends into the room unless its score says so: controller 91 after power-up
#: (General MIDI 2).
_USUAL_SEND = 40.0 / 127.0
#: Vibrato of the modulation wheel, all the way up: General MIDI 2's 50 cents.
_WHEEL = Vibrato(5.6, 50.0, delay_seconds=0.0, rise_seconds=0.1)
#: Nobody's vibrato is as quick as another's.
_UNLIKE = 0.06


def touch(velocity: float, range_db: float) -> float:
    """MIDI velocity 1 to 127 as a model's, 0 to 1, which is linear in decibels over `range_db`.

    Level goes with the 1.5th power of the velocity, 30 dB a decade, between what General MIDI
    advises (40) and what pianos of sampled sound do (20 to 30); the softest few go to 0 in a line.
    """
    knee = 0.2
    velocity_at_knee = 127.0 * 10.0 ** ((knee - 1.0) * range_db / 30.0)
    if velocity < velocity_at_knee:
        return float(knee * velocity / velocity_at_knee)
    return float(1.0 + 30.0 * np.log10(velocity / 127.0) / range_db)


class Controller(Protocol):
    """What a channel's controller stands at: a score's `Curve`, or a keyboard's present value."""

    def at(self, seconds: np.ndarray) -> np.ndarray:
        """The values at these times."""
        ...


@dataclass(frozen=True)
class PlayedNote:
    """A note as a model is to sound it."""

    model: OnnxSynthesiser
    onset_seconds: float
    release_seconds: float
    #: [I] and [D].
    instrument: np.ndarray
    latent: np.ndarray
    #: May have a fraction.
    pitch_midi: float
    #: 0 to 1.
    velocity: float
    #: Without pitch: a drum.
    unpitched: bool = False
    #: Semitones, and decibels, over the time of the score.
    bend: Controller | None = None
    level_db: Controller | None = None
    #: From -1, left, to 1, right, over the time of the score; None for the middle.
    pan: Controller | None = None
    #: Beside what the model plays.
    gain_db: float = 0.0
    #: Time in which it falls by 60 dB once released; None for the model's own, infinite for never.
    fall_seconds: float | None = None
    #: Of held notes; None for a straight line.
    vibrato: Vibrato | None = None
    #: The modulation wheel, 0 to 1, over the time of the score.
    modulation: Controller | None = None
    #: What goes into the room, 0 to 1, over the time of the score; None for what is usual.
    send: Controller | None = None


class Sounding:
    """A voice that has begun: its state, and how far it is.

    Args:
        onset: its first sample.
        seed: of its noise.
    """

    def __init__(self, voice: PlayedNote, onset: int, seed: tuple[int, int]) -> None:
        self.voice, self.position = voice, onset
        self.state: State = voice.model.initial_state(1)
        self.noise = np.random.default_rng(seed)
        self.n_frames = 0
        #: The highest level of its envelope so far, dB.
        self.loudest_db = -math.inf
        #: Sample after the last that it has sounded.
        self.end = onset
        self.finished = False
        #: Factor on the rate of its vibrato; another generator, so that the noise stays as it was.
        self.hastened = 1.0 + _UNLIKE * np.random.default_rng((*seed, 1)).uniform(-1.0, 1.0)


class Voices:
    """What makes voices of one rate and hop sound, so many frames at a time.

    Args:
        frames: of a chunk.
        channels: 1 lays all voices in the middle; 2 is stereo.
        has_room: a third channel, of what goes into the room.
    """

    def __init__(
        self, sample_rate: int, hop_length: int, frames: int, channels: int, has_room: bool
    ) -> None:
        self.sample_rate = sample_rate
        self._hop, self._frames = hop_length, frames
        self.channels, self.has_room = channels, has_room

    def chunks(self, sounding: Iterable[Sounding]) -> Iterator[tuple[Sounding, np.ndarray]]:
        """The next chunk of each, [T] or [T, 2 or 3], where it lies; they move on."""
        for group in _batches(sounding):
            for one, audio in zip(group, self._chunks(group), strict=True):
                placed = self._placed(one, audio)
                one.position += len(audio)
                yield one, placed

    def _placed(self, one: Sounding, audio: np.ndarray) -> np.ndarray:
        """A voice's next chunk [T] where it lies: [T], or left and right [T, 2].

        Constant power (MIDI recommended practice RP-036), and in the middle as loud as in mono.
        """
        audio = audio * np.float32(10.0 ** (one.voice.gain_db / 20.0))
        if self.channels == 1:
            return audio
        angle = 0.25 * np.pi * (1.0 + self._controlled(one, one.voice.pan, 0.0))
        gains = [np.sqrt(2.0) * np.cos(angle), np.sqrt(2.0) * np.sin(angle)]
        if self.has_room:
            gains.append(self._controlled(one, one.voice.send, _USUAL_SEND))
        placed = np.empty((len(audio), len(gains)), np.float32)
        for column, gain in enumerate(gains):
            np.multiply(audio, gain, out=placed[:, column], casting="same_kind")
        return placed

    def _controlled(self, one: Sounding, curve: Controller | None, usual: float) -> np.ndarray:
        """A controller's values through a voice's next chunk, [T], or [] where it stands still."""
        if curve is None:
            return np.asarray(usual, np.float32)
        edges = self._hop * np.arange(self._frames + 1)
        values = curve.at((one.position + edges) / self.sample_rate)
        if (values == values[0]).all():
            return np.asarray(values[0], np.float32)
        # In a straight line through a frame: a jump would click.
        return np.asarray(np.interp(np.arange(edges[-1]), edges, values), np.float32)

    def _chunks(self, group: list[Sounding]) -> np.ndarray:
        """The next chunk of each voice, [V, T], all of one model; their states move on."""
        model = group[0].voice.model
        latent = np.stack([one.voice.latent for one in group]).astype(np.float32)
        instrument = np.stack([one.voice.instrument for one in group]).astype(np.float32)
        loudness = self._loudness(model, group, latent, instrument)
        pitch = np.stack([self._pitch(one) for one in group])
        noise = np.stack(
            [one.noise.standard_normal(self._frames * self._hop, np.float32) for one in group]
        )
        names = group[0].state
        state = {name: np.concatenate([one.state[name] for one in group]) for name in names}
        audio, state = model.step(latent, instrument, pitch, loudness, noise, state)
        for row, one in enumerate(group):
            one.state = {name: values[row : row + 1] for name, values in state.items()}
            if one.n_frames == 0:
                n_fade = round(_FADE_IN_SECONDS * self.sample_rate)
                audio[row, :n_fade] *= np.arange(1, n_fade + 1, dtype=np.float32) / n_fade
            one.end = one.position + self._finish(one, loudness[row], audio[row])
            one.n_frames += self._frames
        return audio

    def _times(self, one: Sounding, part: float) -> np.ndarray:
        """Seconds since the onset at `part` of each frame of the next chunk, [F]."""
        frames = one.n_frames + np.arange(self._frames) + part
        return frames * (self._hop / self.sample_rate)

    def _loudness(
        self,
        model: OnnxSynthesiser,
        group: list[Sounding],
        latent: np.ndarray,
        instrument: np.ndarray,
    ) -> np.ndarray:
        """The envelope of each voice's next chunk [V, F], with its channel's level."""
        since_onset = np.stack([self._times(one, 0.5) for one in group])
        held = np.array([one.voice.release_seconds - one.voice.onset_seconds for one in group])
        since_release = since_onset - held[:, None]
        loudness = model.envelope(
            latent,
            instrument,
            np.array([one.voice.pitch_midi for one in group]),
            np.array([one.voice.velocity for one in group]),
            since_onset,
            np.where(since_release >= 0.0, since_release * _haste(group), -1.0),
        )
        for row, one in enumerate(group):
            if one.voice.level_db is not None:
                loudness[row] += one.voice.level_db.at(one.voice.onset_seconds + since_onset[row])
        return np.asarray(np.maximum(loudness, np.float32(LOUDNESS_FLOOR_DB)))

    def _pitch(self, one: Sounding) -> np.ndarray:
        """Pitch in Hz of the next chunk, [F], reached at the frames' ends."""
        voice = one.voice
        if voice.unpitched:
            return np.zeros(self._frames, np.float32)
        pitch = np.full(self._frames, voice.pitch_midi)
        since_onset = self._times(one, 1.0)
        if voice.bend is not None:
            pitch += voice.bend.at(voice.onset_seconds + since_onset)
        if voice.vibrato is not None:
            pitch += voice.vibrato.semitones(since_onset, one.hastened)
        if voice.modulation is not None:
            wheel = voice.modulation.at(voice.onset_seconds + since_onset)
            pitch += wheel * _WHEEL.semitones(since_onset, one.hastened)
        return midi_to_hz(pitch).astype(np.float32)

    def _finish(self, one: Sounding, loudness_db: np.ndarray, audio: np.ndarray) -> int:
        """End the voice at the first frame that is over, if one is; returns the samples kept."""
        since_onset = self._times(one, 0.5)
        since_release = since_onset - (one.voice.release_seconds - one.voice.onset_seconds)
        may_end = since_release >= 0.0
        # A channel turned down may come back while the key is held, a decayed string may not.
        if one.voice.level_db is None:
            may_end |= since_onset > _SHORTEST_HELD_SECONDS
        inaudible = loudness_db + one.voice.gain_db <= _INAUDIBLE_DB
        if one.voice.unpitched:
            loudest = np.maximum(np.maximum.accumulate(loudness_db), one.loudest_db)
            inaudible |= loudness_db <= loudest - _HIT_ENDS_DB
            one.loudest_db = float(loudest[-1])
        over = inaudible & may_end | (since_release > _LONGEST_RELEASE_SECONDS)
        if not over.any():
            return len(audio)
        start = int(np.argmax(over)) * self._hop
        audio[start : start + self._hop] *= np.linspace(1.0, 0.0, self._hop, dtype=np.float32)
        audio[start + self._hop :] = 0.0
        one.finished = True
        return start + self._hop


def _haste(group: Sequence[Sounding]) -> np.ndarray:
    """How much faster time goes for each voice's release than its model has it, [V, 1].

    Models let a released note fall in a straight line of decibels.
    """
    usual = [one.voice.model.config.release_seconds for one in group]
    wanted = [one.voice.fall_seconds for one in group]
    factors = [1.0 if b is None else a / b for a, b in zip(usual, wanted, strict=True)]
    return np.array(factors)[:, None]


def _batches(sounding: Iterable[Sounding]) -> Iterator[list[Sounding]]:
    """Voices of one model each, not too many at a time."""
    by_model: dict[int, list[Sounding]] = {}
    for one in sounding:
        by_model.setdefault(id(one.voice.model), []).append(one)
    for group in by_model.values():
        for first in range(0, len(group), _VOICES_PER_STEP):
            yield group[first : first + _VOICES_PER_STEP]
