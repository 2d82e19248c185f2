"""Speech over a beat: spoken freely, or rapped, each syllable on a step of the bar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aeolia.data.songs.composing.outline import pick
from aeolia.data.songs.composing.score import Bar, Outline
from aeolia.data.songs.voices.speech import phrases_of, syllables_of

__all__ = ["rapped", "spoken"]

#: Pieces fade in and out within so much.
_FADE_SECONDS = 0.006
#: Shares of bars that a rapper and a speaker leave out.
_RAP_RESTS, _SPEECH_RESTS = 0.15, 0.4
#: A syllable begins where it reaches this share of its peak.
_HEARD = 0.3
#: A rapper is so far off the beat (standard deviation).
_LOOSE_SECONDS = 0.008


def rapped(
    outline: Outline, speech: np.ndarray, sample_rate: int, rng: np.random.Generator
) -> np.ndarray:
    """Phrases whose syllables begin on steps of the bar, [T] float32; no pitch is changed.

    Raises:
        ValueError: the speech holds no phrase.
    """
    phrases = _phrases(speech, sample_rate)
    out = np.zeros(round((outline.seconds + 1.0) * sample_rate), np.float32)
    waiting: list[np.ndarray] = []
    step_seconds = 60.0 / outline.bpm / outline.steps_per_beat
    hook = syllables_of(pick(rng, phrases), sample_rate) if rng.random() < 0.5 else []
    for bar in outline.bars:
        if _is_silent(bar, rng, _RAP_RESTS):
            waiting = []
            continue
        if hook and bar.section == "chorus" and bar.index % 2 == 0:
            waiting = list(hook)  # the words that return
        step = 0
        while step < outline.steps:
            if not waiting:
                waiting = syllables_of(pick(rng, phrases), sample_rate)
                if step:  # a breath
                    step += outline.steps_per_beat // 2
            piece = waiting.pop(0)
            beat = bar.start + step / outline.steps_per_beat
            at = float(outline.seconds_at(beat)) + float(rng.normal(0.0, _LOOSE_SECONDS))
            taken = max(1, round(len(piece) / sample_rate / step_seconds))
            # A syllable is cut off where the next one begins, if it is much too long.
            most = round((taken + 0.35) * step_seconds * sample_rate)
            _lay(out, piece[:most], round(at * sample_rate) - _lead(piece), sample_rate)
            step += taken
    return out


def spoken(
    outline: Outline, speech: np.ndarray, sample_rate: int, rng: np.random.Generator
) -> np.ndarray:
    """Phrases that begin with bars or between, as they were spoken, [T] float32.

    Raises:
        ValueError: the speech holds no phrase.
    """
    phrases = _phrases(speech, sample_rate)
    out = np.zeros(round((outline.seconds + 1.0) * sample_rate), np.float32)
    free = 0
    for bar in outline.bars:
        beat = bar.start + pick(rng, (0.0, 0.0, 0.5, 1.0))
        at = round(float(outline.seconds_at(beat)) * sample_rate)
        if at < free or _is_silent(bar, rng, _SPEECH_RESTS):
            continue
        phrase = pick(rng, phrases)
        _lay(out, phrase, at, sample_rate)
        free = at + len(phrase)
    return out


def _phrases(speech: np.ndarray, sample_rate: int) -> Sequence[np.ndarray]:
    phrases = phrases_of(speech, sample_rate)
    if not phrases:
        raise ValueError("no phrase in this speech")
    return phrases


def _is_silent(bar: Bar, rng: np.random.Generator, rests: float) -> bool:
    return bool(rng.random() < (0.8 if bar.section in ("intro", "break", "outro") else rests))


def _lead(piece: np.ndarray) -> int:
    """Samples before a syllable is heard to begin: that is what lies on the beat."""
    size = np.abs(piece)
    return int(np.argmax(size > _HEARD * size.max())) if piece.any() else 0


def _lay(out: np.ndarray, piece: np.ndarray, at: int, sample_rate: int) -> None:
    """Add a piece to `out` from a sample on, faded at both ends."""
    fade = min(len(piece) // 2, max(1, round(_FADE_SECONDS * sample_rate)))
    piece, at = piece[max(0, -at) :], max(0, at)
    piece = piece[: max(0, len(out) - at)].copy()
    if len(piece) <= 2 * fade:
        return
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    piece[:fade] *= ramp
    piece[-fade:] *= ramp[::-1]
    out[at : at + len(piece)] += piece
