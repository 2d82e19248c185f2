"""Learn voices, once a process: of clips, of saved files, of a stretch of the recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from aeolia.api.file_options import USUAL, FileOptions
from aeolia.api.opening import once
from aeolia.api.recordings import whole_recording
from aeolia.api.separators import SPEAKER_MODEL, check_condition
from aeolia.errors import InputError
from aeolia.runtime.catalogue import find_model
from aeolia.runtime.separate.backend import OnnxSeparator
from aeolia.runtime.separate.enrolment import VoiceEncoder, joined, read_clip, read_stretch
from aeolia.runtime.separate.enrolment import enrol as enrol_clip
from aeolia.runtime.separate.voice import VOICE_SUFFIX, Voice

__all__ = [
    "Speaker",
    "check_speaker_model",
    "enrol",
    "voice_of",
    "voice_within",
]

#: A clip of the speaker, a saved voice, several of these, or a voice that `enrol` made.
Speaker: TypeAlias = str | Path | Sequence[str | Path] | Voice


def enrol(
    clip: np.ndarray | str | Path | Sequence[str | Path],
    sample_rate: int | None = None,
    *,
    model: str | Path = SPEAKER_MODEL,
) -> Voice:
    """Learn a speaker's voice from 2 to 30 s of it, an array or a file of any format.

    Several files, of different days or microphones, make one voice that hangs less on how each was
    recorded. What is odd about the clips stands in `warnings` of the result; `save` keeps the voice
    for later, and `Voice.load` reads it.

    Raises:
        InputError: a clip that is silent or shorter than half a second.
        AudioFileError: a file that cannot be read.
        ModelError: a model without a voice encoder.

    >>> voice = aeolia.enrol("examples/fan.clean.wav")
    >>> voice.save("alice.voice")
    >>> parts = aeolia.separate("examples/duet.wav", speaker="alice.voice", rest=True)
    >>> sorted(parts)
    ['background', 'speaker']
    """
    if isinstance(clip, (str, Path)):
        audio, rate = read_clip(clip)
        return enrol_clip(audio, rate, VoiceEncoder(find_model(model)), str(clip))
    if not isinstance(clip, np.ndarray):
        return voice_of(clip, model)
    encoder = VoiceEncoder(find_model(model))
    recording = whole_recording(clip, sample_rate, "enrol")
    return enrol_clip(recording.samples, recording.sample_rate, encoder, "the clip")


def voice_of(speaker: str | Path | Sequence[str | Path], model: str | Path) -> Voice:
    """The voice in saved files or in clips, from which it is learned once a process.

    Raises:
        InputError, ModelError: as `enrol` and `Voice.load`, or no file was named.
    """
    if not isinstance(speaker, (str, Path)):
        voices = [voice_of(one, model) for one in speaker]
        if not voices:
            raise InputError("no clip of the speaker came; give one, 2 to 30 s long")
        return voices[0] if len(voices) == 1 else joined(voices, _encoder(model).same_voice)
    if Path(speaker).suffix.lower() == VOICE_SUFFIX:
        return Voice.load(speaker)
    return once(_enrolled, Path(speaker), find_model(model))


def voice_within(
    source: str | Path, start: float, end: float, model: str | Path, options: FileOptions = USUAL
) -> Voice:
    """The voice of who speaks alone from `start` to `end` seconds of a recording.

    Raises:
        InputError: the recording ends before, or the stretch is silent.
        AudioFileError, ModelError: as `enrol`.
    """
    name = f"{source} from {start:g} to {end:g} s"
    with options.reader(source) as reader:
        stretch = read_stretch(reader, str(source), start, end)
        return enrol_clip(stretch, reader.info.sample_rate, _encoder(model), name)


def check_speaker_model(model: str | Path) -> None:
    """Open a model that is to take out a voice, and its encoder.

    Raises:
        ModelError: it takes sources by name, or no encoder lies beside it.
    """
    check_condition(once(OnnxSeparator, find_model(model)), "speaker")
    _encoder(model)


def _encoder(model: str | Path) -> VoiceEncoder:
    return once(VoiceEncoder, find_model(model))


def _enrolled(clip: Path, model: Path) -> Voice:
    return enrol(clip, model=model)
