"""Let another instrument play a recording of one voice or instrument."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from aeolia.api.instruments import NOTES_MODEL, Synthesiser, open_synthesiser
from aeolia.api.recordings import Progress, through, whole_recording
from aeolia.api.reports.sounds import TransferReport
from aeolia.audio.files import PIPE, AudioReader, output_writer
from aeolia.audio.mono import mono
from aeolia.audio.pitch.names import hz_to_midi, note_name
from aeolia.audio.pitch.tracker import track_pitch
from aeolia.errors import InputError
from aeolia.runtime.synth.encoding import check_monophonic
from aeolia.runtime.synth.transfer import TransferStream

__all__ = ["transfer", "transfer_file"]

#: What is looked at to say whether a file can be transferred.
_CHECKED_SECONDS = 60.0


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

    >>> note, sample_rate = aeolia.synthesise("flute", "A4", seconds=1.0)
    >>> cello = aeolia.transfer(note, sample_rate, to="cello", transpose=-24)
    >>> cello.shape == note.shape
    True
    """
    recording = whole_recording(audio, sample_rate, "transfer")
    rate, sound = recording.sample_rate, recording.mono
    opened = open_synthesiser(model)
    stream = TransferStream(
        opened, opened.instrument(to), rate, recording.channels, transpose=transpose, snap=snap
    )
    check_monophonic(sound, rate, track_pitch(sound, rate), recording.name)
    return stream.process(recording.samples)


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

    >>> report = aeolia.PlayNote("flute", "A4", seconds=1).run(None, "flute.wav")
    >>> print(aeolia.transfer_file("flute.wav", "cello.wav", to="cello", transpose=-24))
    flute.wav -> cello.wav: cello, 1.0 s in ... s (... x real time)
    """
    started = time.perf_counter()
    if str(source) == PIPE:
        raise InputError("transfer reads its input twice, which a pipe cannot; give a file")
    opened = open_synthesiser(model)
    condition = opened.instrument(to)
    with AudioReader(source) as reader:
        start = mono(reader.read(round(_CHECKED_SECONDS * reader.info.sample_rate)))
        track = track_pitch(start, reader.info.sample_rate)
        check_monophonic(start, reader.info.sample_rate, track, str(source))
    low, high = opened.range_of(condition)
    warning = _range_warning(track.pitch_hz[track.voiced], transpose, low, high, to)
    with AudioReader(source) as reader:
        info = reader.info
        stream = TransferStream(
            opened, condition, info.sample_rate, info.channels, transpose=transpose, snap=snap
        )
        frames = 0
        with output_writer(target, info, overwrite=overwrite) as writer:
            for block in through(reader, stream, progress):
                samples = block[:, None] if block.ndim == 1 else block
                writer.write(samples)
                frames += len(samples)
    warnings = (*reader.remarks, *stream.remarks, *((warning,) if warning else ()))
    clipped = writer.n_clipped
    return TransferReport.since(
        started, source, target, info, frames, clipped, warnings=warnings, to=to
    )


def _range_warning(
    pitch_hz: np.ndarray, transpose: float, low: float, high: float, name: str
) -> str:
    number = float(np.median(hz_to_midi(pitch_hz))) + transpose
    if low - 3 <= number <= high + 3:
        return ""
    octaves = round((0.5 * (low + high) - number) / 12)
    advice = f"; --transpose {transpose + 12 * octaves:g} brings it there" if octaves else ""
    return (
        f"most of it lies around {note_name(number)}, outside what {name} was learned from "
        f"({note_name(low)} to {note_name(high)}){advice}"
    )
