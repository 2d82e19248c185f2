"""`aeolia separate`: mixtures in, one file a source out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aeolia.cli.options import AsJson, Jobs, Overwrite, Quiet, Recursive

if TYPE_CHECKING:
    from aeolia.api import SeparationReport, Voice
    from aeolia.bulk.plan import Job
    from aeolia.cli.run_files import Progress

__all__ = ["separate", "voice_of"]


def separate(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MIX",
            help="Audio files, folders, or - for a WAV pipe.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            "-s",
            metavar="SOURCE",
            show_default=False,
            help="What to take out; may be given several times. speech, vocals, drums, bass, "
            "other, noise, music, or a sum such as vocals+drums.",
        ),
    ] = None,
    speaker: Annotated[
        str | None,
        typer.Option(
            "--speaker",
            metavar="FILE",
            show_default=False,
            help="Take out the voice of this clip (2 to 30 s of one speaker), or of a saved "
            ".voice.",
        ),
    ] = None,
    rest: Annotated[
        bool, typer.Option("--rest", help="Write what remains of the mixture too.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            show_default="beside each input",
            help="Folder for the results NAME.SOURCE.EXT; - for a WAV pipe.",
        ),
    ] = None,
    save_voice: Annotated[
        str | None,
        typer.Option(
            "--save-voice",
            metavar="FILE",
            show_default=False,
            help="Keep the speaker's voice in this file, for --speaker; needs no MIX.",
        ),
    ] = None,
    recursive: Recursive = False,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME|FILE",
            help="See `aeolia models`.",
            show_default="separate, or separate-speaker",
        ),
    ] = None,
    jobs: Jobs = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> int:
    """Take sources out of mixtures: speech, music, instruments, noise, or one speaker's voice.

    Every output has the input's length, sample rate, channels, tags and format, aligned to the
    sample. With --speaker there are two: speaker and background. With --rest, or when all
    sources are asked for, the outputs sum to the mixture.

    \b
    Examples:
      aeolia separate mix.wav --source speech --source music -o parts/
      aeolia separate song.flac --source vocals --rest    song.vocals.flac, song.rest.flac
      aeolia separate meeting.wav --speaker alice.wav -o parts/
      aeolia separate --speaker alice.wav --save-voice alice.voice
    """
    _check_asked(inputs, source, speaker, save_voice)
    voice = None
    if speaker is not None:
        voice = voice_of(speaker, model, warn=not quiet)
        if save_voice is not None:
            voice.save(save_voice, overwrite=overwrite)
            if not (quiet or as_json):
                print(f"{speaker} -> {save_voice}: a voice, from {voice.seconds:.1f} s")
    if not inputs:
        return 0
    from aeolia.cli.run_files import run_files

    labels = _labels(source, rest)
    planned = _plan(inputs, output, recursive, labels)
    work, name = _worker(source, voice, rest, model, overwrite)
    head: dict[str, Any] = {"model": name}
    if voice:
        head["speaker"] = {
            "clip": voice.clip,
            "seconds": voice.seconds,
            "warnings": voice.warnings,
        }
    return run_files(
        planned,
        work,
        verb=("separating", "separated"),
        describe=_lines,
        as_dict=_as_dict,
        head=head,
        jobs=jobs,
        quiet=quiet,
        as_json=as_json,
    )


def _check_asked(
    inputs: list[str] | None,
    source: list[str] | None,
    speaker: str | None,
    save_voice: str | None,
) -> None:
    from aeolia.errors import InputError

    if source and speaker is not None:
        raise InputError("--source and --speaker were both given; give one of the two")
    if save_voice is not None and speaker is None:
        raise InputError("--save-voice needs a clip of the speaker; add --speaker CLIP")
    if not inputs and save_voice is None:
        raise InputError("no mixture to separate was given; name audio files, folders or -")
    if inputs and not source and speaker is None:
        raise InputError(
            "nothing to take out was given; add --source, such as --source speech, or --speaker "
            "with a clip"
        )


def voice_of(speaker: str, model: str | None, *, warn: bool) -> Voice:
    """The voice in a clip or a saved file, with what is odd about it on standard error."""
    from aeolia.api import Voice, enrol
    from aeolia.api.separation import SPEAKER_MODEL
    from aeolia.runtime.separate.voice import VOICE_SUFFIX

    if speaker.lower().endswith(VOICE_SUFFIX):
        voice = Voice.load(speaker)
    else:
        voice = enrol(speaker, model=model or SPEAKER_MODEL)
    if warn:
        for warning in voice.warnings:
            print(f"aeolia: warning: {warning}", file=sys.stderr, flush=True)
    return voice


def _labels(source: list[str] | None, rest: bool) -> list[str]:
    """Outputs' names as they stand in the names of files."""
    from aeolia.runtime.separate.sources import file_label

    if not source:
        return ["speaker", "background"]
    return [file_label(name) for name in source] + (["rest"] if rest else [])


def _plan(inputs: list[str], output: str | None, recursive: bool, labels: list[str]) -> list[Job]:
    """Jobs whose target is the folder of the outputs, or "-"."""
    from dataclasses import replace
    from pathlib import Path

    from aeolia.audio.formats import AUDIO_SUFFIXES
    from aeolia.bulk.plan import PIPE, Job, plan

    if inputs == [PIPE]:
        return [Job(PIPE, output or PIPE)]
    folder = output if output in (None, PIPE) else f"{output}/"
    marks = tuple(f".{label}" for label in labels)
    planned = plan(inputs, folder, AUDIO_SUFFIXES, recursive=recursive, marks=marks)
    return [
        job
        if job.error or job.target == PIPE
        else replace(job, target=str(Path(job.target).parent))
        for job in planned
    ]


def _worker(
    source: list[str] | None, voice: Voice | None, rest: bool, model: str | None, overwrite: bool
) -> tuple[Any, str]:
    """The function that does one job, and the name of the model it uses."""
    from aeolia.api import load, separate_file
    from aeolia.api.separation import CLASSES_MODEL, SPEAKER_MODEL, separation_stream

    name = model or (CLASSES_MODEL if voice is None else SPEAKER_MODEL)
    backend = load(name, "separate")
    asked: dict[str, Any] = (
        {"sources": source, "rest": rest} if voice is None else {"speaker": voice, "rest": True}
    )
    # What is wrong with the request is wrong for every file: said once, before any is touched.
    separation_stream(backend, None, 1, **asked)

    def work(job: Job, progress: Progress) -> SeparationReport:
        return separate_file(
            job.source,
            job.target,
            **asked,
            model=backend,
            overwrite=overwrite,
            progress=progress,
        )

    return work, name


def _lines(report: SeparationReport) -> str:
    from aeolia.audio.levels import SILENCE_DB
    from aeolia.cli.run_files import speed

    outputs = ", ".join(
        f"{output.path} ({output.level_db:.1f} dB)"
        if output.level_db > SILENCE_DB
        else f"{output.path} (silent)"
        for output in report.outputs
    )
    lines = [f"{report.input} -> {outputs}: {speed(report)}"]
    for output in report.outputs:
        if output.clipped_samples:
            lines[0] += f"; {output.clipped_samples} samples clipped in {output.name}"
        if output.absent and output.name not in ("rest", "background"):
            level = (
                "silent"
                if output.level_db <= SILENCE_DB
                else f"{-output.level_db:.0f} dB below the mixture"
            )
            missing = (
                "the speaker seems absent"
                if output.name == "speaker"
                else f"no {output.name} to speak of"
            )
            lines.append(f"{report.input}: {missing}: the output is {level}")
    return "\n".join(lines)


def _as_dict(report: SeparationReport) -> dict[str, Any]:
    from dataclasses import asdict

    outputs = [{**asdict(output), "absent": output.absent} for output in report.outputs]
    return {**asdict(report), "outputs": outputs}
