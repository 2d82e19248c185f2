"""From rows of scores to a report: tables, CSV, JSON and a page.

REPORT/report.html    tables, players and pictures, in one file
REPORT/scores.csv     one row per clip and system
REPORT/summary.json   means, intervals, groups and differences
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from aeolia.evaluation.scoring import ClipScores
from aeolia.evaluation.statistics import Interval, mean_interval, paired_difference
from aeolia.evaluation.tables import format_interval, format_number
from aeolia.files import Paths, writing
from aeolia.metrics import Score
from aeolia.pictures.page import Gallery, render_page
from aeolia.pictures.table import Table
from aeolia.plain_text import cell_text

__all__ = ["HEADLINE", "EvaluationReport", "snr_groups", "write_files", "write_report"]

_MOST_GROUPS = 8
_BIN_DB = 5.0
#: Names of the metrics in short tables and in captions.
HEADLINE = (
    *("si_sdr", "log_spectral_distance", "pesq_wb", "estoi"),
    *("si_sdr_improvement", "absent_level", "mel_distance", "pitch_error"),
)


@dataclass(frozen=True)
class EvaluationReport:
    """Scores of one or several systems on the same pairs, and everything derived from them.

    `scores` maps each system to its rows, all in the order of the pairs; the first system is the
    one that differences are taken against.
    """

    title: str
    metrics: tuple[Score, ...]
    scores: Mapping[str, Sequence[ClipScores]]
    notes: tuple[str, ...] = ()
    #: The label that clips are grouped by; "" groups them by input SNR.
    group_by: str = ""

    def mean(self, system: str, metric: str, group: str | None = None) -> Interval:
        """Mean and interval of a metric, over all clips or one of the groups."""
        rows = self.scores[system]
        chosen = rows if group is None else self._of_group(rows, group)
        return mean_interval([row.values[metric] for row in chosen])

    def difference(self, system: str, other: str, metric: str) -> Interval:
        """`system` minus `other`, clip by clip."""
        return paired_difference(
            [row.values[metric] for row in self.scores[system]],
            [row.values[metric] for row in self.scores[other]],
        )

    def real_time_factor(self, system: str) -> float:
        """Processing time of all clips over their duration; NaN if none was processed."""
        done = [row for row in self.scores[system] if math.isfinite(row.real_time_factor)]
        if not done:
            return math.nan
        return sum(r.seconds * r.real_time_factor for r in done) / sum(r.seconds for r in done)

    @property
    def groups(self) -> dict[str, list[str]]:
        """Names of the clips of each input SNR, lowest first, or of each value of the label."""
        rows = [row for rows in self.scores.values() for row in rows]
        if not self.group_by:
            return snr_groups(rows)
        named = sorted({(row.labels.get(self.group_by, ""), row.name) for row in rows})
        groups: dict[str, list[str]] = {}
        for group, name in named:
            groups.setdefault(group or "–", []).append(name)
        return groups

    def tables(self, *, short: bool = False) -> list[Table]:
        """Summary, then differences and groups where there is more than one.

        Args:
            short: narrow enough for a terminal: of the groups, means of a few metrics.
        """
        tables = [self._summary_table()]
        if len(self.scores) > 1:
            tables.append(self._difference_table())
        if len(self.groups) > 1:
            tables.append(self._group_table(short))
        return tables

    def _summary_table(self) -> Table:
        """A row per metric, a column per system."""
        systems = list(self.scores)
        rows = [
            (_head(m), *(format_interval(self.mean(s, m.name), m.digits) for s in systems))
            for m in self.metrics
        ]
        rows.append(("RTF ↓", *(format_number(self.real_time_factor(s), 4) for s in systems)))
        bold = {
            (number, 1 + systems.index(best))
            for number, metric in enumerate(self.metrics)
            for best in self._best(metric)
        }
        note = "Mean ± half the 95 % interval over clips. RTF: processing time over duration."
        n_failed = sum(bool(row.problems) for scores in self.scores.values() for row in scores)
        if n_failed:
            note += f" {n_failed} row(s) have problems; scores.csv names them."
        return Table("All clips", ("", *systems), tuple(rows), 1, note, frozenset(bold))

    def _difference_table(self) -> Table:
        """A row per metric; each system against the first and against its neighbour."""
        systems = list(self.scores)
        pairs = [(system, systems[0]) for system in systems[1:]]
        pairs += list(zip(systems[2:], systems[1:-1], strict=True))
        rows, bold = [], set()
        for number, metric in enumerate(self.metrics):
            cells = [_head(metric)]
            for column, (system, other) in enumerate(pairs):
                interval = self.difference(system, other, metric.name)
                cells.append(format_interval(interval, metric.digits, sign=True))
                if interval.excludes_zero:
                    bold.add((number, 1 + column))
            rows.append(tuple(cells))
        columns = ("", *(f"{system} − {other}" for system, other in pairs))
        note = "Clip by clip, mean ± half the 95 % interval; bold where the interval leaves out 0."
        return Table("Differences", columns, tuple(rows), 1, note, frozenset(bold))

    def _group_table(self, short: bool) -> Table:
        """A row per group and system, a column per metric."""
        metrics = self.metrics
        if short:
            metrics = tuple(m for m in metrics if m.name in HEADLINE) or metrics[:4]
        rows = []
        for group, names in self.groups.items():
            for system in self.scores:
                means = [(self.mean(system, m.name, group), m.digits) for m in metrics]
                write = [
                    format_number(mean.mean, digits) if short else format_interval(mean, digits)
                    for mean, digits in means
                ]
                rows.append((group, system, str(len(names)), *write))
        by = self.group_by or "input SNR"
        columns = (by, "system", "clips", *(_head(metric) for metric in metrics))
        measured = any(row.snr_measured for rows in self.scores.values() for row in rows)
        note = "Input SNR measured as clean against noisy." if measured else ""
        return Table(f"By {by}", columns, tuple(rows), 2, note)

    def _best(self, metric: Score) -> list[str]:
        """The systems whose mean, as printed, is best; none where all print the same."""
        means = {system: self.mean(system, metric.name).mean for system in self.scores}
        shown = {s: round(mean, metric.digits) for s, mean in means.items() if math.isfinite(mean)}
        if len(set(shown.values())) < 2:
            return []
        best = max(shown.values()) if metric.higher_is_better else min(shown.values())
        return [system for system, mean in shown.items() if mean == best]

    def _of_group(self, rows: Sequence[ClipScores], group: str) -> list[ClipScores]:
        names = set(self.groups[group])
        return [row for row in rows if row.name in names]

    def as_json(self) -> str:
        """The summary as strict JSON; NaN becomes null."""
        summary = {
            "title": self.title,
            "notes": list(self.notes),
            "metrics": {
                m.name: {"unit": m.unit, "higher_is_better": m.higher_is_better}
                for m in self.metrics
            },
            "systems": {
                system: {
                    "clips": len(rows),
                    "clips_with_problems": sum(bool(row.problems) for row in rows),
                    "real_time_factor": _finite(self.real_time_factor(system)),
                    "all": self._means(system, None),
                    f"by_{self.group_by or 'snr_db'}": {
                        group: self._means(system, group) for group in self.groups
                    },
                }
                for system, rows in self.scores.items()
            },
            "differences": [
                {
                    "system": system,
                    "minus": other,
                    **{
                        m.name: self.difference(system, other, m.name).as_dict()
                        for m in self.metrics
                    },
                }
                for other in self.scores
                for system in self.scores
                if system != other
            ],
        }
        return json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def _means(self, system: str, group: str | None) -> dict[str, dict[str, float | int | None]]:
        return {m.name: self.mean(system, m.name, group).as_dict() for m in self.metrics}

    def as_csv(self) -> str:
        """One row per clip and system."""
        rows = [row for rows in self.scores.values() for row in rows]
        labels = list(dict.fromkeys(key for row in rows for key in row.labels))
        file = io.StringIO(newline="")
        table = csv.writer(file)
        table.writerow(
            [
                "name",
                "system",
                "seconds",
                "sample_rate",
                "channels",
                "snr_db",
                *map(cell_text, labels),
                "real_time_factor",
                *(metric.name for metric in self.metrics),
                "problems",
            ]
        )
        for row in rows:
            numbers = [row.real_time_factor, *(row.values[m.name] for m in self.metrics)]
            table.writerow(
                [
                    cell_text(row.name),
                    cell_text(row.system),
                    _cell(row.seconds),
                    row.sample_rate or "",
                    row.channels or "",
                    _cell(row.snr_db),
                    *(cell_text(row.labels.get(key, "")) for key in labels),
                    *(_cell(number) for number in numbers),
                    cell_text("; ".join(row.problems)),
                ]
            )
        return file.getvalue()

    def clip_table(self) -> Table:
        """Every row as a table of text, for the end of the page."""
        rows = tuple(
            (
                row.name,
                row.system,
                row.labels.get(self.group_by, "")
                if self.group_by
                else format_number(row.snr_db, 1),
                *(format_number(row.values[m.name], m.digits) for m in self.metrics),
                "; ".join(row.problems),
            )
            for group in zip(*self.scores.values(), strict=True)
            for row in group
        )
        by = self.group_by or "input SNR"
        columns = ("clip", "system", by, *(_head(m) for m in self.metrics), "problems")
        return Table("Every clip", columns, rows, 2)


def snr_groups(rows: Sequence[ClipScores]) -> dict[str, list[str]]:
    """Clip names by input SNR in dB: the values themselves when few, else bins of 5 dB."""
    levels = {row.name: row.snr_db for row in rows if math.isfinite(row.snr_db)}
    rounded = {name: round(level, 1) for name, level in levels.items()}
    if len(set(rounded.values())) > _MOST_GROUPS:
        rounded = {name: _BIN_DB * round(level / _BIN_DB) for name, level in levels.items()}
    groups: dict[str, list[str]] = {}
    for name in sorted(rounded, key=lambda name: (rounded[name], name)):
        groups.setdefault(f"{rounded[name] + 0.0:g} dB", []).append(name)
    return groups


def write_report(
    folder: Path | str,
    report: EvaluationReport,
    galleries: Sequence[Gallery] = (),
    inputs: Paths = (),
) -> Path:
    """Write report.html, scores.csv and summary.json into a folder; returns the page's path.

    Who may not read the `inputs`, the recordings in the galleries, may not read them.

    Raises:
        InputError: the folder cannot be made or written.
    """
    folder = Path(folder)
    n_clips = max(len(rows) for rows in report.scores.values())
    introduction = " ".join((f"{n_clips} clips.", *report.notes))
    page = render_page(
        report.title, introduction, report.tables(), galleries, [report.clip_table()]
    )
    write_files(
        folder,
        {
            "scores.csv": report.as_csv(),
            "summary.json": report.as_json(),
            "report.html": page,
        },
        inputs,
    )
    return folder / "report.html"


def write_files(folder: Path, files: Mapping[str, bytes | str], inputs: Paths = ()) -> None:
    """Write files by name into a folder, which is made: all of them, each whole, or none.

    Who may not read the `inputs` may not read them.

    Raises:
        InputError: the folder cannot be made or written.
    """
    with ExitStack() as stack:
        for name, data in files.items():
            file = stack.enter_context(writing(folder / name, inputs=inputs, exclusive=False))
            file.write(data.encode() if isinstance(data, str) else data)


def _head(metric: Score) -> str:
    arrow = "↑" if metric.higher_is_better else "↓"
    return f"{metric.title} {metric.unit} {arrow}".replace("  ", " ")


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _cell(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else ""
