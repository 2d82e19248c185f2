"""Separate arrays and files: by source class, or by a speaker's voice."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from aeolia.api.file_options import USUAL, FileOptions
from aeolia.api.opening import once
from aeolia.api.recordings import Progress, through, whole_recording
from aeolia.api.reports.separation import OutputReport, SeparationReport
from aeolia.api.separators import SPEAKER_MODEL, check_condition, model_of
from aeolia.api.voices import Speaker, voice_of
from aeolia.audio.files import PIPE, Outputs
from aeolia.audio.formats import output_suffix
from aeolia.audio.levels import decibels
from aeolia.config.classes import STEMS
from aeolia.errors import InputError
from aeolia.runtime.backend import SeparationBackend
from aeolia.runtime.catalogue import find_model
from aeolia.runtime.separate.backend import OnnxSeparator
from aeolia.runtime.separate.enrolment import (
    VoiceEncoder,
    encoder_fingerprint,
)
from aeolia.runtime.separate.presence import Presence
from aeolia.runtime.separate.sources import (
    Source,
    file_label,
    parse_sources,
    stem_sources,
    with_rap,
)
from aeolia.runtime.separate.stream import SeparationStream
from aeolia.runtime.separate.voice import Voice

__all__ = [
    "SeparationRequest",
    "Separator",
    "output_paths",
    "read_request",
    "run_request",
    "separate",
    "separate_file",
]

#: A released model's name, a model file, or a model that is already open.
Separator: TypeAlias = str | Path | SeparationBackend


@dataclass(frozen=True)
class SeparationRequest:
    """What is to be separated by which model, checked against each other; serves any stream."""

    backend: SeparationBackend
    sources: tuple[Source, ...]
    #: Name of what remains of the mixture; None where that is not requested.
    rest: str | None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know of the request itself, a sentence each."""
        classes = self.backend.config.classes
        if self.rest or len(self.sources) != len(STEMS) or not set(STEMS) <= set(classes):
            return ()
        requested = [source.condition.tolist() for source in self.sources]
        stems = _named_sources(STEMS, classes)
        held = np.sum(requested, axis=0)
        others = [name for name, count in zip(classes, held, strict=True) if not count]
        if not others or any(stem.condition.tolist() not in requested for stem in stems):
            return ()
        # All stems were requested by name, and what a song has of the others goes nowhere.
        return (
            f"{' and '.join(others)} {'was' if len(others) == 1 else 'were'} not requested, so the "
            f"outputs do not sum to the song; stems do (`--stems`), with noise in other",
        )

    def presence(self, sample_rate: int) -> Presence | None:
        """What judges whether the speaker is in the output; None without a speaker or encoder."""
        path = getattr(self.backend, "path", None)
        if self.backend.config.condition != "speaker" or path is None:
            return None
        (source,) = self.sources
        return Presence(once(VoiceEncoder, path), source.condition, sample_rate)

    def stream(
        self, sample_rate: int | None, channels: int, resample_quality: str = "HQ"
    ) -> SeparationStream:
        """A stream for one mixture."""
        return SeparationStream(
            self.backend,
            self.sources,
            sample_rate,
            channels,
            rest=self.rest,
            resample_quality=resample_quality,
        )


def read_request(
    model: Separator | None,
    *,
    sources: Sequence[str] | None = None,
    speaker: Speaker | None = None,
    stems: bool = False,
    rest: bool = False,
    whole: bool = False,
) -> SeparationRequest:
    """The request that `separate` describes, its model opened if it is not yet.

    Args:
        whole: the audio is there as a whole, so that a model may hear it ahead.

    Raises:
        InputError, ModelError: with one line on what is wrong; no file was touched.
    """
    given = {"sources": sources is not None, "a speaker": speaker is not None, "stems": stems}
    requested = [what for what, is_given in given.items() if is_given]
    if len(requested) > 1:
        raise InputError(f"{' and '.join(requested)} are requested; request one of them")
    if not requested:
        raise InputError(
            "nothing is requested; name sources, such as speech or music, ask for stems, or give a "
            "clip of a speaker"
        )
    if stems and rest:
        raise InputError("the four stems leave no rest: they sum to the song; leave the rest out")
    if model is None:
        model = model_of(sources or (), whole=whole) if speaker is None else SPEAKER_MODEL
    backend = once(OnnxSeparator, find_model(model)) if isinstance(model, (str, Path)) else model
    if speaker is not None:
        source = Source("speaker", _voice(speaker, backend).vector)
        return SeparationRequest(backend, (source,), "background" if rest else None)
    check_condition(backend, "classes")
    classes = backend.config.classes
    parsed = stem_sources(classes) if stems else _named_sources(sources or [], classes)
    return SeparationRequest(backend, tuple(parsed), "rest" if rest else None)


def _named_sources(texts: Sequence[str], classes: Sequence[str]) -> list[Source]:
    return with_rap(parse_sources(texts, classes), classes)


def separate(
    audio: np.ndarray | str | Path,
    sample_rate: int | None = None,
    *,
    sources: Sequence[str] | None = None,
    speaker: Speaker | None = None,
    stems: bool = False,
    rest: bool = False,
    model: Separator | None = None,
) -> dict[str, np.ndarray]:
    """Take sources out of an array [T] or [T, C], or out of a file.

    Args:
        audio: samples, which need `sample_rate`; or the path of an audio file.
        sample_rate: of the array, in Hz; not for a path, whose file states it.
        sources: what to take out, each a class ("speech", "vocals", "drums", "bass", "other",
            "noise"), "music", a sum ("vocals+drums") or a tag ("guitar and bass"). A rap counts as
            vocals: they hold what is spoken, too, where speech is in none of the sources.
        speaker: instead of sources, whose voice to take out: a clip or a saved `.voice`, several
            of these, or what `enrol` returned.
        stems: instead of sources, a song's four: "vocals" (speech included), "drums", "bass" and
            "other" (noise included), which sum to it.
        rest: also return what remains of the mixture, "rest", or "background" with a speaker.
        model: a released model's name, a model file, or an opened separator; None for
            "separate-speaker" with a speaker, and otherwise for "separate-studio", which hears two
            seconds ahead; "separate" gives what a `Stream` gives live.

    Returns:
        Name -> float32 array of the input's shape and rate, "speaker" for a speaker. The outputs
        sum to the mixture when the rest is among them, or when the sources are all there are.

    Raises:
        InputError, ModelError: with one line on what is wrong.

    >>> import numpy, soundfile
    >>> mixture, sample_rate = soundfile.read("examples/street.noisy.wav")
    >>> parts = aeolia.separate(mixture, sample_rate, sources=["speech"], rest=True)
    >>> bool(numpy.abs(parts["speech"] + parts["rest"] - mixture).max() < 1e-4)
    True
    """
    recording = whole_recording(audio, sample_rate, "separate")
    request = read_request(
        model, sources=sources, speaker=speaker, stems=stems, rest=rest, whole=True
    )
    return request.stream(recording.sample_rate, recording.channels).process(recording.samples)


def _voice(speaker: Speaker, backend: SeparationBackend) -> Voice:
    check_condition(backend, "speaker")
    path = getattr(backend, "path", None)
    if not isinstance(speaker, Voice):
        if path is None:
            raise InputError("this model is not a file; give a voice, which `enrol` makes")
        speaker = voice_of(speaker, path)
    if path is not None:
        speaker.check_fits(path.stem, encoder_fingerprint(path), backend.config.condition_dim)
    return speaker


def output_paths(source: str | Path, folder: str | Path, names: Sequence[str]) -> dict[str, str]:
    """Output's name -> FOLDER/NAME.OUTPUT.EXT; "-" as the folder is standard output.

    Raises:
        InputError: several outputs for standard output.
    """
    if str(folder) == PIPE:
        if len(names) > 1:
            raise InputError(
                f"{len(names)} outputs ({', '.join(names)}) do not fit into standard output; "
                f"give a folder with -o, or request one source"
            )
        return {names[0]: PIPE}
    path = Path("stdin.wav" if str(source) == PIPE else source)
    suffix = output_suffix(path) or ".wav"
    return {name: str(Path(folder) / f"{path.stem}.{file_label(name)}{suffix}") for name in names}


def separate_file(
    source: str | Path,
    folder: str | Path,
    *,
    sources: Sequence[str] | None = None,
    speaker: Speaker | None = None,
    stems: bool = False,
    rest: bool = False,
    model: Separator | None = None,
    options: FileOptions = USUAL,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> SeparationReport:
    """Take sources out of a file of any length into files FOLDER/NAME.SOURCE.EXT.

    One pass in constant memory; each output has the input's length, rate, channels, tags,
    container and sample format. Either all outputs are written or none. "-" is a WAV on standard
    input or, for a single output, on standard output. For the other arguments see `separate`.

    Raises:
        AudioFileError, InputError, ModelError: with one line on what is wrong.

    >>> report = aeolia.separate_file("examples/street.noisy.wav", "parts", sources=["speech"])
    >>> print(report)
    examples/street.noisy.wav -> parts/street.noisy.speech.wav (... dB): 6.9 s in ... s (...)
    """
    # Somebody may be waiting at the other end of a pipe.
    whole = str(source) != PIPE
    request = read_request(
        model, sources=sources, speaker=speaker, stems=stems, rest=rest, whole=whole
    )
    return run_request(
        request, source, folder, options=options, overwrite=overwrite, progress=progress
    )


def run_request(
    request: SeparationRequest,
    source: str | Path,
    folder: str | Path,
    *,
    options: FileOptions = USUAL,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> SeparationReport:
    """`separate_file` for a request that was read before, such as for many files."""
    if options.all_tracks:
        raise InputError("sources are taken out of one track; choose it by its number")
    started = time.perf_counter()
    with options.reader(source) as reader:
        info = reader.info
        stream = request.stream(info.sample_rate, info.channels)
        paths = output_paths(source, folder, stream.names)
        power = dict.fromkeys([_MIXTURE, *paths], 0.0)
        presence = request.presence(info.sample_rate)
        frames = 0

        def observe(block: np.ndarray) -> None:
            power[_MIXTURE] += _energy(block)

        form = options.form(info, next(iter(paths.values())))
        with Outputs(paths, form, remainder=stream.remainder, overwrite=overwrite) as outputs:
            for blocks in through(reader, stream, progress, observe):
                outputs.write(blocks)
                frames += len(blocks[stream.names[0]])
                for name, block in blocks.items():
                    power[name] += _energy(block)
                if presence:
                    presence.push(blocks[stream.names[0]])
    written = tuple(
        OutputReport(
            name,
            path,
            _level_db(power[name], power[_MIXTURE]),
            outputs.n_clipped[name],
            presence.confidence() if presence and name == stream.names[0] else None,
        )
        for name, path in paths.items()
    )
    clipped = sum(output.clipped_samples for output in written)
    absences = (output.warning for output in written if output.warning)
    warnings = (*reader.remarks, *stream.remarks, *outputs.remarks, *request.warnings, *absences)
    more = {"outputs": written, "warnings": warnings}
    return SeparationReport.since(started, source, folder, info, frames, clipped, **more)


#: No output is called so: their names are not empty.
_MIXTURE = ""


def _energy(block: np.ndarray) -> float:
    return float(np.sum(np.square(block, dtype=np.float64)))


def _level_db(energy: float, mixture: float) -> float:
    """Level against the mixture, in dB; -200 for silence."""
    return decibels(float(np.sqrt(energy / mixture))) if mixture else decibels(0.0)
