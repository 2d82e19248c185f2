"""Recordings of one voice or instrument made anew: played by another one, shifted, morphed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aeolia.api.recordings import Progress, through, whole_recording
from aeolia.api.synthesis import NOTES_MODEL, Synthesiser, open_synthesiser
from aeolia.audio.files import PIPE, AudioReader, AudioWriter
from aeolia.audio.pitch import track_pitch
from aeolia.audio.resample import resample
from aeolia.errors import InputError
from aeolia.runtime.synth.encoding import Encoding, check_monophonic, encode_recording
from aeolia.runtime.synth.resynthesis import fitted, glide, morph_steps, shifted
from aeolia.runtime.synth.transfer import TransferStream

__all__ = [
    "TransferReport",
    "decode",
    "encode",
    "morph",
    "shift",
    "shift_file",
    "transfer",
    "transfer_file",
    "transfer_stream",
]

#: What is looked at to say whether a file can be transferred.
_CHECKED_SECONDS = 60.0


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
        opened,
        opened.instrument(to),
        sample_rate,
        channels,
        transpose=transpose,
        snap=snap,
        resample_quality=resample_quality,
    )


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
        str(source),
        str(target),
        info.sample_rate,
        n_done,
        writer.n_clipped,
        warning,
        time.perf_counter() - started,
    )


def _range_warning(
    pitch_hz: np.ndarray, transpose: float, low: float, high: float, name: str
) -> str:
    from aeolia.audio.pitch_names import hz_to_midi, note_name

    number = float(np.median(hz_to_midi(pitch_hz))) + transpose
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
