"""Make sound: notes and scores."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from aeolia.api.instruments import NOTES_MODEL, Synthesiser, open_synthesiser
from aeolia.api.recordings import Progress
from aeolia.api.reports.sounds import NoteReport, ScoreReport, SoundedNote
from aeolia.audio.files import PIPE, AudioInfo, Outputs
from aeolia.audio.levelled import lowering, write_levelled
from aeolia.audio.pitch.names import note_name
from aeolia.errors import InputError
from aeolia.runtime.catalogue import released_models
from aeolia.runtime.synth.orchestra import Orchestra, orchestrate
from aeolia.runtime.synth.performance import Performance
from aeolia.runtime.synth.score import DRUM_CHANNEL, Score
from aeolia.runtime.synth.score_reader import read_score
from aeolia.runtime.synth.single import plan_notes, play_note

__all__ = [
    "DRUMS_MODEL",
    "SPACES",
    "play_notes_file",
    "play_score",
    "play_score_file",
    "synthesise",
]

#: The model of a score's drums, unless another is named.
DRUMS_MODEL = "drums"

#: What is heard around a score's instruments: a small room; nothing; nor where they stand.
SPACES = ("room", "dry", "mono")


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

    >>> note, sample_rate = aeolia.synthesise("alto_sax", "A4", seconds=1.5)
    >>> note.shape, sample_rate
    ((72000,), 48000)
    >>> one, other = (aeolia.synthesise("piano", "C4", seed=seed)[0] for seed in (1, 2))
    >>> bool(abs(one - other).max() > 0.01)
    True
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


def play_notes_file(
    target: str | Path,
    instrument: str | None = None,
    pitch: str | float | None = None,
    *,
    velocity: int | None = None,
    seconds: float = 2.0,
    text: str | None = None,
    samples: int = 0,
    seed: int = 0,
    model: Synthesiser = NOTES_MODEL,
    overwrite: bool = False,
) -> NoteReport:
    """`synthesise` into a file, or several timbres of the prior into NAME-1.EXT, NAME-2.EXT, ...

    Args:
        samples: timbres to draw; 0 for one note in its most usual timbre.
        seed: decides the draws and the noise in them.

    Raises:
        InputError, ModelError: with one line on what is wrong; nothing is left at `target`.
    """
    started = time.perf_counter()
    if str(target) == PIPE and samples > 1:
        raise InputError(
            f"standard output takes one note, and {samples} samples were requested; name a file"
        )
    opened = open_synthesiser(model)
    requests = plan_notes(
        opened, instrument, pitch, velocity, text=text, samples=samples, seed=seed
    )
    paths = _numbered(target, len(requests))
    info = AudioInfo("note", opened.config.sample_rate, 1, None, "WAV", "PCM_24")
    with Outputs({path: path for path in paths}, info, overwrite=overwrite) as outputs:
        sounds = play_note(opened, requests, seconds, seed=seed)
        outputs.write({path: sound[:, None] for path, sound in zip(paths, sounds, strict=True)})
    notes = tuple(
        SoundedNote(
            path,
            request.instrument,
            note_name(request.pitch_midi),
            request.pitch_midi,
            request.velocity,
            seconds,
        )
        for path, request in zip(paths, requests, strict=True)
    )
    frames, clipped = sum(map(len, sounds)), sum(outputs.n_clipped.values())
    warnings = tuple(dict.fromkeys(one.warning for one in requests if one.warning))
    return NoteReport.since(
        started, "", target, info, frames, clipped, warnings=warnings, notes=notes
    )


def _numbered(target: str | Path, count: int) -> list[str]:
    """The target itself for one note, else NAME-1.EXT and so on."""
    path, width = Path(target), len(str(count))
    if count == 1:
        return [str(target)]
    return [
        str(path.with_name(f"{path.stem}-{n:0{width}d}{path.suffix}")) for n in range(1, count + 1)
    ]


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
    space: str = "room",
    seed: int = 0,
) -> tuple[np.ndarray, int]:
    """Play a MIDI file (or what `read_score` made of one).

    Instruments are as loud beside each other as in General MIDI soundfonts. They stand where the
    score puts them, or as an orchestra does where it puts none; notes ring and swing as their
    instruments' do.

    Args:
        players: channel (1 to 16) -> instrument; General MIDI's programs choose the others.
        drums: the model for channel 10; None leaves it out.
        space: "room" has a small room around them, "dry" has none, and "mono" lays all of them in
            the middle of one channel, without a room.

    Returns:
        float32 samples [T, 2], or [T] in mono, and their rate; lowered as a whole where it would
        clip.

    Raises:
        InputError, ModelError: with one line on what is wrong.

    >>> from aeolia.runtime.synth.score import Note, Score
    >>> score = Score((Note(0.0, 0.5, 60, 90), Note(0.5, 1.5, 67, 90)))  # from, until, pitch
    >>> song, sample_rate = aeolia.play_score(score, players={1: "flute"})
    >>> song.ndim, sample_rate  # stereo, in a room
    (2, 48000)
    >>> aeolia.play_score(score, players={1: "flute"}, space="mono")[0].ndim
    1
    """
    performance = _performance(_orchestra(score, players, model, drums), space, seed)
    audio = performance.render()
    return audio * np.float32(lowering(float(np.abs(audio).max()))), performance.sample_rate


def _performance(orchestra: Orchestra, space: str, seed: int) -> Performance:
    if space not in SPACES:
        raise InputError(f"the space {space!r} is none; it is one of {', '.join(SPACES)}")
    channels = 1 if space == "mono" else 2
    return Performance(orchestra.voices, seed=seed, channels=channels, room=space == "room")


def play_score_file(
    score: Score | str | Path,
    target: str | Path,
    *,
    players: Mapping[int, str] | None = None,
    model: Synthesiser = NOTES_MODEL,
    drums: Synthesiser | None = DRUMS_MODEL,
    space: str = "room",
    seed: int = 0,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> ScoreReport:
    """Play a MIDI file into an audio file, in memory that does not grow with its length.

    See `play_score`; "-" is a WAV on standard output.

    Raises:
        InputError, ModelError: with one line on what is wrong; nothing is left at `target`.

    >>> from aeolia.runtime.synth.score import Note, Score
    >>> score = Score((Note(0.0, 0.5, 60, 90), Note(0.5, 1.5, 67, 90)))  # from, until, pitch
    >>> print(aeolia.play_score_file(score, "song.wav", players={1: "flute"}))
    song.wav: 2 notes, ... s in ... s (... x real time); 1=flute
    """
    started = time.perf_counter()
    orchestra = _orchestra(score, players, model, drums)
    performance = _performance(orchestra, space, seed)
    n_all = round(performance.seconds * performance.sample_rate)
    name = str(score) if isinstance(score, (str, Path)) else "score"
    info = AudioInfo(name, performance.sample_rate, performance.channels, None, "WAV", "PCM_24")

    def done(frames: int) -> None:
        if progress:
            progress(min(frames, n_all), n_all)

    level = write_levelled(performance.blocks(), target, info, overwrite=overwrite, done=done)
    return ScoreReport.since(
        started,
        score if isinstance(score, (str, Path)) else "",
        target,
        info,
        level.frames,
        warnings=orchestra.remarks,
        notes=len(orchestra.voices),
        players=orchestra.players,
        peak_db=level.peak_db,
        gain_db=level.gain_db,
    )
