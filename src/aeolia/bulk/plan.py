"""Which files a job of many reads and writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aeolia.audio.formats import AUDIO_SUFFIXES
from aeolia.audio.reader import PIPE
from aeolia.errors import AeoliaError, InputError

__all__ = ["MARK", "PIPE", "THERE", "Job", "passed_over", "plan", "skip_existing"]

#: Put before the suffix of outputs that lie beside their inputs.
MARK = ".denoised"
#: Why a job is skipped whose outputs an earlier run wrote.
THERE = "already there"
#: What to do about one of `_MEDIA`, whose outputs could not be called as it is.
_ADVICE = "name the file itself and -o NAME.wav (it needs aeolia[media]), or convert it"
#: Sound and film whose name says so, and which libsndfile does not read.
_MEDIA = frozenset(
    ".3gp .aac .ac3 .amr .ape .avi .dsf .dts .m4a .m4b .m4v .mka .mkv .mov .mp2 .mp4 .mpeg .mpg "
    ".oma .ra .ts .tta .webm .wma .wmv .wv".split()
)


@dataclass(frozen=True)
class Job:
    """One file to read and the file to write for it, or why that cannot be."""

    source: str
    target: str = ""
    error: AeoliaError | None = None
    #: Why it is left out, which is no failure; "" where it is not.
    skipped: str = ""


def plan(
    inputs: list[str],
    output: str | None,
    *,
    recursive: bool = False,
    marks: tuple[str, ...] = (MARK,),
    suffixes: tuple[str, ...] = AUDIO_SUFFIXES,
) -> list[Job]:
    """The jobs for files, folders and "-" as they stand on the command line.

    A folder's files, those ending in one of `suffixes`, keep their relative paths below the output
    folder. Without `output` results lie beside their inputs, marked with the first of `marks`
    (and files that have one of them are no inputs), and a pipe goes to a pipe.

    Raises:
        InputError: the combination makes no sense, such as several inputs into one file.
    """
    if PIPE in inputs:
        if len(inputs) > 1:
            raise InputError("- (standard input) came with other inputs; give it alone")
        target = PIPE if output is None else output
        if _is_folder_name(target):
            raise InputError(f"-o {target} is a folder; name a file for what comes from a pipe")
        return [Job(PIPE, target)]
    several = len(inputs) > 1 or Path(inputs[0]).is_dir()
    if output is None:
        jobs = [
            job if job.error else Job(job.source, str(_beside(Path(job.source), marks[0])))
            for name in inputs
            for job, _ in _sources(name, suffixes, recursive, marks, outside=None)
        ]
    elif several or _is_folder_name(output):
        jobs = _into_folder(inputs, output, suffixes, recursive)
    else:
        jobs = [Job(inputs[0], output)]
    _check_apart(jobs)
    return jobs


def _is_folder_name(name: str) -> bool:
    return name.endswith(("/", os.sep)) or Path(name).is_dir()


def _into_folder(
    inputs: list[str], output: str, suffixes: tuple[str, ...], recursive: bool
) -> list[Job]:
    folder = Path(output)
    if output == PIPE:
        raise InputError("-o - (standard output) takes one input; give a folder for several")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"-o {output} is a file, and a folder is needed here")
    return [
        job if job.error else Job(job.source, str(folder / relative))
        for name in inputs
        for job, relative in _sources(name, suffixes, recursive, (), outside=folder)
    ]


def _beside(path: Path, mark: str) -> Path:
    return path.with_name(f"{path.stem}{mark}{path.suffix}")


def _sources(
    name: str,
    suffixes: tuple[str, ...],
    recursive: bool,
    marks: tuple[str, ...],
    *,
    outside: Path | None,
) -> Iterator[tuple[Job, Path]]:
    """Jobs without a target yet, each with its path relative to the input folder."""
    top = Path(name)
    if not top.is_dir():
        yield Job(name), Path(top.name)
        return
    found = list(_audio_below(top, suffixes, recursive, marks, outside))
    if not found:
        deeper = not recursive and any(_audio_below(top, suffixes, True, marks, outside))
        advice = "add --recursive for its subfolders" if deeper else "name another folder"
        message = f"{name}: a folder without audio files ({' '.join(suffixes)}); {advice}"
        yield Job(name, error=InputError(message)), Path()
    for path in found:
        yield Job(str(path)), path.relative_to(top)


def _audio_below(
    top: Path,
    suffixes: Collection[str],
    recursive: bool,
    marks: tuple[str, ...],
    outside: Path | None,
) -> Iterator[Path]:
    """Audio files by name, leaving out hidden ones and those with a mark of an earlier run."""
    barred = outside.resolve() if outside is not None else None
    for folder, subfolders, files in os.walk(top):
        subfolders[:] = sorted(
            sub
            for sub in subfolders
            if recursive and not sub.startswith(".") and Path(folder, sub).resolve() != barred
        )
        for file in sorted(files):
            path = Path(folder, file)
            if path.exists() and not path.is_file():
                continue  # a pipe or a device, which would be waited for
            if path.suffix.lower() not in suffixes or file.startswith("."):
                continue
            if not path.stem.endswith(marks):
                yield path


def _check_apart(jobs: list[Job]) -> None:
    sources: dict[str, str] = {}
    for job in jobs:
        if job.error:
            continue
        path = os.path.abspath(job.target)
        if path in sources:
            raise InputError(
                f"{sources[path]} and {job.source} would both become {job.target}; "
                f"run them apart, or give their folder as the input"
            )
        sources[path] = job.source


def skip_existing(jobs: Sequence[Job], outputs: Callable[[Job], Sequence[str]]) -> list[Job]:
    """The jobs, those marked as skipped whose `outputs` are all there."""
    return [
        job
        if job.error or job.target == PIPE or not all(map(os.path.exists, outputs(job)))
        else replace(job, skipped=THERE)
        for job in jobs
    ]


def passed_over(
    inputs: Sequence[str],
    recursive: bool = False,
    suffixes: tuple[str, ...] = AUDIO_SUFFIXES,
) -> list[Job]:
    """What `plan` leaves out of folders although it is sound by its name, each with the reason."""
    return [
        Job(str(path), skipped=f"{path.suffix} is not taken from folders; {_ADVICE}")
        for name in inputs
        if Path(name).is_dir()
        for path in _audio_below(Path(name), _MEDIA.difference(suffixes), recursive, (), None)
    ]
