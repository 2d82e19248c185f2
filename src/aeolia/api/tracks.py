"""Every audio track of a film, one after the other: what is done to one leaves the others alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from aeolia.api.file_options import FileOptions
from aeolia.api.reports.report import FileReport
from aeolia.audio.formats import FILM_SUFFIXES
from aeolia.audio.media import n_audio_tracks
from aeolia.audio.reader import PIPE
from aeolia.audio.writer import check_output
from aeolia.errors import AudioFileError

__all__ = ["track_by_track"]


def track_by_track(
    source: str | Path,
    target: str | Path,
    options: FileOptions,
    overwrite: bool,
    work: Callable[..., FileReport],
) -> FileReport:
    """Do `work` to each audio track of `source` in turn; what the tracks before became goes along.

    Args:
        work: such as `denoise_file`; called with source, target, `options` and `overwrite`.

    Returns:
        the report on the first track, with all that is to be said of any.

    Raises:
        AudioFileError: the target holds one track only, or a track cannot be read.
    """
    if str(source) == PIPE or Path(source).is_fifo():
        raise AudioFileError(f"{source}: is a pipe; write it into a file first, for all tracks")
    path = Path(target)
    count = n_audio_tracks(source)
    numbered = [replace(options, all_tracks=False, track=number + 1) for number in range(count)]
    if count <= 1:
        one_track = replace(options, all_tracks=False)
        return work(source, target, options=one_track, overwrite=overwrite)
    if path.suffix.lower() not in FILM_SUFFIXES:
        raise AudioFileError(
            f"{target}: has room for one of the {count} tracks of {source}; name the output .mkv "
            f"or .mp4, or choose a track by its number"
        )
    for one in numbered:  # all of them, before the work on any
        with one.reader(source) as reader:
            check_output(path, reader.info, overwrite)
    reports = []
    with tempfile.TemporaryDirectory(prefix="aeolia-") as folder:
        done: str | Path = source
        for number, one in enumerate(numbered, start=1):
            last = number == count
            to = target if last else Path(folder, f"{number}{path.suffix}")
            reports.append(work(done, to, options=one, overwrite=overwrite and last))
            done = to
    said = [warning for report in reports for warning in report.warnings]
    return replace(
        reports[0],
        input=str(source),
        output=str(target),
        wall_seconds=sum(report.wall_seconds for report in reports),
        clipped_samples=sum(report.clipped_samples for report in reports),
        warnings=tuple(dict.fromkeys([f"all its {count} audio tracks were done", *said])),
    )
