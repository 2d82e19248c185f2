"""One song from its plan to its folder: composed, played, treated, mixed, written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from aeolia.config.classes import KIT, PERCUSSION
from aeolia.data.songs.composing.arranging import compose
from aeolia.data.songs.composing.kit import kit_part
from aeolia.data.songs.composing.outline import pick
from aeolia.data.songs.composing.score import DRUM_CHANNEL, Composition, Part
from aeolia.data.songs.composing.styles import STYLES
from aeolia.data.songs.drummers import read_performance
from aeolia.data.songs.fluidsynth import FluidSynth, Room
from aeolia.data.songs.midi import midi_bytes
from aeolia.data.songs.mixing import Mix, mixed
from aeolia.data.songs.plan import Material, Settings, SongPlan, draw_plan, generator
from aeolia.data.songs.scores import stretch_of
from aeolia.data.songs.soundfont import Soundfont
from aeolia.data.songs.tracks import WHOLE, Track, treated
from aeolia.data.songs.voices.voice import voice_of
from aeolia.files import new_folder

__all__ = ["RECORD", "make_song"]

#: What was drawn of a song; it is in every folder that holds a whole song.
RECORD = "song.json"
#: Ensembles are off A 440 by so much (standard deviation).
_TUNE_CENTS = 12.0
#: Dance music is ducked under its kick so often.
_DUCKED = 0.6


def make_song(out: Path, settings: Settings, material: Material, number: int) -> dict[str, Any]:
    """Make the song of a number in `out`, unless it is there; returns its record.

    Raises:
        DataError: FluidSynth cannot play, or a file that the song needs cannot be read.
        MissingExtraError: FluidSynth is not installed.
    """
    plan = draw_plan(settings, material, number)
    folder = out / plan.name
    if (folder / RECORD).is_file():
        record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return record
    composition = composed(settings, plan)
    tracks, played = _played(settings, plan, composition)
    bpm = composition.outline.bpm
    if plan.singer is not None:
        rng = generator(settings, number, "voice")
        voice = voice_of(plan.singer, plan.manner, composition, settings.sample_rate, rng)
        tracks += [voice] if voice is not None else []
    treating = generator(settings, number, "treat")
    tracks = [treated(track, settings.sample_rate, treating, bpm) for track in tracks]
    mixing = generator(settings, number, "mix")
    style = STYLES.get(composition.outline.style)
    ducked = mixing.random() < _DUCKED and style is not None and style.machine
    size = round(settings.seconds * settings.sample_rate)
    mix = mixed(tracks, settings.sample_rate, size, mixing, ducked=ducked)
    record = _record(settings, plan, composition, tracks, played, mix)
    _write(folder, settings, mix, record)
    return record


def composed(settings: Settings, plan: SongPlan) -> Composition:
    """The song on paper."""
    if plan.score is not None:
        rng = generator(settings, plan.number, "compose")
        if (stretch := stretch_of(plan.score.path, rng, settings.seconds)) is not None:
            return stretch
    strokes = read_performance(plan.performance.path) if plan.performance else ()
    named = plan.performance.path.stem if plan.performance else ""
    rng = generator(settings, plan.number, "compose")
    return compose(rng, plan.style, settings.seconds, strokes, named)


def _played(
    settings: Settings, plan: SongPlan, composition: Composition
) -> tuple[list[Track], list[dict[str, Any]]]:
    """Every part by itself through a soundfont, and which soundfont that was."""
    synthesiser = FluidSynth()
    rng = generator(settings, plan.number, "play")
    tune = float(rng.normal(0.0, _TUNE_CENTS))
    size = round(settings.seconds * settings.sample_rate)
    tracks, listed = [], []
    for part in composition.parts:
        font = pick(rng, plan.soundfonts)
        size_and_damping = float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.0, 0.8))
        room = Room(*size_and_damping, part.reverb > 0.0, part.chorus > 0.0)
        part = _playable(part, font)
        sounds = {
            name: _fitted(
                synthesiser.play(
                    midi_bytes(composition.outline, group, tune_cents=tune),
                    font.path,
                    settings.sample_rate,
                    room,
                ),
                size,
            )
            for name, group in _groups(part).items()
        }
        tracks.append(Track(part.name, part.stem, sounds, part.level_db))
        listed.append(
            {"part": part.name, "stem": part.stem, "program": part.program}
            | {"notes": len(part.notes), "soundfont": font.path.name}
        )
    return tracks, listed


def _fitted(audio: np.ndarray, size: int) -> np.ndarray:
    """Audio cut, or followed by silence, to `size` samples."""
    return np.pad(audio[:size], ((0, max(0, size - len(audio))), (0, 0)))


def _playable(part: Part, font: Soundfont) -> Part:
    """A part with a program that the soundfont has: its own, or one of its family of eight."""
    is_kit = part.channel == DRUM_CHANNEL
    if font.has(part.program, is_kit):
        return part
    family = (0,) if is_kit else range(part.program // 8 * 8, part.program // 8 * 8 + 8)
    return replace(part, program=next((p for p in family if font.has(p, is_kit)), 0))


def _groups(part: Part) -> dict[str, Part]:
    """A part whole, or its drums by the parts of the kit."""
    if part.channel != DRUM_CHANNEL:
        return {WHOLE: part}
    groups = {}
    for name in (*KIT, PERCUSSION):
        notes = tuple(note for note in part.notes if kit_part(note.key) == name)
        if notes:
            groups[name] = replace(part, notes=notes)
    return groups


def _record(
    settings: Settings,
    plan: SongPlan,
    composition: Composition,
    tracks: list[Track],
    played: list[dict[str, Any]],
    mix: Mix,
) -> dict[str, Any]:
    outline = composition.outline
    treatments = {track.name: track.treatment for track in tracks}
    peak = float(np.abs(mix.mixture).max()) / 32767.0
    return {
        **plan.described(),
        "style": outline.style,
        "drummer": composition.drums_from,
        "bpm": round(outline.bpm, 1),
        "beats_per_bar": outline.beats_per_bar,
        "key": outline.key,
        "mode": outline.mode,
        "swing": round(outline.swing, 2),
        "seconds": settings.seconds,
        "sample_rate": settings.sample_rate,
        "stems": list(mix.stems),
        "kit": list(mix.kit),
        "peak": round(peak, 4),
        "parts": [{**one, "treatment": treatments.get(one["part"], {})} for one in played],
        "voice": treatments.get("voice", {}),
        "mix": mix.done,
        "rights": sorted({f"{font.name}: {font.rights}" for font in plan.soundfonts}),
        "voice_licence": plan.singer.licence if plan.singer and "vocals" in mix.stems else "",
        "voice_bandwidth_hz": plan.singer.bandwidth_hz if plan.singer else 0.0,
    }


def _write(folder: Path, settings: Settings, mix: Mix, record: dict[str, Any]) -> None:
    """The whole folder or nothing: a kill leaves no half song."""
    with new_folder(folder) as making:
        for name, audio in {**mix.stems, **mix.kit}.items():
            path = making / f"{name}.flac"
            soundfile.write(path, audio, settings.sample_rate, subtype="PCM_16")
        text = json.dumps(record, indent=1, ensure_ascii=False)
        (making / RECORD).write_text(text + "\n", encoding="utf-8")
