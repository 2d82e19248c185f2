"""The mixing desk: tracks to stems whose sum is the song, to the last bit.

tracks -> bus of the drums -> balance -> ducking under the kick -> master -> whole numbers

From the buses on, everything is linear or a gain over time that all stems share, so the song is the
sum of its stems and the drums are the sum of their parts. The last step makes that exact: parts are
rounded to 16 bits first and added as whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aeolia.config.classes import STEMS
from aeolia.data.songs import effects
from aeolia.data.songs.tracks import WHOLE, Track, active_db

__all__ = ["Mix", "mixed"]

#: Level of each stem against the others: mean and standard deviation, in dB.
_BALANCE = {
    "drums": (0.0, 3.5),
    "bass": (-1.5, 3.5),
    "other": (-1.0, 3.5),
    "vocals": (1.0, 3.0),
}
_SCALE = 32767
#: Nothing is above this share of full scale.
_CEILING = 0.97
#: The end of a song is not cut off within a wave.
_FADE_SECONDS = 0.05

#: Sounds [T, 2] by stem and part.
_Sounds = dict[tuple[str, str], np.ndarray]


@dataclass
class Mix:
    """Stems and the parts of the drums, [T, 2] int16 each; what was done, for the record."""

    stems: dict[str, np.ndarray]
    kit: dict[str, np.ndarray]
    done: dict[str, Any] = field(default_factory=dict)

    @property
    def mixture(self) -> np.ndarray:
        """The song [T, 2], the sum of its stems."""
        return np.asarray(np.sum(list(self.stems.values()), axis=0, dtype=np.int32))


def mixed(
    tracks: Sequence[Track],
    sample_rate: int,
    size: int,
    rng: np.random.Generator,
    *,
    ducked: bool = False,
) -> Mix:
    """The mix of treated tracks, `size` samples long.

    Args:
        ducked: press everything but drums and voice under the kick, as dance music does.
    """
    sounds = _gathered(tracks, size)
    # The bus first: what its compressor takes away, the balance brings back.
    done: dict[str, Any] = {"drum_bus": _drum_bus(sounds, sample_rate, rng)}
    done["balance_db"] = _balance(sounds, sample_rate, rng)
    if ducked and ("drums", "kick") in sounds:
        depth, release = float(rng.uniform(0.3, 0.9)), float(rng.uniform(80.0, 250.0))
        gain = _ducking(sounds["drums", "kick"], sample_rate, depth, release)
        for key in sounds:
            if key[0] in ("bass", "other"):
                sounds[key] = effects.with_gain(sounds[key], gain)
        done["ducking"] = round(depth, 2)
    done["master"] = _master(sounds, sample_rate, rng)
    return _rounded(sounds, sample_rate, done)


def _gathered(tracks: Sequence[Track], size: int) -> _Sounds:
    """Tracks added up by stem and part, each `size` long."""
    sounds: _Sounds = {}
    for track in tracks:
        for name, audio in track.sounds.items():
            whole = sounds.setdefault((track.stem, name), np.zeros((size, 2), np.float32))
            count = min(size, len(audio))
            whole[:count] += audio[:count]
    return {key: audio for key, audio in sounds.items() if audio.any()}


def _of_stem(sounds: _Sounds, stem: str) -> list[tuple[str, str]]:
    return [key for key in sounds if key[0] == stem]


def _total(sounds: _Sounds, keys: Sequence[tuple[str, str]]) -> np.ndarray:
    return np.asarray(np.sum([sounds[key] for key in keys], axis=0))


def _balance(sounds: _Sounds, sample_rate: int, rng: np.random.Generator) -> dict[str, float]:
    """Bring each stem to a level; returns the levels against each other."""
    levels = {}
    for stem in STEMS:  # every stem draws, so that none moves the others
        mean, deviation = _BALANCE[stem]
        level = mean + deviation * float(rng.standard_normal())
        if keys := _of_stem(sounds, stem):
            gain_db = -20.0 + level - active_db(_total(sounds, keys), sample_rate)
            for key in keys:
                sounds[key] = sounds[key] * np.float32(10.0 ** (gain_db / 20.0))
            levels[stem] = round(level, 1)
    return levels


def _drum_bus(sounds: _Sounds, sample_rate: int, rng: np.random.Generator) -> dict[str, Any]:
    """What all the drums go through together: one tone, one room, one compressor."""
    keys = _of_stem(sounds, "drums")
    done: dict[str, Any] = {}
    if not keys:
        return done
    if rng.random() < 0.5:
        bands = effects.draw_bands(rng, 4.0)
        for key in keys:
            sounds[key] = effects.equalised(sounds[key], sample_rate, bands)
        done["tone"] = [[kind, round(hz), round(gain, 1)] for kind, hz, gain, _ in bands]
    if rng.random() < 0.4:
        seconds, share = float(rng.uniform(0.15, 1.2)), float(rng.uniform(0.05, 0.35))
        bright, room = float(rng.uniform(3000.0, 12000.0)), int(rng.integers(2**32))
        for key in keys:  # the same room for each
            one = np.random.default_rng(room)
            sounds[key] = effects.reverberated(
                sounds[key], sample_rate, one, seconds, share, bright
            )
        done["room_seconds"] = round(seconds, 2)
    if rng.random() < 0.6:
        ratio, threshold = float(rng.uniform(1.5, 6.0)), float(rng.uniform(-6.0, 3.0))
        attack, release = float(rng.uniform(2.0, 30.0)), float(rng.uniform(60.0, 250.0))
        total = _total(sounds, keys)
        gain = effects.compressor_gain(total, sample_rate, threshold, ratio, attack, release)
        for key in keys:
            sounds[key] = effects.with_gain(sounds[key], gain)
        done["ratio"] = round(ratio, 1)
    return done


def _ducking(kick: np.ndarray, sample_rate: int, depth: float, release_ms: float) -> np.ndarray:
    """Gain over time [T]: down by `depth` while the kick is at its loudest, and back."""
    gain = effects.compressor_gain(kick, sample_rate, -6.0, 20.0, 2.0, release_ms)
    lowest = float(gain.min())
    return np.asarray(1.0 - depth * (1.0 - gain) / max(1e-6, 1.0 - lowest), np.float32)


def _master(sounds: _Sounds, sample_rate: int, rng: np.random.Generator) -> dict[str, Any]:
    """Tone, compressor, limiter and level of the whole song, on every stem alike."""
    done: dict[str, Any] = {}
    bands = effects.draw_bands(rng, 5.0)
    if rng.random() < 0.7:
        for key in sounds:
            sounds[key] = effects.equalised(sounds[key], sample_rate, bands)
        done["tone"] = [[kind, round(hz), round(gain, 1)] for kind, hz, gain, _ in bands]
    ratio, threshold = float(rng.uniform(1.2, 3.0)), float(rng.uniform(-3.0, 3.0))
    if rng.random() < 0.6:
        total = _total(sounds, list(sounds))
        gain = effects.compressor_gain(total, sample_rate, threshold, ratio, 20.0, 200.0)
        for key in sounds:
            sounds[key] = effects.with_gain(sounds[key], gain)
        done["ratio"] = round(ratio, 1)
    # Records of today are driven into their limiters; others leave their peaks alone.
    drive_db = float(rng.uniform(0.0, 8.0)) if rng.random() < 0.6 else 0.0
    ceiling = _CEILING * 10.0 ** (float(rng.uniform(-8.0, 0.0)) / 20.0)
    total = _total(sounds, list(sounds))
    scale = ceiling / max(float(np.abs(total).max()), 1e-9) * 10.0 ** (drive_db / 20.0)
    gain = effects.limiter_gain(total * np.float32(scale), sample_rate, ceiling)
    for key in sounds:
        sounds[key] = effects.with_gain(sounds[key], gain * np.float32(scale))
    done["limited_db"] = round(drive_db, 1)
    return done


def _rounded(sounds: _Sounds, sample_rate: int, done: dict[str, Any]) -> Mix:
    """Sounds as whole numbers of 16 bits, added up to stems."""
    size = len(next(iter(sounds.values())))
    fade = min(size, round(_FADE_SECONDS * sample_rate))
    for audio in sounds.values():
        audio[size - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)[:, None]
    # A stem may be louder than the song where another one is its opposite.
    totals = [_total(sounds, keys) for stem in STEMS if (keys := _of_stem(sounds, stem))]
    peak = max(float(np.abs(one).max()) for one in (*sounds.values(), *totals, sum(totals)))
    scale = _SCALE * min(1.0, _CEILING / max(peak, 1e-9))
    whole = {key: np.rint(audio * scale).astype(np.int16) for key, audio in sounds.items()}
    stems = {}
    for stem in STEMS:
        if keys := _of_stem(sounds, stem):
            total = np.sum([whole[key] for key in keys], axis=0, dtype=np.int16)
            stems[stem] = np.asarray(total)
    stems = {stem: audio for stem, audio in stems.items() if audio.any()}
    kit = {name: one for (_, name), one in whole.items() if name != WHOLE and one.any()}
    return Mix(stems, kit, done)
