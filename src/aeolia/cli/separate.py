"""`aeolia separate`: mixtures in, one file a source out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aeolia.cli.options import (
    ALL_TRACKS,
    AsJson,
    Compare,
    Jobs,
    ModelOfTask,
    Overwrite,
    Quality,
    Quiet,
    Raw,
    Recursive,
    Salvage,
    SkipExisting,
    Speakers,
    Subtype,
    Track,
)

if TYPE_CHECKING:
    from aeolia import Separate, Voice
    from aeolia.bulk.plan import Job

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
            "other, noise, music, a sum such as vocals+drums, or a word such as guitar or karaoke. "
            "Vocals are what is rapped or spoken, too, unless speech is asked for beside them.",
        ),
    ] = None,
    speaker: Speakers = None,
    speaker_from: Annotated[
        str | None,
        typer.Option(
            "--speaker-from",
            metavar="START-END",
            show_default=False,
            help="In place of a clip: where in each mixture the speaker talks alone, such as "
            "0:03-0:08.",
        ),
    ] = None,
    stems: Annotated[
        bool,
        typer.Option(
            "--stems",
            help="A song's four: vocals (speech too), drums, bass and other (noise too). They sum "
            "to the song.",
        ),
    ] = False,
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
    compare: Compare = None,
    model: ModelOfTask = None,
    track: Track = None,
    subtype: Subtype = None,
    quality: Quality = None,
    salvage: Salvage = False,
    raw: Raw = None,
    jobs: Jobs = None,
    overwrite: Overwrite = False,
    skip_existing: SkipExisting = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> int:
    """Take sources out of mixtures: speech, music, instruments, noise, or one speaker's voice.

    Every output has the input's length, sample rate, channels, tags and format, aligned to the
    sample. With --speaker there are two: speaker and background. With --rest, or when all
    sources are requested, the outputs sum to the mixture.

    \b
    Examples:
      aeolia separate mix.wav --source speech --source music -o parts/
      aeolia separate song.flac --source vocals --rest    song.vocals.flac, song.rest.flac
      aeolia separate song.mp3 --stems -o parts/
      aeolia separate meeting.wav --speaker alice.wav -o parts/
      aeolia separate meeting.wav --speaker-from 0:03-0:08 -o parts/
      aeolia separate --speaker alice.wav --save-voice alice.voice
    """
    _check_requested(inputs, source, speaker, speaker_from, stems, save_voice, track)
    from aeolia import FileOptions, Separate
    from aeolia.api.separation import output_paths
    from aeolia.cli.moments import stretch_of
    from aeolia.cli.run_files import run_files, with_skipped

    operation = Separate(
        tuple(source or ()),
        tuple(speaker) if speaker else None,
        stems,
        rest=rest or bool(speaker) or speaker_from is not None,
        speaker_from=None if speaker_from is None else stretch_of(speaker_from),
        model=model,
        options=FileOptions(salvage, track, subtype, quality, raw),
    )
    head: dict[str, Any] = {"model": operation.model_name}
    if voice := voice_of(operation, warn=not quiet):
        head["speaker"] = {
            "clip": voice.clip,
            "seconds": voice.seconds,
            "warnings": voice.warnings,
        }
        if save_voice is not None:
            voice.save(save_voice, overwrite=overwrite)
            if not (quiet or as_json):
                print(f"{voice.clip} -> {save_voice}: a voice, from {voice.seconds:.1f} s")
    if not inputs:
        return 0
    planned = with_skipped(
        _plan(inputs, output, recursive, operation.labels),
        inputs,
        lambda job: list(output_paths(job.source, job.target, operation.labels).values()),
        recursive=recursive,
        existing=skip_existing,
        overwrite=overwrite,
    )
    # What is wrong with the request is wrong for every file: said once, before any is touched.
    operation.check()
    return run_files(
        planned,
        operation,
        verb=("separating", "separated"),
        head=head,
        overwrite=overwrite,
        jobs=jobs,
        quiet=quiet,
        as_json=as_json,
        compare=compare,
    )


def _check_requested(
    inputs: list[str] | None,
    source: list[str] | None,
    speaker: list[str] | None,
    speaker_from: str | None,
    stems: bool,
    save_voice: str | None,
    track: int | None,
) -> None:
    from aeolia.errors import InputError

    options = {
        "--source": bool(source),
        "--speaker": bool(speaker),
        "--speaker-from": speaker_from is not None,
        "--stems": stems,
    }
    given = [name for name, value in options.items() if value]
    if len(given) > 1:
        raise InputError(f"{' and '.join(given)} were given; give one of them")
    if track == ALL_TRACKS:
        raise InputError("sources are taken out of one track; give --track its number")
    if save_voice is not None and not speaker:
        raise InputError("--save-voice needs a clip of the speaker; add --speaker CLIP")
    if not inputs and save_voice is None:
        raise InputError("no mixture to separate was given; name audio files, folders or -")
    if inputs and not given:
        raise InputError(
            "nothing to take out was given; add --source, such as --source speech, --stems for a "
            "song, or --speaker with a clip"
        )


def voice_of(operation: Separate, *, warn: bool) -> Voice | None:
    """The speaker's voice if there is one, with what is odd about its clip on standard error."""
    voice = operation.voice()
    if voice and warn:
        for warning in voice.warnings:
            print(f"aeolia: warning: {warning}", file=sys.stderr, flush=True)
    return voice


def _plan(
    inputs: list[str], output: str | None, recursive: bool, labels: tuple[str, ...]
) -> list[Job]:
    """Jobs whose target is the folder of the outputs, or "-"."""
    from dataclasses import replace
    from pathlib import Path

    from aeolia.bulk.plan import PIPE, Job, plan

    if inputs == [PIPE]:
        return [Job(PIPE, output or PIPE)]
    folder = output if output in (None, PIPE) else f"{output}/"
    marks = tuple(f".{label}" for label in labels)
    planned = plan(inputs, folder, recursive=recursive, marks=marks)
    return [
        job
        if job.error or job.target == PIPE
        else replace(job, target=str(Path(job.target).parent))
        for job in planned
    ]
