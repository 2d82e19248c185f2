"""Learn a speaker's voice from a clip, and say what is wrong with the clip.

clip of any format -> mono, 16 kHz, at most 30 s, no offset, full band -> the model's voice
encoder -> Voice
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aeolia.audio.files import AudioReader
from aeolia.audio.levels import decibels, impossible, rms, without_offset
from aeolia.audio.mono import mono
from aeolia.audio.resample import resample
from aeolia.errors import InputError, ModelError
from aeolia.runtime.like import graph_path
from aeolia.runtime.separate.telephone import bandwidth_of, filled
from aeolia.runtime.separate.voice import Voice
from aeolia.runtime.session import open_session

__all__ = [
    "ENROLMENT_RATE",
    "VoiceEncoder",
    "encoder_fingerprint",
    "enrol",
    "joined",
    "read_clip",
    "read_stretch",
]

#: What the encoder's file is called behind the model's name.
_SUFFIX = ".voice.onnx"

#: Sample rate of the input of voice encoders, in Hz.
ENROLMENT_RATE = 16000

#: Length of a good clip, and the length below which one is refused, in seconds.
SHORT_SECONDS, LONG_SECONDS, LEAST_SECONDS = 2.0, 30.0, 0.5

#: A clip whose loudest frame is below this holds nothing, in dBFS.
_SILENCE_DB = -75.0
#: Frames this far below the loudest one are pauses.
_PAUSE_DB = 35.0
_FRAME_SECONDS = 0.025
#: An offset that is this loud against the rest, in amplitude, is worth a remark.
_NOTED_OFFSET = 0.1
#: A clip is compared with itself in parts of this length.
_PART_SECONDS = 2.5
#: Parts of one voice have a cosine above this, unless an encoder's metadata says otherwise.
_SAME_VOICE = 0.35


class VoiceEncoder:
    """The graph `NAME.voice.onnx` beside a separator's `NAME.onnx`.

    Raises:
        ModelError: it is missing or damaged, or no voice encoder.
    """

    def __init__(self, model: str | Path) -> None:
        self.path = _beside(model)
        #: Name of the model that it was made with.
        self.model = self.path.name.removesuffix(_SUFFIX)
        #: Differs from that of every other encoder.
        self.fingerprint = encoder_fingerprint(model)
        self._session = open_session(self.path)
        inputs, outputs = list(self._session.inputs), self._session.outputs
        if inputs != ["audio"] or "voice" not in outputs:
            raise ModelError(
                f"{self.path}: no voice encoder (inputs {inputs}, outputs {outputs}); export it "
                f"again with `aeolia export`"
            )
        #: Cosine above which two clips are of one voice.
        self.same_voice = self._cosine(self._session.metadata.get("aeolia_same_voice"))

    def _cosine(self, text: str | None) -> float:
        try:
            value = _SAME_VOICE if text is None else float(text)
        except ValueError:
            value = math.nan
        if not -1.0 <= value <= 1.0:
            raise ModelError(
                f"{self.path}: its aeolia_same_voice is no cosine from -1 to 1; export it again "
                f"with `aeolia export`"
            )
        return value

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        """Mono audio [T] at 16 kHz -> the voice's unit vector [K]."""
        given = {"audio": audio[None].astype(np.float32)}
        (voices,) = self._session.run(given, {"voice": (1, -1)})
        vector = voices[0].astype(np.float64)
        return np.asarray((vector / max(np.linalg.norm(vector), 1e-12)).astype(np.float32))


def encoder_fingerprint(model: str | Path) -> str:
    """A hash of a model's voice encoder, by which its voices are known.

    Raises:
        ModelError: the model has none.
    """
    path = _beside(model)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise ModelError(
            f"{path}: no voice encoder lies beside the model ({error.strerror}), which needs one "
            f"to learn a speaker; use the model separate-speaker, or export both again"
        ) from error


def _beside(model: str | Path) -> Path:
    """The voice encoder's file; models of the same weights have the same."""
    return graph_path(Path(model)).with_suffix(_SUFFIX)


def read_clip(path: str | Path) -> tuple[np.ndarray, int]:
    """The first 30 s of a file and a little more, [T, C], and its sample rate.

    Raises:
        AudioFileError: as `AudioReader`.
    """
    with AudioReader(path) as reader:
        return _read(reader, LONG_SECONDS + 1.0), reader.info.sample_rate


def read_stretch(reader: AudioReader, name: str, start: float, end: float) -> np.ndarray:
    """What a reader at its beginning holds from `start` to `end` seconds, [T, C].

    Raises:
        AudioFileError: as `AudioReader`.
        InputError: the recording ends before `end`.
    """
    rate = reader.info.sample_rate
    left = round(start * rate)
    while left and len(passed := reader.read(min(left, round(LONG_SECONDS * rate)))):
        left -= len(passed)
    wanted = round(end * rate) - round(start * rate)
    stretch = _read(reader, min(end - start, LONG_SECONDS + 1.0))
    if left or len(stretch) < min(wanted, round((LONG_SECONDS + 1.0) * rate)):
        raise InputError(
            f"{name}: it ends before {end:g} s, where the stretch with the voice should end; name "
            f"a stretch that it holds"
        )
    return stretch


def _read(reader: AudioReader, seconds: float) -> np.ndarray:
    return reader.read(round(seconds * reader.info.sample_rate))


def enrol(audio: np.ndarray, sample_rate: int, encoder: VoiceEncoder, name: str) -> Voice:
    """The voice in a clip [T] or [T, C]; what is odd about the clip is in `Voice.warnings`.

    Raises:
        InputError: the clip is silent or shorter than half a second, or no finite samples.
    """
    audio = np.asarray(audio)
    if not np.issubdtype(audio.dtype, np.floating) or impossible(audio):
        raise InputError(f"{name}: finite floating-point samples within -1 to 1 are needed")
    audio, offset = without_offset(audio)
    warnings = []
    if offset > _NOTED_OFFSET * rms(audio):
        warnings.append(f"{name}: a constant offset (DC) of {offset:.2g} was taken off")
    clip = mono(audio)
    if len(clip) > LONG_SECONDS * sample_rate:
        warnings.append(f"{name}: longer than {LONG_SECONDS:.0f} s; the rest was not used")
        clip = clip[: int(LONG_SECONDS * sample_rate)]
    seconds = len(clip) / sample_rate
    if seconds < LEAST_SECONDS:
        raise InputError(
            f"{name}: {seconds:.2f} s long; {SHORT_SECONDS:.0f} to {LONG_SECONDS:.0f} s of one "
            f"voice is needed: give a longer clip"
        )
    clip = resample(clip, sample_rate, ENROLMENT_RATE)
    speaks = _sounding(clip)
    if not speaks.any():
        raise InputError(
            f"{name}: silent; {SHORT_SECONDS:.0f} to {LONG_SECONDS:.0f} s of one voice is "
            f"needed: give a clip in which the speaker talks"
        )
    sounding_seconds = float(speaks.sum()) * _FRAME_SECONDS
    if seconds < SHORT_SECONDS:
        warnings.append(_short(name, f"{seconds:.1f} s long"))
    elif sounding_seconds < SHORT_SECONDS / 2:
        warnings.append(_short(name, f"silent but for {sounding_seconds:.1f} s"))
    similarity = _similarity_of_parts(clip, speaks, encoder)
    if similarity < encoder.same_voice:
        warnings.append(
            f"{name}: seems to hold several voices (a similarity of {similarity:.2f} between its "
            f"parts; one voice has over {encoder.same_voice:.2f}); the result may mix them: give a "
            f"clip of one"
        )
    clip, words = _full_band(clip, name)
    warnings += words
    vector = encoder(clip)
    return Voice(vector, encoder.model, encoder.fingerprint, name, seconds, tuple(warnings))


def joined(voices: Sequence[Voice], same_voice: float) -> Voice:
    """One voice of several that are the same person's: their mean, each by how long it is.

    Clips of different days and microphones have in common what the speaker has, and not what one
    recording has.

    Args:
        voices: at least one, all made for one model.
        same_voice: cosine above which two clips are of one voice; a pair below it is remarked on.

    Raises:
        ModelError: they were made for different models.
    """
    first, *others = voices
    for voice in others:
        voice.check_fits(first.model, first.encoder, len(first.vector))
    if not others:
        return first
    warnings = [warning for voice in voices for warning in voice.warnings]
    for one, other in itertools.combinations(voices, 2):
        if (cosine := float(one.vector @ other.vector)) < same_voice:
            warnings.append(
                f"{one.clip} and {other.clip}: seem to be of two voices (a similarity of "
                f"{cosine:.2f}; one voice has over {same_voice:.2f}); give clips of one speaker"
            )
    total = np.sum([voice.seconds * voice.vector for voice in voices], axis=0, dtype=np.float64)
    vector = np.asarray(total / max(float(np.linalg.norm(total)), 1e-12), np.float32)
    clip = ", ".join(voice.clip for voice in voices)
    seconds = sum(voice.seconds for voice in voices)
    return Voice(vector, first.model, first.encoder, clip, seconds, tuple(warnings))


def _full_band(clip: np.ndarray, name: str) -> tuple[np.ndarray, list[str]]:
    """A clip [T] at 16 kHz with what a telephone took filled in; and what to say about it."""
    found, warnings = bandwidth_of(clip), []
    if found.thin:
        warnings.append(
            f"{name}: holds nothing below 250 Hz, as over a telephone, so its voice may be taken "
            f"for another: give a clip that a microphone recorded"
        )
    if found.narrow:
        clip = filled(clip, found.reach_hz)
        warnings.append(
            f"{name}: of telephone bandwidth (it ends at {found.reach_hz / 1000:.1f} kHz); the "
            f"rest was guessed: a clip of full bandwidth gives a better result"
        )
    return clip, warnings


def _short(name: str, what: str) -> str:
    seconds = f"{SHORT_SECONDS:.0f} to {LONG_SECONDS:.0f} s"
    return f"{name}: {what}; {seconds} of the voice give a better result"


def _sounding(clip: np.ndarray) -> np.ndarray:
    """Which frames of 25 ms hold more than a pause, of mono audio [T] at 16 kHz."""
    length = round(_FRAME_SECONDS * ENROLMENT_RATE)
    frames = clip[: len(clip) // length * length].reshape(-1, length).astype(np.float64)
    power = np.mean(frames**2, axis=1)
    loudest = float(power.max(initial=0.0))
    if decibels(np.sqrt(loudest)) < _SILENCE_DB:
        return np.zeros(len(power), bool)
    return np.asarray(power > loudest * 10.0 ** (-_PAUSE_DB / 10.0))


def _similarity_of_parts(clip: np.ndarray, speaks: np.ndarray, encoder: VoiceEncoder) -> float:
    """How similar the voices in parts of a clip are: the mean of the lowest fifth of cosines.

    One part of another voice among ten has a fifth of all pairs with it, so it shows. 1.0 where
    the clip has fewer than two parts that hold sound.
    """
    length = round(_PART_SECONDS * ENROLMENT_RATE)
    frames = round(_PART_SECONDS / _FRAME_SECONDS)
    vectors = [
        encoder(clip[part * length : (part + 1) * length])
        for part in range(len(clip) // length)
        if speaks[part * frames : (part + 1) * frames].mean() > 0.3
    ]
    cosines = sorted(float(one @ other) for one, other in itertools.combinations(vectors, 2))
    return float(np.mean(cosines[: max(1, len(cosines) // 5)])) if cosines else 1.0
