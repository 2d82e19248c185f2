"""Make sound: notes, scores, and recordings played again by another instrument."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from aeolia.api.recordings import Progress, through, whole_recording
from aeolia.audio.files import PIPE, AudioInfo, AudioReader, AudioWriter
from aeolia.audio.pitch import track_pitch
from aeolia.audio.resample import resample
from aeolia.errors import InputError
from aeolia.runtime.catalogue import load, released_models
from aeolia.runtime.encoding import Encoding, check_monophonic, encode_recording
from aeolia.runtime.instrument import OnnxSynthesiser
from aeolia.runtime.levelled import Levelled, lowering, write_levelled
from aeolia.runtime.orchestra import Orchestra, orchestrate
from aeolia.runtime.performance import Performance
from aeolia.runtime.resynthesis import fitted, glide, morph_steps, shifted
from aeolia.runtime.score import DRUM_CHANNEL, Score, read_score
from aeolia.runtime.single import plan_notes, play_note
from aeolia.runtime.transfer import TransferStream

__all__ = [
    "ScoreReport",
    "Synthesiser",
    "TransferReport",
    "decode",
    "encode",
    "morph",
    "open_synthesiser",
    "play_score",
    "play_score_file",
    "shift",
    "shift_file",
    "synthesise",
    "transfer",
    "transfer_file",
    "transfer_stream",
]

#: A released model's name, a model file, or a model that is already open.
Synthesiser: TypeAlias = str | Path | OnnxSynthesiser

#: Models used unless another is named.
NOTES_MODEL, DRUMS_MODEL = "notes", "drums"

#: What is looked at to say whether a file can be transferred.
_CHECKED_SECONDS = 60.0


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
        opened, instrument, pitch, velocity,
        text=text, samples=0 if seed is None else 1, seed=seed or 0,
    )  # fmt: skip
    (audio,) = play_note(opened, requests, seconds, seed=seed or 0)
    return audio, opened.config.sample_rate


def _orchestra(
    score: Score | str | Path, players: Mapping[int, str] | None, model: Synthesiser,
    drums: Synthesiser | None,
) -> Orchestra:  # fmt: skip
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
        str(target), performance.sample_rate, len(orchestra.voices), level, orchestra.players,
        orchestra.remarks, time.perf_counter() - started,
    )  # fmt: skip


def transfer_stream(
    model: Synthesiser,
    sample_rate: int | None,
    channels: int,
    *,
    to: str,
    transpose: float = 0.0,
    snap: bool = False,
    resample_quality: str = "HQ",
) -> TransferStream:
    """A stream through a synthesiser that is opened if it is not yet."""
    opened = open_synthesiser(model)
    return TransferStream(
        opened, opened.instrument(to), sample_rate, channels,
        transpose=transpose, snap=snap, resample_quality=resample_quality,
    )  # fmt: skip


def transfer(
    audio: np.ndarray | str | Path,
    sample_rate: int | None = None,
    *,
    to: str,
    transpose: float = 0.0,
    snap: bool = False,
    model: Synthesiser = NOTES_MODEL,
) -> np.ndarray:
    """Let another instrument play a monophonic recording: an array [T] or [T, C], or a file.

    Pitch and loudness are kept, timbre is replaced; parts without pitch become noise.

    Args:
        to: an instrument that `model` has.
        transpose: semitones added to the pitch, such as -12 for a bass.
        snap: hold every pitch at its nearest semitone.

    Returns:
        float32 array of the input's shape and rate; all channels are the same.

    Raises:
        InputError: no pitch was found, several sound at once, or an unknown instrument.
        MissingExtraError: the pitch tracker is not installed.
    """
    recording, rate = whole_recording(audio, sample_rate, "transfer")
    channels = 1 if recording.ndim == 1 else recording.shape[1]
    stream = transfer_stream(model, rate, channels, to=to, transpose=transpose, snap=snap)
    mono = recording if recording.ndim == 1 else recording.mean(axis=1)
    name = str(audio) if isinstance(audio, (str, Path)) else "the recording"
    check_monophonic(mono, rate, track_pitch(mono, rate), name)
    return stream.process(recording)


@dataclass(frozen=True)
class TransferReport:
    """What `transfer_file` did."""

    input: str
    output: str
    sample_rate: int
    frames: int
    clipped_samples: int
    #: Empty, or a sentence: the pitches are far from the instrument's.
    warning: str
    wall_seconds: float

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return self.frames / self.sample_rate


def transfer_file(
    source: str | Path,
    target: str | Path,
    *,
    to: str,
    transpose: float = 0.0,
    snap: bool = False,
    model: Synthesiser = NOTES_MODEL,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> TransferReport:
    """`transfer` from file to file, in memory that does not grow with its length.

    The output has the input's length, rate, channels and, where its suffix allows, format. The
    first minute of the file decides whether it has one pitch at a time.

    Raises:
        InputError, ModelError: with one line on what is wrong; nothing is left at `target`.
    """
    started = time.perf_counter()
    if str(source) == PIPE:
        raise InputError("transfer reads its input twice, which a pipe cannot; give a file")
    opened = open_synthesiser(model)
    condition = opened.instrument(to)
    with AudioReader(source) as reader:
        start = reader.read(round(_CHECKED_SECONDS * reader.info.sample_rate)).mean(axis=1)
        track = track_pitch(start, reader.info.sample_rate)
        check_monophonic(start, reader.info.sample_rate, track, str(source))
    low, high = opened.range_of(condition)
    warning = _range_warning(track.pitch_hz[track.voiced], transpose, low, high, to)
    with AudioReader(source) as reader:
        info = reader.info
        stream = transfer_stream(
            opened, info.sample_rate, info.channels, to=to, transpose=transpose, snap=snap
        )
        n_done = 0
        with AudioWriter(target, info, overwrite=overwrite) as writer:
            for block in through(reader, stream, progress):
                samples = block[:, None] if block.ndim == 1 else block
                writer.write(samples)
                n_done += len(samples)
    return TransferReport(
        str(source), str(target), info.sample_rate, n_done, writer.n_clipped, warning,
        time.perf_counter() - started,
    )  # fmt: skip


def _range_warning(
    pitch_hz: np.ndarray, transpose: float, low: float, high: float, name: str
) -> str:
    from aeolia.audio.pitch_names import midi, note_name

    number = float(np.median(midi(pitch_hz))) + transpose
    if low - 3 <= number <= high + 3:
        return ""
    octaves = round((0.5 * (low + high) - number) / 12)
    advice = f"; --transpose {transpose + 12 * octaves:g} brings it there" if octaves else ""
    return (
        f"most of it lies around {note_name(number)}, outside what {name} was learned from "
        f"({note_name(low)} to {note_name(high)}){advice}"
    )


def encode(
    audio: np.ndarray | str | Path,
    sample_rate: int | None = None,
    *,
    instrument: str | None = None,
    model: Synthesiser = NOTES_MODEL,
) -> Encoding:
    """Timbres, pitch and loudness of a monophonic recording; `save` and `Encoding.load` keep it.

    Args:
        instrument: who plays; otherwise whoever sounds most like it.

    Raises:
        InputError: no pitch was found, several sound at once, or an unknown instrument.
    """
    recording, rate = whole_recording(audio, sample_rate, "encode")
    name = str(audio) if isinstance(audio, (str, Path)) else "the recording"
    return encode_recording(recording, rate, open_synthesiser(model), instrument, name=name)


def decode(
    encoding: Encoding | str | Path, *, seed: int = 0, model: Synthesiser = NOTES_MODEL
) -> tuple[np.ndarray, int]:
    """The sound of an encoding (or of its .npz file): samples [T] or [T, C] and their rate.

    Length, rate and channels are those of the recording that was encoded.
    """
    if isinstance(encoding, (str, Path)):
        encoding = Encoding.load(encoding)
    audio = encoding.sound(open_synthesiser(model), seed=seed)
    return _as_recorded(audio, encoding), encoding.original_rate


def shift(
    audio: np.ndarray | str | Path,
    sample_rate: int | None = None,
    *,
    semitones: float,
    formants: str = "keep",
    instrument: str | None = None,
    seed: int = 0,
    model: Synthesiser = NOTES_MODEL,
) -> np.ndarray:
    """Another pitch for a monophonic recording, through the model's own resynthesis.

    Args:
        formants: "keep" leaves the resonances where they are; "move" takes them along.
        instrument: who plays; otherwise whoever sounds most like it.

    Returns:
        float32 array of the input's shape and rate.

    Raises:
        InputError: no pitch was found, several sound at once, or an impossible argument.
    """
    opened = open_synthesiser(model)
    recording, rate = whole_recording(audio, sample_rate, "shift")
    name = str(audio) if isinstance(audio, (str, Path)) else "the recording"
    encoding = encode_recording(recording, rate, opened, instrument, name=name)
    sound = shifted(encoding, opened, semitones, formants, seed=seed)
    return _as_recorded(sound, encoding).reshape(recording.shape)


def shift_file(
    source: str | Path,
    target: str | Path,
    *,
    semitones: float,
    formants: str = "keep",
    instrument: str | None = None,
    seed: int = 0,
    model: Synthesiser = NOTES_MODEL,
    overwrite: bool = False,
) -> int:
    """`shift` from file to file, of at most half an hour; returns the samples that clipped.

    Raises:
        InputError, ModelError: with one line on what is wrong; nothing is left at `target`.
    """
    opened = open_synthesiser(model)
    # The output is opened first: one that cannot be written is an error before the work.
    with (
        AudioReader(source) as reader,
        AudioWriter(target, reader.info, overwrite=overwrite) as writer,
    ):
        recording = np.concatenate(list(reader.blocks(1 << 16)))
        rate = reader.info.sample_rate
        encoding = encode_recording(recording, rate, opened, instrument, name=str(source))
        sound = _as_recorded(shifted(encoding, opened, semitones, formants, seed=seed), encoding)
        writer.write(sound.reshape(recording.shape))
    return writer.n_clipped


def morph(
    a: np.ndarray | str | Path,
    b: np.ndarray | str | Path,
    sample_rate: int | None = None,
    *,
    steps: int | None = 7,
    seed: int = 0,
    model: Synthesiser = NOTES_MODEL,
    done: Callable[[], None] = lambda: None,
) -> tuple[list[np.ndarray], int]:
    """From one monophonic recording to another, on a straight line in the latent.

    Args:
        a, b: arrays [T] or [T, C] at `sample_rate`, or files.
        steps: recordings to make, the first like a, the last like b; None for a single one that
            glides from a to b.
        done: called when both are encoded.

    Returns:
        float32 arrays [T] and their rate, the model's.

    Raises:
        InputError: no pitch was found, several sound at once, or fewer than two steps.
    """
    opened = open_synthesiser(model)
    first = encode(a, sample_rate, model=opened)
    last = encode(b, sample_rate, model=opened)
    done()
    rate = opened.config.sample_rate
    if steps is None:
        return [glide(first, last, opened, seed=seed)], rate
    return morph_steps(first, last, opened, steps, seed=seed), rate


def _as_recorded(audio: np.ndarray, encoding: Encoding) -> np.ndarray:
    """Audio [T] at the model's rate, at the recording's rate and with its channels."""
    sound = resample(audio, encoding.sample_rate, encoding.original_rate)
    sound = fitted(sound, encoding.original_samples)
    return sound if encoding.channels == 1 else np.tile(sound[:, None], (1, encoding.channels))
