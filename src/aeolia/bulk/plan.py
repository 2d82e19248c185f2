"""Which files a job of many reads and writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aeolia.audio.formats import AUDIO_SUFFIXES, MEDIA_SUFFIXES, output_suffix
from aeolia.audio.media import has_pyav
from aeolia.audio.reader import PIPE
from aeolia.errors import AeoliaError, InputError

__all__ = ["MARK", "PIPE", "THERE", "Job", "passed_over", "plan", "skip_existing"]

#: Put before the suffix of outputs that lie beside their inputs.
MARK = ".denoised"
#: Why a job is skipped whose outputs an earlier run wrote.
THERE = "already there"


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
    suffixes: tuple[str, ...] | None = None,
) -> list[Job]:
    """The jobs for files, folders and "-" as they stand on the command line.

    A folder's files, those ending in one of `suffixes` (what can be read here, when None), keep
    their relative paths below the output folder; what cannot be written in its own format gets
    another (see `output_suffix`). Without `output` results lie beside their inputs, marked with
    the first of `marks` (and files that have one of them are no inputs), and a pipe goes to a pipe.

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
    suffixes = _readable() if suffixes is None else suffixes
    several = len(inputs) > 1 or Path(inputs[0]).is_dir()
    if output is None:
        found = [
            (job, Path(job.source))
            for name in inputs
            for job, _ in _sources(name, suffixes, recursive, marks, outside=None)
        ]
        jobs = _named(found, lambda path: path.with_name(f"{path.stem}{marks[0]}{path.suffix}"))
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
    found = [
        pair for name in inputs for pair in _sources(name, suffixes, recursive, (), outside=folder)
    ]
    return _named(found, lambda path: folder / path)


def _named(found: list[tuple[Job, Path]], place: Callable[[Path], Path]) -> list[Job]:
    """The jobs with their targets: each path as it is, or with the ending of what can be written.

    Where that is another file's name already, it stands behind the whole name.
    """
    there = {path for job, path in found if not job.error}
    jobs = []
    for job, path in found:
        if not job.error and (suffix := output_suffix(path)) != path.suffix:
            renamed = path.with_suffix(suffix)
            path = path.with_name(path.name + suffix) if renamed in there else renamed
            there.add(path)
        jobs.append(job if job.error else Job(job.source, str(place(path))))
    return jobs


def _readable() -> tuple[str, ...]:
    """Which files of folders are taken, by their name's ending."""
    return (*AUDIO_SUFFIXES, *MEDIA_SUFFIXES) if has_pyav() else AUDIO_SUFFIXES


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
        plain = " ".join(suffix for suffix in suffixes if suffix not in MEDIA_SUFFIXES)
        films = ", or films" if set(suffixes) & set(MEDIA_SUFFIXES) else ""
        message = f"{name}: a folder without audio files ({plain}{films}); {advice}"
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
    for path in _below(top, recursive, outside):
        if path.suffix.lower() in suffixes and not path.stem.endswith(marks):
            if not _would_wait(path):
                yield path


def _below(top: Path, recursive: bool, outside: Path | None = None) -> Iterator[Path]:
    """What lies in a folder and is not hidden, by name."""
    barred = outside.resolve() if outside is not None else None
    for folder, subfolders, files in os.walk(top):
        subfolders[:] = sorted(
            sub
            for sub in subfolders
            if recursive and not sub.startswith(".") and Path(folder, sub).resolve() != barred
        )
        yield from (Path(folder, file) for file in sorted(files) if not file.startswith("."))


def _would_wait(path: Path) -> bool:
    """Whether it is a pipe, a socket or a device, whose reader waits for what comes."""
    return path.exists() and not path.is_file()


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


def passed_over(inputs: Sequence[str], recursive: bool = False) -> list[Job]:
    """What `plan` leaves out of folders although it is sound by its name, each with the reason."""
    suffixes = _readable()
    missing = set(MEDIA_SUFFIXES).difference(suffixes)
    jobs = []
    for path in (path for name in inputs for path in _below(Path(name), recursive)):
        suffix = path.suffix.lower()
        if suffix in missing:
            why = f"{path.suffix} needs PyAV; pip install 'aeolia[media]', or convert it"
            jobs.append(Job(str(path), skipped=why))
        elif suffix in suffixes and _would_wait(path):
            jobs.append(Job(str(path), skipped="a pipe, a socket or a device, not a file"))
    return jobs
