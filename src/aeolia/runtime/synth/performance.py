"""Playing notes: one voice for each, begun at its very sample, summed block by block.

A voice is rendered in chunks of one block from its own first sample on, so its frames begin with
the note and not with some grid. Every block, each sounding voice gives one chunk, which may reach
into the next block; all voices of a model run as one batch:

    block n    |------------|------------|
    voice a   chunk --------|chunk ------|
    voice b         chunk --|-----|chunk |----

Memory is that of the voices that sound at the same time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from aeolia.audio.pitch.contour import LOUDNESS_FLOOR_DB
from aeolia.audio.pitch.names import midi_to_hz
from aeolia.errors import InputError
from aeolia.runtime.backend import State
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.score import Curve

__all__ = ["Performance", "PlayedNote", "touch"]

#: Voices of one batch at most: more are slower, and memory stays bounded.
_VOICES_PER_STEP = 16

#: A voice below this level (dBFS), with its key up or after a second, has ended.
_INAUDIBLE_DB = -80.0
_SHORTEST_HELD_SECONDS, _LONGEST_RELEASE_SECONDS = 1.0, 6.0

#: A voice fades in over this time, too short to soften an attack, long enough for no click.
_FADE_IN_SECONDS = 0.0005


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
    bend: Curve | None = None
    level_db: Curve | None = None
    #: From -1, left, to 1, right, over the time of the score; None for the middle.
    pan: Curve | None = None


class _Sounding:
    """A voice that has begun: its state, and how far it is."""

    def __init__(self, voice: PlayedNote, onset: int, seed: tuple[int, int]) -> None:
        self.voice, self.position = voice, onset
        self.state: State = voice.model.initial_state(1)
        self.noise = np.random.default_rng(seed)
        self.n_frames = 0
        #: Sample after the last that it has sounded.
        self.end = onset
        self.finished = False


class Performance:
    """Voices played together, as blocks of audio: stereo where any of them has a position.

    Args:
        voices: in any order.
        seed: of all noise. What a voice sounds like depends on the seed and its index in
            `voices`, not on the block size.
        frames_per_block: of the first model's frames; few for a quick start, many for speed.

    Raises:
        InputError: no voices; models of different sample rates or hops.
    """

    def __init__(
        self, voices: Sequence[PlayedNote], *, seed: int = 0, frames_per_block: int = 32
    ) -> None:
        if not voices:
            raise InputError("there is nothing to play: no voice came")
        configs = {(v.model.config.sample_rate, v.model.config.hop_length) for v in voices}
        if len(configs) > 1:
            raise InputError(
                f"the models differ in sample rate or hop ({sorted(configs)}); play them apart"
            )
        ((self.sample_rate, self._hop),) = configs
        self._frames = frames_per_block
        self._voices = _by_onset(voices, self.sample_rate)
        self._seed = seed
        #: 1, or 2 where a voice lies anywhere but in the middle.
        self.channels = 2 if any(voice.pan is not None for voice in voices) else 1

    @property
    def seconds(self) -> float:
        """When the last key goes up; its release follows."""
        return max(voice.release_seconds for _, _, voice in self._voices)

    def blocks(self) -> Iterator[np.ndarray]:
        """The sound [T] or [T, 2], float32, block after block; the last may be shorter."""
        length = self._frames * self._hop
        waiting, sounding = deque(self._voices), list[_Sounding]()
        shape = (2 * length,) if self.channels == 1 else (2 * length, 2)
        mix, start = np.zeros(shape, np.float32), 0
        end = 0  # sample after the last that sounds
        while waiting or sounding or end > start:
            while waiting and waiting[0][0] < start + length:
                onset, index, voice = waiting.popleft()
                sounding.append(_Sounding(voice, onset, (self._seed, index)))
            for group in _batches(sounding):
                for one, audio in zip(group, self._chunks(group), strict=True):
                    offset = one.position - start
                    mix[offset : offset + length] += self._placed(one, audio)
                    one.position += length
                    end = max(end, one.end)
            sounding = [one for one in sounding if not one.finished]
            last = not waiting and not sounding
            yield mix[: min(length, end - start) if last else length].copy()
            mix[:length], mix[length:] = mix[length:], 0.0
            start += length

    def render(self) -> np.ndarray:
        """All of it at once, [T] or [T, 2] float32."""
        return np.concatenate(list(self.blocks()))

    def _placed(self, one: _Sounding, audio: np.ndarray) -> np.ndarray:
        """A voice's next chunk [T] where it lies: [T], or left and right [T, 2].

        Constant power (MIDI recommended practice RP-036), and in the middle as loud as in mono.
        """
        if self.channels == 1:
            return audio
        if one.voice.pan is None:
            return audio[:, None]
        edges = self._hop * np.arange(self._frames + 1)
        positions = one.voice.pan.at((one.position + edges) / self.sample_rate)
        # In a straight line through a frame: a jump would click.
        angle = np.interp(np.arange(len(audio)), edges, 0.25 * np.pi * (1.0 + positions))
        gains = np.sqrt(2.0) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return np.asarray(audio[:, None] * gains, np.float32)

    def _chunks(self, group: list[_Sounding]) -> np.ndarray:
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

    def _times(self, one: _Sounding, part: float) -> np.ndarray:
        """Seconds since the onset at `part` of each frame of the next chunk, [F]."""
        frames = one.n_frames + np.arange(self._frames) + part
        return frames * (self._hop / self.sample_rate)

    def _loudness(
        self,
        model: OnnxSynthesiser,
        group: list[_Sounding],
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
            np.where(since_release >= 0.0, since_release, -1.0),
        )
        for row, one in enumerate(group):
            if one.voice.level_db is not None:
                loudness[row] += one.voice.level_db.at(one.voice.onset_seconds + since_onset[row])
        return np.asarray(np.maximum(loudness, np.float32(LOUDNESS_FLOOR_DB)))

    def _pitch(self, one: _Sounding) -> np.ndarray:
        """Pitch in Hz of the next chunk, [F], reached at the frames' ends."""
        voice = one.voice
        if voice.unpitched:
            return np.zeros(self._frames, np.float32)
        pitch = np.full(self._frames, voice.pitch_midi)
        if voice.bend is not None:
            pitch += voice.bend.at(voice.onset_seconds + self._times(one, 1.0))
        return midi_to_hz(pitch).astype(np.float32)

    def _finish(self, one: _Sounding, loudness_db: np.ndarray, audio: np.ndarray) -> int:
        """End the voice at the first frame that is over, if one is; returns the samples kept."""
        since_onset = self._times(one, 0.5)
        since_release = since_onset - (one.voice.release_seconds - one.voice.onset_seconds)
        may_end = since_release >= 0.0
        # A channel turned down may come back while the key is held, a decayed string may not.
        if one.voice.level_db is None:
            may_end |= since_onset > _SHORTEST_HELD_SECONDS
        over = (loudness_db <= _INAUDIBLE_DB) & may_end | (since_release > _LONGEST_RELEASE_SECONDS)
        if not over.any():
            return len(audio)
        start = int(np.argmax(over)) * self._hop
        audio[start : start + self._hop] *= np.linspace(1.0, 0.0, self._hop, dtype=np.float32)
        audio[start + self._hop :] = 0.0
        one.finished = True
        return start + self._hop


def _by_onset(voices: Sequence[PlayedNote], sample_rate: int) -> list[tuple[int, int, PlayedNote]]:
    """(first sample, index in the list, voice), in the order of time."""
    onsets = [(round(v.onset_seconds * sample_rate), n, v) for n, v in enumerate(voices)]
    return sorted(onsets, key=lambda entry: entry[:2])


def _batches(sounding: Iterable[_Sounding]) -> Iterator[list[_Sounding]]:
    """Voices of one model each, not too many at a time."""
    by_model: dict[int, list[_Sounding]] = {}
    for one in sounding:
        by_model.setdefault(id(one.voice.model), []).append(one)
    for group in by_model.values():
        for first in range(0, len(group), _VOICES_PER_STEP):
            yield group[first : first + _VOICES_PER_STEP]
