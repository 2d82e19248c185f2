"""Shifts voices by everybody and lets instruments play by them, and scores what comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import aeolia
from aeolia.api.instruments import open_synthesiser
from aeolia.audio.pitch.names import hz_to_midi
from aeolia.audio.pitch.tracker import track_pitch
from aeolia.errors import InputError
from aeolia.runtime.catalogue import load
from benchmarks import say
from benchmarks.reshaping.recordings import RATE, Clip, draw_clips
from benchmarks.reshaping.scores import (
    STEP_SECONDS,
    Sound,
    Voice,
    contour_scores,
    formants_apart_db,
    judged_pitch,
)
from benchmarks.reshaping.systems import Shifter, shifters
from benchmarks.results import ClipSet, Entry, Results, Scores, digest_of, provenance

__all__ = ["INSTRUMENTS", "SEMITONES", "TRACKER", "measure"]

SEMITONES = (4, -5, 12)
#: That play by the voices.
INSTRUMENTS = ("violin", "flute")
#: The row that says what agreement is worth: two trackers on the voices as they are.
TRACKER = "our tracker, of the voices as they are"
_NOTHING = {name: float("nan") for name in ("within", "jumps", "voiced", "unvoiced", "formants_db")}


def measure(data: Path, *, clips: int, model: str = "notes", seed: int = 0) -> Results:
    """All scores.

    Args:
        data: a manifest with splits.
        clips: of speech, and of singing.
        model: name or file of the synthesiser.
        seed: of the draw of clips.

    Raises:
        AeoliaError: a wrong path, an unknown model, a program or package that is not there.
    """
    systems = shifters(RATE, model)
    drawn = draw_clips(data, clips, seed)
    weights = digest_of(load(model, "synth").path.read_bytes())
    players = [Entry(f"aeolia transfer --to {to}", RATE, weights, True) for to in INSTRUMENTS]
    scores: dict[str, dict[str, Scores]] = {}
    for name, voices in drawn.items():
        for number, clip in enumerate(voices, 1):
            say(f"{name}, clip {number} of {len(voices)}")
            voice = Voice.of(clip.audio, RATE)
            _add(scores, f"{name} as it is", TRACKER, _tracked(voice))
            for semitones in SEMITONES:
                for one in systems:
                    found = _shifted(voice, one, semitones)
                    _add(scores, f"{name} {semitones:+d}", one.entry.name, found)
            for to, entry in zip(INSTRUMENTS, players, strict=True):
                _add(scores, f"{name} played", entry.name, _played(voice, to, model))
    return Results(
        page="reshaping",
        made=provenance(),
        systems=[*(one.entry for one in systems), *players],
        sets={set_name: _clips(drawn[set_name.split()[0]]) for set_name in scores},
        scores=scores,
        details={
            "keep formants": [one.entry.name for one in systems if one.keeps_formants],
            "seed": seed,
        },
    )


def _add(
    scores: dict[str, dict[str, Scores]], set_name: str, system: str, found: Mapping[str, float]
) -> None:
    for metric, value in found.items():
        scores.setdefault(set_name, {}).setdefault(system, {}).setdefault(metric, []).append(value)


def _clips(voices: Sequence[Clip]) -> ClipSet:
    facts = [{"name": f"{k:02d}", "speaker": one.voice} for k, one in enumerate(voices)]
    return ClipSet(digest_of(b"".join(one.audio.tobytes() for one in voices)), facts)


def _tracked(voice: Voice) -> dict[str, float]:
    """Our tracker's contour of a voice, beside the judge's."""
    times = np.arange(len(voice.pitch_hz)) * STEP_SECONDS
    ours = track_pitch(voice.audio, voice.rate).at(times)
    return contour_scores(voice, ours)


def _shifted(voice: Voice, system: Shifter, semitones: int) -> dict[str, float]:
    try:
        output = system.shift(voice.audio, voice.rate, semitones)
    except InputError:  # ours hears no pitch, or several
        return {**_NOTHING, "refused": 1.0}
    ratio = 2 ** (semitones / 12)
    heard = Sound.of(output, voice.rate, ratio)
    contour = contour_scores(voice, heard.pitch_hz, ratio)
    return {**contour, "formants_db": formants_apart_db(voice, heard), "refused": 0.0}


def _played(voice: Voice, to: str, model: str) -> dict[str, float]:
    """By an instrument, whose range the voice is moved into by octaves."""
    opened = open_synthesiser(model)
    low, high = opened.range_of(opened.instrument(to))
    middle = float(np.median(hz_to_midi(voice.pitch_hz[voice.voiced])))
    octaves = round((float(np.clip(middle, low, high)) - middle) / 12)
    try:
        output = aeolia.transfer(
            voice.audio, voice.rate, to=to, transpose=12.0 * octaves, model=opened
        )
    except InputError:
        return {**_NOTHING, "refused": 1.0}
    ratio = 2.0**octaves
    contour = contour_scores(voice, judged_pitch(output, voice.rate, ratio), ratio)
    return {**contour, "octaves": octaves, "refused": 0.0}
