"""Recordings of one voice or instrument as latents and contours, and back to sound."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from aeolia.api.instruments import NOTES_MODEL, Synthesiser, open_synthesiser
from aeolia.api.recordings import Recording, whole_recording
from aeolia.api.reports.report import FileReport
from aeolia.api.reports.sounds import EncodingReport
from aeolia.audio.files import AudioInfo, output_writer
from aeolia.audio.pitch.speech import is_speech
from aeolia.audio.resample import resample
from aeolia.runtime.synth.encoding import Encoding, encode_recording, new_encoding
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.resynthesis import fitted

__all__ = ["as_recorded", "decode", "decode_file", "encode", "encode_file", "encoded"]

_ENCODED_SPEECH = (
    "sounds like speech; the encoding holds its melody and loudness, and nothing of its words"
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
        instrument: the one that was recorded; otherwise the most similar one is taken.

    Raises:
        InputError: no pitch was found, several sound at once, or an unknown instrument.

    >>> note, sample_rate = aeolia.synthesise("flute", "A4", seconds=1.0)
    >>> encoding = aeolia.encode(note, sample_rate, instrument="flute")
    >>> encoding.latent.shape, encoding.pitch_hz.shape
    ((1, 32), (100,))
    """
    recording = whole_recording(audio, sample_rate, "encode")
    return encoded(recording, open_synthesiser(model), instrument)


def decode(
    encoding: Encoding | str | Path, *, seed: int = 0, model: Synthesiser = NOTES_MODEL
) -> tuple[np.ndarray, int]:
    """The sound of an encoding (or of its .npz file): samples [T] or [T, C] and their rate.

    Length, rate and channels are those of the recording that was encoded.

    >>> note, sample_rate = aeolia.synthesise("flute", "A4", seconds=1.0)
    >>> encoding = aeolia.encode(note, sample_rate)
    >>> again, sample_rate = aeolia.decode(encoding)
    >>> again.shape == note.shape
    True
    """
    if isinstance(encoding, (str, Path)):
        encoding = Encoding.load(encoding)
    audio = encoding.sound(open_synthesiser(model), seed=seed)
    return as_recorded(audio, encoding), encoding.original_rate


def encode_file(
    source: str | Path,
    target: str | Path,
    *,
    instrument: str | None = None,
    model: Synthesiser = NOTES_MODEL,
    overwrite: bool = False,
) -> EncodingReport:
    """`encode` a file into an .npz file, which `Encoding.load` and `decode` read.

    Raises:
        InputError, ModelError: with one line on what is wrong; nothing is left at `target`.
    """
    started = time.perf_counter()
    # The output is opened first: one that cannot be written is an error before the work.
    with new_encoding(target, overwrite=overwrite, inputs=[source]) as file:
        recording = whole_recording(source, None, "encode")
        encoding = encoded(recording, open_synthesiser(model), instrument)
        encoding.write(file)
    frames = encoding.original_samples
    info = AudioInfo(str(source), encoding.original_rate, encoding.channels, frames)
    return EncodingReport.since(
        started,
        source,
        target,
        info,
        frames,
        timbres=len(encoding.latent),
        latent_dim=encoding.latent.shape[1],
        contour_frames=len(encoding.pitch_hz),
        voiced_share=float((encoding.pitch_hz > 0).mean()),
        instrument=encoding.instruments[int(encoding.instrument.argmax())],
        warnings=(_ENCODED_SPEECH,) if is_speech(recording.mono, recording.sample_rate) else (),
    )


def decode_file(
    source: str | Path,
    target: str | Path,
    *,
    seed: int = 0,
    model: Synthesiser = NOTES_MODEL,
    overwrite: bool = False,
) -> FileReport:
    """`decode` an .npz file into an audio file; "-" is a WAV on standard output.

    Raises:
        InputError, ModelError: with one line on what is wrong; nothing is left at `target`.
    """
    started = time.perf_counter()
    encoding = Encoding.load(source)
    rate, channels = encoding.original_rate, encoding.channels
    sound = _mono(encoding.sound(open_synthesiser(model), seed=seed), encoding)
    info = AudioInfo(str(source), rate, channels, len(sound), "WAV", "PCM_24")
    with output_writer(target, info, overwrite=overwrite) as writer:
        # A second at a time: however many channels there are, the memory is that of one.
        for start in range(0, len(sound), rate):
            writer.write(np.tile(sound[start : start + rate, None], (1, channels)))
    return FileReport.since(started, source, target, info, len(sound), writer.n_clipped)


def encoded(recording: Recording, model: OnnxSynthesiser, instrument: str | None) -> Encoding:
    """`encode` with an opened model."""
    rate, name = recording.sample_rate, recording.name
    return encode_recording(recording.samples, rate, model, instrument, name=name)


def as_recorded(audio: np.ndarray, encoding: Encoding) -> np.ndarray:
    """Audio [T] at the model's rate, at the recording's rate and with its channels."""
    sound = _mono(audio, encoding)
    return sound if encoding.channels == 1 else np.tile(sound[:, None], (1, encoding.channels))


def _mono(audio: np.ndarray, encoding: Encoding) -> np.ndarray:
    sound = resample(audio, encoding.sample_rate, encoding.original_rate)
    return fitted(sound, encoding.original_samples)
