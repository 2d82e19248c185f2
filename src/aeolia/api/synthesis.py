"""Make sound: notes and scores."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from aeolia.api.recordings import Progress
from aeolia.audio.files import AudioInfo
from aeolia.audio.levelled import Levelled, lowering, write_levelled
from aeolia.runtime.catalogue import load, released_models
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.orchestra import Orchestra, orchestrate
from aeolia.runtime.synth.performance import Performance
from aeolia.runtime.synth.score import DRUM_CHANNEL, Score, read_score
from aeolia.runtime.synth.single import plan_notes, play_note

__all__ = [
    "ScoreReport",
    "Synthesiser",
    "open_synthesiser",
    "play_score",
    "play_score_file",
    "synthesise",
]

#: A released model's name, a model file, or a model that is already open.
Synthesiser: TypeAlias = str | Path | OnnxSynthesiser

#: Models used unless another is named.
NOTES_MODEL, DRUMS_MODEL = "notes", "drums"


def open_synthesiser(model: Synthesiser) -> OnnxSynthesiser:
    """The model, opened if it is a name or a file."""
    return load(model, "synthesise") if isinstance(model, (str, Path)) else model


def synthesise(
    instrument: str | None = None,
    pitch: str | float | None = None,
    *,
    velocity: int | None = None,
    seconds: float = 2.0,
    text: str | None = None,
    seed: int | None = None,
    model: Synthesiser = NOTES_MODEL,
) -> tuple[np.ndarray, int]:
    """Play one note.

    Args:
        instrument: a name that `model` has; None for the text's choice, or its first.
        pitch: a name such as "A4", a MIDI number, or "440Hz"; None for the middle of the range.
        velocity: 1 (soft) to 127 (loud); 90 unless the text says otherwise.
        seconds: length of the sound, its release included.
        text: words such as "bright plucked low".
        seed: draw the timbre from the prior; without it, the note has its most usual timbre.

    Returns:
        float32 samples [T] and their rate.

    Raises:
        InputError, ModelError: with one line on what is wrong.
    """
    opened = open_synthesiser(model)
    requests = plan_notes(
        opened,
        instrument,
        pitch,
        velocity,
        text=text,
        samples=0 if seed is None else 1,
        seed=seed or 0,
    )
    (audio,) = play_note(opened, requests, seconds, seed=seed or 0)
    return audio, opened.config.sample_rate


def _orchestra(
    score: Score | str | Path,
    players: Mapping[int, str] | None,
    model: Synthesiser,
    drums: Synthesiser | None,
) -> Orchestra:
    score = read_score(score) if isinstance(score, (str, Path)) else score
    with_drums = DRUM_CHANNEL in score.channels() and DRUM_CHANNEL not in (players or {})
    # The drum model is only looked for where it is needed, and may be absent.
    if drums == DRUMS_MODEL and DRUMS_MODEL not in released_models():
        drums = None
    opened = open_synthesiser(drums) if with_drums and drums is not None else None
    return orchestrate(score, open_synthesiser(model), opened, players)


def play_score(
    score: Score | str | Path,
    *,
    players: Mapping[int, str] | None = None,
    model: Synthesiser = NOTES_MODEL,
    drums: Synthesiser | None = DRUMS_MODEL,
    seed: int = 0,
) -> tuple[np.ndarray, int]:
    """Play a MIDI file (or what `read_score` made of one).

    Args:
        players: channel (0 to 15) -> instrument; General MIDI's programs choose the others.
        drums: the model for channel 10 (number 9); None leaves it out.

    Returns:
        float32 samples [T] and their rate; lowered as a whole where it would clip.

    Raises:
        InputError, ModelError: with one line on what is wrong.
    """
    performance = Performance(_orchestra(score, players, model, drums).voices, seed=seed)
    audio = performance.render()
    return audio * np.float32(lowering(float(np.abs(audio).max()))), performance.sample_rate


@dataclass(frozen=True)
class ScoreReport:
    """What `play_score_file` did."""

    output: str
    sample_rate: int
    notes: int
    level: Levelled
    #: Channel -> instrument.
    players: dict[int, str]
    #: What was not as the score has it, a sentence each.
    remarks: tuple[str, ...]
    wall_seconds: float

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return self.level.frames / self.sample_rate


def play_score_file(
    score: Score | str | Path,
    target: str | Path,
    *,
    players: Mapping[int, str] | None = None,
    model: Synthesiser = NOTES_MODEL,
    drums: Synthesiser | None = DRUMS_MODEL,
    seed: int = 0,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> ScoreReport:
    """Play a MIDI file into an audio file, in memory that does not grow with its length.

    See `play_score`; "-" is a WAV on standard output.

    Raises:
        InputError, ModelError: with one line on what is wrong; nothing is left at `target`.
    """
    started = time.perf_counter()
    orchestra = _orchestra(score, players, model, drums)
    performance = Performance(orchestra.voices, seed=seed)
    n_all = round(performance.seconds * performance.sample_rate)
    info = AudioInfo("score", performance.sample_rate, 1, None, "WAV", "PCM_24")

    def done(frames: int) -> None:
        if progress:
            progress(min(frames, n_all), n_all)

    level = write_levelled(performance.blocks(), target, info, overwrite=overwrite, done=done)
    return ScoreReport(
        str(target),
        performance.sample_rate,
        len(orchestra.voices),
        level,
        orchestra.players,
        orchestra.remarks,
        time.perf_counter() - started,
    )
