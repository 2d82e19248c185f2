"""A page to listen and look at what an operation did to files: before, after, what came out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aeolia.api.reports.report import FileReport, Report
from aeolia.api.reports.separation import SeparationReport
from aeolia.audio.files import PIPE, AudioReader
from aeolia.errors import InputError
from aeolia.files import write_atomically
from aeolia.pictures.page import MOST_SECONDS, Clip, Gallery, Version, render_page
from aeolia.pictures.table import Table

__all__ = ["MOST_FILES", "check_comparison", "write_comparison"]

#: A page with more would be too heavy for a browser: a file takes a few megabytes.
MOST_FILES = 24


def check_comparison(page: str | Path, paths: Sequence[str], overwrite: bool = False) -> None:
    """See before the work that a page can be written of it.

    Args:
        page: the HTML file.
        paths: all that will be read and written.

    Raises:
        InputError: the page exists, or what it compares goes through a pipe.
    """
    if Path(page).is_dir():
        raise InputError(f"{page} is a folder; name a file for the page, such as {page}/page.html")
    if os.path.exists(page) and not overwrite:
        raise InputError(f"{page}: already exists; add --overwrite, or name another page")
    if PIPE in paths:
        raise InputError(
            "a page compares files, and here is a pipe (-); name files to read and write"
        )


def write_comparison(page: str | Path, reports: Sequence[Report], overwrite: bool = False) -> None:
    """Write an HTML page with a player and a spectrogram of every version of every file.

    It holds the beginnings, all of them inside, so that it can be sent and opened anywhere; of
    more than `MOST_FILES` files the first.

    Args:
        reports: of `Denoise` or `Separate`, whose files are read again.

    Raises:
        AudioFileError: one of the files is gone.
        InputError: the page cannot be written.
    """
    shown = reports[:MOST_FILES]
    clips = tuple(map(_clip, shown))
    introduction = (
        "Start one player and then another of the same file: it goes on at the same moment."
    )
    if len(shown) < len(reports):
        introduction += f" The first {len(shown)} of {len(reports)} files are shown."
    text = render_page(
        "Before and after",
        introduction,
        [_table(reports)],
        [Gallery("Listen and look", "", clips)] if clips else [],
    )
    inputs = [report.input for report in shown]
    write_atomically(page, text, overwrite=overwrite, inputs=inputs)


def _clip(report: Report) -> Clip:
    before = _beginning(report.input)
    versions = [Version("before", before)]
    if isinstance(report, SeparationReport):
        versions += [Version(output.name, _beginning(output.path)) for output in report.outputs]
    else:
        after = _beginning(report.output)
        versions += [Version("after", after), Version("taken out", before - after)]
    written = ", ".join(_written(report))
    return Clip(
        Path(report.input).name, f"Written: {written}.", report.sample_rate, tuple(versions)
    )


def _written(report: Report) -> list[str]:
    if isinstance(report, SeparationReport):
        return [output.path for output in report.outputs]
    residual = report.residual if isinstance(report, FileReport) else ""
    return [report.output, *([residual] if residual else [])]


def _beginning(path: str) -> np.ndarray:
    """As much of a file as the page plays, and one sample more if there is more: [T, C]."""
    with AudioReader(path) as reader:
        return reader.read(int(MOST_SECONDS * reader.info.sample_rate) + 1)


def _table(reports: Sequence[Report]) -> Table:
    rows = tuple(
        (
            report.input,
            f"{report.seconds:.1f} s",
            f"{report.sample_rate / 1000:g} kHz",
            f"{report.channels}",
            f"{report.real_time_factor:.0f}",
        )
        for report in reports
    )
    note = "Speed: seconds of audio for each second of work."
    return Table("", ("file", "length", "rate", "channels", "speed"), rows, 1, note)
