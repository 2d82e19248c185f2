"""Tracks as they come to the mixing desk, and what is done to each by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aeolia.data.songs import effects

__all__ = ["WHOLE", "Track", "active_db", "treated"]

#: The key of a track's sound that has no parts.
WHOLE = ""
#: The level of the active stretches of every track before it is balanced.
_LEVEL_DB = -20.0
#: Active is what is within this of the loudest tenths of a second.
_ACTIVE_DB = 20.0
#: Some instruments of soundfonts swing below what is heard, and louder than what is.
_LOWEST_HZ = 28.0
#: How likely each effect is, by stem.
_CHANCES: dict[str, dict[str, float]] = {
    "drums": {"tone": 0.6, "drive": 0.3, "press": 0.4, "echo": 0.0, "chorus": 0.0, "room": 0.0},
    "bass": {"tone": 0.7, "drive": 0.45, "press": 0.7, "echo": 0.0, "chorus": 0.1, "room": 0.05},
    "other": {"tone": 0.7, "drive": 0.25, "press": 0.4, "echo": 0.15, "chorus": 0.2, "room": 0.35},
    "vocals": {"tone": 0.9, "drive": 0.25, "press": 0.8, "echo": 0.3, "chorus": 0.2, "room": 0.7},
}


@dataclass
class Track:
    """One player's sound, [T, 2] each: whole, or a drum kit's by its parts.

    `treatment` is what was done to it, for the record.
    """

    name: str
    stem: str
    sounds: dict[str, np.ndarray]
    level_db: float = 0.0
    pan: float = 0.0
    treatment: dict[str, Any] = field(default_factory=dict)


def active_db(audio: np.ndarray, sample_rate: int) -> float:
    """Level in dBFS of the stretches that sound; -inf where nothing does."""
    block = max(1, sample_rate // 10)
    count = max(1, len(audio) // block)
    power = effects.power_of(audio[: count * block])
    power = np.add.reduceat(power, np.arange(0, len(power), block)) / block
    top = float(np.quantile(power, 0.95)) or float(power.max())
    if top == 0.0:
        return -np.inf
    sounding = power[power >= top * 10.0 ** (-_ACTIVE_DB / 10.0)]
    return float(10.0 * np.log10(sounding.mean()))


def treated(track: Track, sample_rate: int, rng: np.random.Generator, bpm: float) -> Track:
    """A track after its own effects, its active level at -20 dBFS and `level_db`.

    The parts of a drum kit are treated one by one, and balanced a little anew.
    """
    done: dict[str, Any] = {}
    sounds = {}
    for name, audio in track.sounds.items():
        before = active_db(audio, sample_rate)
        if not np.isfinite(before):
            continue
        audio, what = _one(audio, track.stem, sample_rate, rng, bpm)
        if name != WHOLE:  # the kit's own balance, give or take
            wanted = before + float(rng.normal(0.0, 2.0))
            audio = audio * _factor(wanted - active_db(audio, sample_rate))
            done[name] = what
        else:
            done = what
        sounds[name] = effects.panned(audio, track.pan)
    if not sounds:
        return Track(track.name, track.stem, {}, track.level_db, track.pan, done)
    total = np.sum(list(sounds.values()), axis=0)
    scale = _factor(_LEVEL_DB + track.level_db - active_db(total, sample_rate))
    sounds = {name: audio * scale for name, audio in sounds.items()}
    return Track(track.name, track.stem, sounds, track.level_db, track.pan, done)


def _factor(gain_db: float) -> np.float32:
    return np.float32(10.0 ** (gain_db / 20.0))


def _one(
    audio: np.ndarray, stem: str, sample_rate: int, rng: np.random.Generator, bpm: float
) -> tuple[np.ndarray, dict[str, Any]]:
    """One sound after effects, and which they were."""
    chances = _CHANCES[stem]
    done: dict[str, Any] = {}
    bands: list[effects.Band] = [("cut", _LOWEST_HZ, 0.0, 0.7)]
    if rng.random() < chances["tone"]:
        bands += effects.draw_bands(rng)
        if stem in ("other", "vocals") and rng.random() < 0.5:  # room for the bass
            bands.append(("cut", float(rng.uniform(60.0, 180.0)), 0.0, 0.7))
        done["tone"] = [[kind, round(hz), round(gain, 1)] for kind, hz, gain, _ in bands]
    audio = effects.equalised(audio, sample_rate, bands)
    if rng.random() < chances["drive"]:
        drive = float(np.exp(rng.uniform(np.log(1.2), np.log(8.0))))
        audio = effects.saturated(audio, drive, float(rng.uniform(0.0, 0.4)))
        done["drive"] = round(drive, 1)
    if rng.random() < chances["press"]:
        ratio, threshold = float(rng.uniform(1.5, 8.0)), float(rng.uniform(-8.0, 4.0))
        attack, release = float(rng.uniform(1.0, 30.0)), float(rng.uniform(50.0, 300.0))
        gain = effects.compressor_gain(audio, sample_rate, threshold, ratio, attack, release)
        audio = effects.with_gain(audio, gain)
        done["ratio"] = round(ratio, 1)
    if rng.random() < chances["chorus"]:
        depth, rate = float(rng.uniform(1.0, 4.0)), float(rng.uniform(0.2, 2.0))
        audio = effects.chorus(audio, sample_rate, depth, rate)
        done["chorus_ms"] = round(depth, 1)
    if rng.random() < chances["echo"]:
        seconds = 60.0 / bpm * float(rng.choice((0.5, 0.75, 1.0)))
        feedback, share = float(rng.uniform(0.2, 0.5)), float(rng.uniform(0.1, 0.35))
        audio = effects.echo(audio, sample_rate, seconds, feedback, share)
        done["echo_seconds"] = round(seconds, 3)
    if rng.random() < chances["room"]:
        seconds, share = float(rng.uniform(0.3, 2.5)), float(rng.uniform(0.08, 0.5))
        bright = float(rng.uniform(2000.0, 9000.0))
        audio = effects.reverberated(audio, sample_rate, rng, seconds, share, bright)
        done["room_seconds"] = round(seconds, 2)
    if rng.random() < 0.3:
        width = float(rng.uniform(0.0, 1.5))
        audio = effects.with_width(audio, width)
        done["width"] = round(width, 2)
    return audio, done
