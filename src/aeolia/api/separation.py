"""Separate arrays and files: by source class, or by a speaker's voice."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from aeolia.api.recordings import Progress, through, whole_recording
from aeolia.audio.files import PIPE, AudioReader, Outputs
from aeolia.audio.levels import decibels
from aeolia.errors import InputError, ModelError
from aeolia.runtime.backend import SeparationBackend
from aeolia.runtime.catalogue import find_model, load
from aeolia.runtime.separate.enrolment import VoiceEncoder, encoder_fingerprint, read_clip
from aeolia.runtime.separate.enrolment import enrol as enrol_clip
from aeolia.runtime.separate.sources import Source, file_label, parse_sources
from aeolia.runtime.separate.stream import SeparationStream
from aeolia.runtime.separate.voice import VOICE_SUFFIX, Voice

__all__ = [
    "ABSENT_DB",
    "OutputReport",
    "SeparationReport",
    "Separator",
    "Speaker",
    "enrol",
    "output_paths",
    "separate",
    "separate_file",
    "separation_stream",
]

#: A released model's name, a model file, or a model that is already open.
Separator: TypeAlias = str | Path | SeparationBackend

#: A clip of the speaker, a saved voice, or a voice that `enrol` made.
Speaker: TypeAlias = str | Path | Voice

#: An output this far below the mixture, in dB, holds nothing to speak of: its source is absent.
ABSENT_DB = -20.0

#: Models used unless another is named.
CLASSES_MODEL, SPEAKER_MODEL = "separate", "separate-speaker"


def enrol(
    clip: np.ndarray | str | Path,
    sample_rate: int | None = None,
    *,
    model: str | Path = SPEAKER_MODEL,
) -> Voice:
    """Learn a speaker's voice from 2 to 30 s of it, an array or a file of any format.

    What is odd about the clip stands in `warnings` of the result; `save` keeps the voice for
    later, and `Voice.load` reads it.

    Raises:
        InputError: a clip that is silent or shorter than half a second.
        AudioFileError: a file that cannot be read.
        ModelError: a model without a voice encoder.
    """
    encoder = VoiceEncoder(find_model(model))
    if isinstance(clip, (str, Path)):
        audio, rate = read_clip(clip)
        return enrol_clip(audio, rate, encoder, str(clip))
    audio, rate = whole_recording(clip, sample_rate, "enrol")
    return enrol_clip(audio, rate, encoder, "the clip")


def separation_stream(
    model: Separator | None,
    sample_rate: int | None,
    channels: int,
    *,
    sources: Sequence[str] | None = None,
    speaker: Speaker | None = None,
    rest: bool = False,
    resample_quality: str = "HQ",
) -> SeparationStream:
    """A stream through a model that is opened if it is not yet; see `separate`."""
    if sources is not None and speaker is not None:
        raise InputError("both sources and a speaker are asked for; ask for one of the two")
    if sources is None and speaker is None:
        raise InputError(
            "nothing is asked for; name sources, such as speech or music, or give a clip of a "
            "speaker"
        )
    if model is None:
        model = CLASSES_MODEL if speaker is None else SPEAKER_MODEL
    backend = load(model, "separate") if isinstance(model, (str, Path)) else model
    if speaker is not None:
        asked, rest_name = [Source("speaker", _voice(speaker, backend).vector)], "background"
    else:
        _check_condition(backend, "classes")
        asked, rest_name = parse_sources(sources or [], backend.config.classes), "rest"
    return SeparationStream(
        backend,
        asked,
        sample_rate,
        channels,
        rest=rest_name if rest else None,
        resample_quality=resample_quality,
    )


def separate(
    audio: np.ndarray | str | Path,
    sample_rate: int | None = None,
    *,
    sources: Sequence[str] | None = None,
    speaker: Speaker | None = None,
    rest: bool = False,
    model: Separator | None = None,
) -> dict[str, np.ndarray]:
    """Take sources out of an array [T] or [T, C], or out of a file.

    Args:
        audio: samples, which need `sample_rate`; or the path of an audio file.
        sample_rate: of the array, in Hz; not for a path, whose file tells it.
        sources: what is wanted, each a class ("speech", "vocals", "drums", "bass", "other",
            "noise"), "music", a sum ("vocals+drums") or a tag ("guitar and bass").
        speaker: instead of sources, whose voice is wanted: a clip or a saved `.voice`, or what
            `enrol` returned.
        rest: also return what remains of the mixture, "rest", or "background" with a speaker.
        model: a released model's name, a model file, or an opened separator; "separate" or
            "separate-speaker" by default.

    Returns:
        Name -> float32 array of the input's shape and rate, "speaker" for a speaker. The outputs
        sum to the mixture when the rest is among them, or when the sources are all there are.

    Raises:
        InputError, ModelError: with one line on what is wrong.
    """
    samples, sample_rate = whole_recording(audio, sample_rate, "separate")
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    passage = separation_stream(
        model, sample_rate, channels, sources=sources, speaker=speaker, rest=rest
    )
    return passage.process(samples)


def _voice(speaker: Speaker, backend: SeparationBackend) -> Voice:
    _check_condition(backend, "speaker")
    path = getattr(backend, "path", None)
    if not isinstance(speaker, Voice):
        if Path(speaker).suffix.lower() == VOICE_SUFFIX:
            speaker = Voice.load(speaker)
        elif path is None:
            raise InputError("this model is not a file; give a voice, which `enrol` makes")
        else:
            return enrol(speaker, model=path)
    if path is not None:
        speaker.check_fits(path.stem, encoder_fingerprint(path), backend.config.condition_dim)
    return speaker


def _check_condition(backend: SeparationBackend, asked: str) -> None:
    if backend.config.condition != asked:
        what = "sources by name", "a speaker's voice"
        takes, given = what if asked == "speaker" else what[::-1]
        raise ModelError(
            f"the model {backend.config.name!r} takes {takes}, and {given} came; use a model such "
            f"as {(CLASSES_MODEL if asked == 'classes' else SPEAKER_MODEL)!r}"
        )


@dataclass(frozen=True)
class OutputReport:
    """One output of `separate_file`."""

    name: str
    path: str
    #: Against the mixture, over the whole file.
    level_db: float
    #: Samples beyond full scale that an integer output had to clamp.
    clipped_samples: int

    @property
    def absent(self) -> bool:
        """Whether the source seems not to be in the mixture at all."""
        return self.level_db <= ABSENT_DB


@dataclass(frozen=True)
class SeparationReport:
    """What `separate_file` did."""

    input: str
    outputs: tuple[OutputReport, ...]
    sample_rate: int
    channels: int
    #: Samples per channel.
    frames: int
    #: Time it took.
    wall_seconds: float

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return self.frames / self.sample_rate


def output_paths(source: str | Path, folder: str | Path, names: Sequence[str]) -> dict[str, str]:
    """Output's name -> FOLDER/NAME.OUTPUT.EXT; "-" as the folder is standard output.

    Raises:
        InputError: several outputs for standard output.
    """
    if str(folder) == PIPE:
        if len(names) > 1:
            raise InputError(
                f"{len(names)} outputs ({', '.join(names)}) do not fit into standard output; "
                f"give a folder with -o, or ask for one source"
            )
        return {names[0]: PIPE}
    path = Path("stdin.wav" if str(source) == PIPE else source)
    suffix = path.suffix or ".wav"
    return {name: str(Path(folder) / f"{path.stem}.{file_label(name)}{suffix}") for name in names}


def separate_file(
    source: str | Path,
    folder: str | Path,
    *,
    sources: Sequence[str] | None = None,
    speaker: Speaker | None = None,
    rest: bool = False,
    model: Separator | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> SeparationReport:
    """Take sources out of a file of any length into files FOLDER/NAME.SOURCE.EXT.

    One pass in constant memory; each output has the input's length, rate, channels, tags,
    container and sample format. Either all outputs are written or none. "-" is a WAV on standard
    input or, for a single output, on standard output. For the other arguments see `separate`.

    Raises:
        AudioFileError, InputError, ModelError: with one line on what is wrong.
    """
    started = time.perf_counter()
    with AudioReader(source) as reader:
        info = reader.info
        passage = separation_stream(
            model, info.sample_rate, info.channels, sources=sources, speaker=speaker, rest=rest
        )
        paths = output_paths(source, folder, passage.names)
        power = dict.fromkeys([_MIXTURE, *paths], 0.0)
        frames = 0

        def heard(block: np.ndarray) -> None:
            power[_MIXTURE] += _energy(block)

        with Outputs(paths, info, remainder=passage.remainder, overwrite=overwrite) as outputs:
            for blocks in through(reader, passage, progress, heard):
                outputs.write(blocks)
                frames += len(blocks[passage.names[0]])
                for name, block in blocks.items():
                    power[name] += _energy(block)
    return SeparationReport(
        input=str(source),
        outputs=tuple(
            OutputReport(
                name, path, _level_db(power[name], power[_MIXTURE]), outputs.n_clipped[name]
            )
            for name, path in paths.items()
        ),
        sample_rate=info.sample_rate,
        channels=info.channels,
        frames=frames,
        wall_seconds=time.perf_counter() - started,
    )


#: No output is called so: their names are not empty.
_MIXTURE = ""


def _energy(block: np.ndarray) -> float:
    return float(np.sum(np.square(block, dtype=np.float64)))


def _level_db(energy: float, mixture: float) -> float:
    """Level against the mixture, in dB; -200 for silence."""
    return decibels(float(np.sqrt(energy / mixture))) if mixture else decibels(0.0)
