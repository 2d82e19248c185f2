"""A keyboard played live: MIDI messages in, blocks of sound out.

Messages take effect with the next block: at a block of one frame, 10 ms later at most. 32 keys
sound at a time; the one that was released first, or else struck first, makes room for another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from aeolia.runtime.synth.patch import Patch
from aeolia.runtime.synth.stage.balance import instrument_gain_db
from aeolia.runtime.synth.stage.manners import RINGS_ON, release_of, vibrato_of
from aeolia.runtime.synth.stage.room import RoomFilter
from aeolia.runtime.synth.voices import PlayedNote, Sounding, Voices, touch

__all__ = ["POLYPHONY", "Keyboard"]

#: Keys that sound at a time.
POLYPHONY = 32
#: A voice that makes room for another falls silent in this time, in 60 dB.
_STOLEN_SECONDS = 0.03
#: General MIDI's: semitones that the wheel bends at most, and the volume that counts as 0 dB.
_BEND_SEMITONES, _USUAL_VOLUME = 2.0, 100
#: When a key goes up that is down, in seconds: it will be said.
_HELD = 1e9
#: Highest sample that is let out.
_CEILING = 10.0 ** (-1.0 / 20.0)
#: A gain that was lowered comes back by so much a block of 10 ms.
_RECOVERY = 10.0 ** (0.1 / 20.0)


class _Value:
    """What a controller stands at now."""

    def __init__(self, value: float) -> None:
        self.value = value

    def at(self, seconds: np.ndarray) -> np.ndarray:
        return np.full(len(seconds), self.value)


class Keyboard:
    """One player: velocities, sustain pedal, wheels, volume, expression, reverberation, programs.

    Args:
        patch: what plays.
        program: the patch of a General MIDI program, 0 to 127, that is chosen at the keyboard; None
            leaves the patch as it is.
        by_key: a patch for each key, as a drum kit has, in place of the one.
        frames_per_block: of the model's, 10 ms each for the released ones.
        room: let a small room be heard.
        seed: of the noise in the sound.
    """

    def __init__(
        self,
        patch: Patch,
        *,
        program: Callable[[int], Patch] | None = None,
        by_key: Callable[[int], Patch] | None = None,
        frames_per_block: int = 1,
        room: bool = True,
        seed: int = 0,
    ) -> None:
        self.patch = patch
        config = patch.model.config
        self.sample_rate = config.sample_rate
        #: Samples of a block, which is also what a message waits for at most.
        self.block = frames_per_block * config.hop_length
        self._program, self._by_key = program, by_key
        self._seed, self._n_notes = seed, 0
        self._voices = Voices(self.sample_rate, config.hop_length, frames_per_block, 2, True)
        self._room = RoomFilter(self.sample_rate) if room else None
        self._sounding: dict[Sounding, int] = {}
        #: Voices whose key is up and whose pedal is down.
        self._sustained: set[Sounding] = set()
        self._released: set[Sounding] = set()
        self._pedal = False
        self._bend, self._modulation, self._send = _Value(0.0), _Value(0.0), _Value(40 / 127)
        self._level = _Value(0.0)
        self._volume, self._expression = _USUAL_VOLUME, 127
        self._gain = 1.0

    @property
    def sounding(self) -> int:
        """How many voices sound."""
        return len(self._sounding)

    # --- what comes ---

    def message(self, data: Sequence[int]) -> None:
        """Take one MIDI message; what means nothing here is let pass."""
        if not data or not 0x80 <= data[0] < 0xF0:
            return
        kind, values = data[0] & 0xF0, [*data[1:3], 0, 0]
        if kind == 0x90 and values[1]:
            self._strike(values[0], values[1])
        elif kind in (0x80, 0x90):
            self._lift(values[0])
        elif kind == 0xB0:
            self._control(values[0], values[1])
        elif kind == 0xC0 and self._program is not None:
            self.patch = self._program(values[0])
        elif kind == 0xE0:
            self._bend.value = ((values[0] | values[1] << 7) - 8192) / 8192 * _BEND_SEMITONES

    def _strike(self, key: int, velocity: int) -> None:
        self._lift(key, struck=True)
        if len(self._sounding) - len(self._stolen()) >= POLYPHONY:
            self._steal()
        patch = self._by_key(key) if self._by_key else self.patch
        drum = patch.model.unpitched
        pitch = float(np.mean(patch.range)) if drum else float(key)
        push = touch(velocity, patch.model.config.velocity_range_db)
        words = set(patch.model.words_of(int(np.argmax(patch.instrument))))
        note = PlayedNote(
            patch.model,
            0.0,
            _HELD,
            patch.instrument,
            patch.latents(np.array([pitch], np.float32), np.array([push], np.float32))[0],
            pitch,
            push,
            unpitched=drum,
            bend=self._bend,
            level_db=self._level,
            gain_db=instrument_gain_db(patch.model, patch.name),
            fall_seconds=RINGS_ON if drum else release_of(words),
            vibrato=vibrato_of(words),
            modulation=self._modulation,
            send=self._send,
        )
        voice = Sounding(note, 0, (self._seed, self._n_notes))
        self._n_notes += 1
        self._sounding[voice] = key

    def _lift(self, key: int, *, struck: bool = False) -> None:
        for voice, sounded in list(self._sounding.items()):
            if sounded == key and voice not in self._released:
                if self._pedal and not struck:
                    self._sustained.add(voice)
                else:
                    self._release(voice)

    def _release(self, voice: Sounding, fall_seconds: float | None = None) -> None:
        seconds = voice.n_frames * voice.voice.model.config.hop_length / self.sample_rate
        note = replace(voice.voice, release_seconds=seconds)
        if fall_seconds is not None:
            note = replace(note, fall_seconds=fall_seconds)
        voice.voice = note
        self._sustained.discard(voice)
        self._released.add(voice)

    def _stolen(self) -> list[Sounding]:
        return [v for v in self._released if v.voice.fall_seconds == _STOLEN_SECONDS]

    def _steal(self) -> None:
        """Let one voice make room: dictionaries keep the order in which they were struck."""
        candidates = [v for v in self._sounding if v.voice.fall_seconds != _STOLEN_SECONDS]
        released = [v for v in candidates if v in self._released]
        self._release((released or candidates)[0], _STOLEN_SECONDS)

    def _control(self, controller: int, value: int) -> None:
        if controller == 1:
            self._modulation.value = value / 127
        elif controller in (7, 11):
            if controller == 7:
                self._volume = value
            else:
                self._expression = value
            self._level.value = self._level_db()
        elif controller == 64:
            self._pedal = value >= 64
            if not self._pedal:
                for voice in list(self._sustained):
                    self._release(voice)
        elif controller == 91:
            self._send.value = value / 127
        elif controller == 121:
            self._bend.value = self._modulation.value = 0.0
            self._expression = 127
            self._level.value = self._level_db()
            self._control(64, 0)
        elif controller == 120:
            for voice in self._sounding:
                self._release(voice, _STOLEN_SECONDS)
        elif controller >= 123:
            for key in set(self._sounding.values()):
                self._lift(key)

    def _level_db(self) -> float:
        product = self._volume / _USUAL_VOLUME * self._expression / 127
        return float(40 * np.log10(product)) if product > 0 else -120.0

    # --- what sounds ---

    def sound(self) -> np.ndarray:
        """The next block, [T, 2] float32, within full scale."""
        mix = np.zeros((self.block, 3), np.float32)
        for _, chunk in self._voices.chunks(self._sounding):
            mix += chunk
        self._sounding = {v: key for v, key in self._sounding.items() if not v.finished}
        self._released &= self._sounding.keys()
        self._sustained &= self._sounding.keys()
        audio = mix[:, :2]
        if self._room is not None:
            audio = audio + self._room.push(mix[:, 2])
        return self._limited(audio)

    def _limited(self, audio: np.ndarray) -> np.ndarray:
        """Lowered where many keys are loud, and slowly back again."""
        peak = float(np.abs(audio).max())
        wanted = min(1.0, self._gain * _RECOVERY, _CEILING / max(peak, 1e-9))
        # Down at once, within the first milliseconds; up through the whole block.
        n_ramp = len(audio) if wanted > self._gain else min(len(audio), 96)
        gains = np.full((len(audio), 1), wanted, np.float32)
        gains[:n_ramp, 0] = np.linspace(self._gain, wanted, n_ramp, dtype=np.float32)
        self._gain = wanted
        return np.clip(audio * gains, -1.0, 1.0)
