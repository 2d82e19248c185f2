"""Voices made from clean speech with the vocoder WORLD: raised, shouted, whispered, laughed.

Of shouts, whispers and laughter there are no openly licensed recordings of unseen speakers at hand.
What is made here has the measured traits of each, and the words of its speaker; it is no actor.
Training raises and whispers by other means (`aeolia/data/denoise/effort.py`), so that a model
cannot have learnt this vocoder's sound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aeolia.audio.pitch.vocoder import world

__all__ = ["MADE", "RATE"]

#: Hz. What is made reaches as high as most of the recordings it is made from.
RATE = 16000
_FRAME_SECONDS = 0.005
_PITCH_HZ = (60.0, 500.0)
#: A voice may not be raised above this: the vocoder's spectra get too coarse.
_HIGHEST_HZ = 1000.0


@dataclass
class Voice:
    """Speech as WORLD has it: pitch [F] in Hz (0 where there is none), envelopes of power and
    aperiodicity [F, Q]."""

    pitch: np.ndarray
    envelope: np.ndarray
    aperiodicity: np.ndarray

    @classmethod
    def of(cls, audio: np.ndarray) -> Voice:
        """From mono audio [T] at `RATE`."""
        pyworld = world("making voices")
        signal = np.ascontiguousarray(audio, np.float64)
        low, high = _PITCH_HZ
        rough, times = pyworld.dio(signal, RATE, f0_floor=low, f0_ceil=high)
        pitch = pyworld.stonemask(signal, rough, times, RATE)
        envelope = pyworld.cheaptrick(signal, pitch, times, RATE)
        return cls(pitch, envelope, pyworld.d4c(signal, pitch, times, RATE))

    @property
    def frequencies(self) -> np.ndarray:
        """Of the envelope's bins [Q], in Hz."""
        return np.linspace(0.0, RATE / 2, self.envelope.shape[1])

    @property
    def median_hz(self) -> float:
        """Of the pitch where there is one; 150 Hz where nothing is voiced."""
        voiced = self.pitch[self.pitch > 0]
        return float(np.median(voiced)) if len(voiced) else 150.0

    def move_formants(self, ratio: float) -> None:
        """Resonances `ratio` times as high, as in a shorter vocal tract."""
        bins = np.arange(self.envelope.shape[1])
        log = np.log(self.envelope)
        moved = [np.interp(bins / ratio, bins, frame) for frame in log]
        self.envelope = np.exp(np.stack(moved))

    def colour(self, gain_db: np.ndarray, frames: np.ndarray | None = None) -> None:
        """Add decibels [Q] or [F, Q] to the envelope, of the `frames` [F] where they are given."""
        factors = 10 ** (np.broadcast_to(gain_db, self.envelope.shape) / 10)
        chosen = slice(None) if frames is None else frames
        self.envelope[chosen] *= factors[chosen]

    def audio(self, length: int) -> np.ndarray:
        """[length] float32."""
        pyworld = world("making voices")
        pitch = np.minimum(self.pitch, _HIGHEST_HZ)
        parts = (np.ascontiguousarray(x) for x in (pitch, self.envelope, self.aperiodicity))
        sound = pyworld.synthesize(*parts, RATE)[:length]
        return np.pad(sound, (0, length - len(sound))).astype(np.float32)


def raised(voice: Voice, rng: np.random.Generator) -> None:
    """Excited: a median of 400 to 600 Hz, livelier, from a somewhat shorter tract."""
    middle = voice.median_hz
    spread = (voice.pitch / middle) ** 1.2
    voice.pitch = np.where(voice.pitch > 0, rng.uniform(400, 600) * spread, 0.0)
    voice.move_formants(rng.uniform(1.05, 1.25))


def shouted(voice: Voice, rng: np.random.Generator) -> None:
    """Higher by 6 to 13 semitones, with a spectrum that falls less, and vowels over consonants.

    Traits as in Raitio and others, Analysis and synthesis of shouted speech (Interspeech 2013).
    """
    voice.pitch = voice.pitch * rng.uniform(1.4, 2.1)
    voice.move_formants(rng.uniform(1.05, 1.15))
    octaves = np.clip(np.log2(np.maximum(voice.frequencies, 1.0) / 500.0), -1.0, 3.0)
    voice.colour(octaves * rng.uniform(3.0, 5.0), voice.pitch > 0)
    voice.colour(np.array(-6.0), voice.pitch == 0)


def whispered(voice: Voice, rng: np.random.Generator) -> None:
    """No pitch: noise through the vocal tract, its low end weak, its resonances a little higher.

    Traits as in Jovicic, Formant feature differences between whispered and voiced sustained
    vowels (Acustica 1998).
    """
    voiced = voice.pitch > 0
    voice.pitch = np.zeros_like(voice.pitch)
    voice.aperiodicity = np.ones_like(voice.aperiodicity)
    voice.move_formants(rng.uniform(1.05, 1.12))
    octaves = np.log2(np.maximum(voice.frequencies, 1.0) / 1500.0)
    voice.colour(np.clip(10.0 * octaves, -18.0, 0.0) - 3.0, voiced)


def laughed(voice: Voice, rng: np.random.Generator) -> None:
    """Words in a laugh: bursts at 4 to 6 a second, high, each falling, with breath between.

    Rates and pitches as in Bachorowski and others, The acoustic features of human laughter
    (JASA 2001).
    """
    seconds = np.arange(len(voice.pitch)) * _FRAME_SECONDS
    turn = (seconds * rng.uniform(4.0, 6.0) + rng.uniform()) % 1.0
    burst = 0.5 - 0.5 * np.cos(2 * np.pi * turn)
    voice.pitch = voice.pitch * rng.uniform(1.5, 2.2) * 2 ** ((0.5 - turn) * 0.4)
    breath = burst < 0.25
    voice.pitch[breath] = 0.0
    voice.aperiodicity[breath] = 1.0
    voice.colour((-18.0 * (1.0 - burst))[:, None])


#: Name of a set -> how its voices are made.
_CHANGES: dict[str, Callable[[Voice, np.random.Generator], None]] = {
    "raised": raised,
    "shouted": shouted,
    "whispered": whispered,
    "laughed": laughed,
}


def _maker(
    change: Callable[[Voice, np.random.Generator], None],
) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    def make(audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        voice = Voice.of(audio)
        change(voice, rng)
        return voice.audio(len(audio))

    return make


#: Name of a set -> speech [T] at `RATE` to the voice [T].
MADE = {name: _maker(change) for name, change in _CHANGES.items()}
