"""`aeolia evaluate`: score models on pairs of noisy and clean recordings."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aeolia.errors import DataError
from aeolia.plain_text import printable

if TYPE_CHECKING:
    from aeolia.evaluation import EvaluationReport, Gallery, PairSet, System
    from aeolia.metrics import Metric

__all__ = ["evaluate"]

_WORST, _TYPICAL = 5, 3


def evaluate(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL",
            help="Released names, .onnx files or training runs; several are compared. "
            "The unprocessed input ('noisy') is always part of the report.",
            show_default=False,
        ),
    ],
    pairs_dir: Annotated[
        Path,
        typer.Argument(
            metavar="PAIRS_DIR",
            help="noisy/ and clean/ with equal names (pairs.csv may give snr_db and labels), the "
            "VoiceBank-DEMAND test folders, or NAME.noisy.wav beside NAME.clean.wav.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="REPORT",
            show_default=False,
            help="Folder for report.html, scores.csv and summary.json.",
        ),
    ],
    metrics: Annotated[
        str,
        typer.Option(
            "--metrics",
            metavar="NAME,...",
            show_default="all that are installed",
            help="Metrics by name, with commas between: snr, segmental_snr, si_sdr, sdr, "
            "log_spectral_distance, log_spectral_distance_above_8k, "
            "multi_resolution_spectral_distance, pesq_wb, stoi, estoi, dnsmos_sig, dnsmos_bak, "
            "dnsmos_ovrl.",
        ),
    ] = "",
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", help="Processes that compute metrics.", min=1)
    ] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON instead of tables.")
    ] = False,
) -> None:
    """Score models on noisy recordings with clean references.

    Writes a page to look at and listen to, a table of every clip, and means with 95 % intervals,
    also by input SNR. The page holds the clips that the first model did worst on.
    """
    from aeolia.evaluation import find_pairs, print_table, write_report
    from aeolia.metrics import choose_metrics

    names = [name.strip() for name in metrics.split(",") if name.strip()]
    chosen = choose_metrics(names or None)
    found = find_pairs(pairs_dir)
    systems = _load_systems(models)
    shown = not quiet and not as_json
    report = _score(found, systems, chosen, jobs, shown, everything=not names)
    failures = _failures(report)
    page = write_report(out, report, _galleries(report, found, systems))
    if as_json:
        typer.echo(report.as_json(), nl=False)
    elif shown:
        for table in report.tables(short=True):
            print_table(table)
        for note in report.notes:
            typer.echo(note)
        typer.echo(f"report: {page}")
    if failures:
        typer.echo(
            f"aeolia: {len(failures)} clip(s) could not be processed, such as {failures[0]}",
            err=True,
        )
        raise typer.Exit(1)


def _failures(report: EvaluationReport) -> list[str]:
    """Why clips could not be read or processed at all.

    Raises:
        DataError: that is so of every clip.
    """
    rows = [row for rows in report.scores.values() for row in rows]
    failures = [row.problems[0] for row in rows if not row.sample_rate]
    if len(failures) == len(rows):
        raise DataError(f"none of the clips could be processed: {failures[0]}")
    return failures


def _load_systems(models: list[str]) -> dict[str, System]:
    """Each system under a short name of its own, the unprocessed input first."""
    from aeolia.evaluation import UNPROCESSED, load_system

    systems = {UNPROCESSED: load_system(UNPROCESSED)}
    for model in models:
        if model == UNPROCESSED:
            continue
        path = Path(model)
        short = path.stem if path.suffix == ".onnx" else path.name
        systems[model if short in systems else short] = load_system(model)
    return systems


def _score(
    found: PairSet,
    systems: dict[str, System],
    metrics: list[Metric],
    jobs: int,
    shown: bool,
    *,
    everything: bool,
) -> EvaluationReport:
    from aeolia.evaluation import UNPROCESSED, EvaluationReport
    from aeolia.evaluation import evaluate as score
    from aeolia.metrics import METRICS

    scores = {}
    with _progress(shown) as bar:
        for label, system in systems.items():
            scores[label] = score(
                system,
                found.pairs,
                label=label,
                metrics=metrics,
                jobs=jobs,
                on_progress=_advance(bar, label, len(found.pairs)),
            )
    notes = []
    if found.unpaired:
        notes.append(
            f"{len(found.unpaired)} recording(s) have no partner and were left out, "
            f"such as {found.unpaired[0]}."
        )
    missing = [metric for metric in METRICS.values() if not metric.installed]
    if missing and everything:
        extras = ",".join(sorted({metric.extra for metric in missing}))
        names = ", ".join(metric.name for metric in missing)
        notes.append(f"Not installed and left out: {names} (pip install 'aeolia[{extras}]').")
    # A metric that judged no clip (8 kHz and up, of 16 kHz audio) would be a column of dashes.
    rows = [row for rows in scores.values() for row in rows]
    used = [m for m in metrics if any(math.isfinite(row.values[m.name]) for row in rows)]
    models = ", ".join(label for label in scores if label != UNPROCESSED) or "Unprocessed input"
    title = f"{models} on {found.folder.resolve().name}"
    return EvaluationReport(title, tuple(used or metrics), scores, tuple(notes))


def _galleries(
    report: EvaluationReport, found: PairSet, systems: dict[str, System]
) -> list[Gallery]:
    """The clips the first model gained least on, and some from the middle of its ranking."""
    from aeolia.evaluation import UNPROCESSED, gallery, worst_clips

    models = [label for label in systems if label != UNPROCESSED]
    by_name = {metric.name: metric for metric in report.metrics}
    metric = next(
        (by_name[name] for name in ("pesq_wb", "si_sdr") if name in by_name), report.metrics[0]
    )
    baseline = report.scores[UNPROCESSED]
    if models:
        of, gain = models[0], f"gains least {metric.title} over the input"
        ranked = worst_clips(report.scores[of], metric, len(baseline), baseline=baseline)
    else:
        of, gain = UNPROCESSED, f"has the lowest {metric.title}"
        ranked = worst_clips(baseline, metric, len(baseline))
    worst = ranked[:_WORST]
    middle = max(_WORST, (len(ranked) - _TYPICAL) // 2)
    typical = ranked[middle : middle + _TYPICAL]
    galleries = [("Worst clips", f"Where {of} {gain}, worst first.", worst)]
    if typical:
        galleries.append(("Typical clips", "From the middle of the same ranking.", typical))
    return [
        gallery(title, note, report, found.pairs, systems, names)
        for title, note, names in galleries
    ]


def _progress(shown: bool) -> Any:
    """A progress bar on stderr, or nothing."""
    if not shown:
        return nullcontext()
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _advance(bar: Any, label: str, total: int) -> Callable[[int, int], None] | None:
    if bar is None:
        return None
    task = bar.add_task(printable(label), total=total)
    return lambda done, _: bar.update(task, completed=done)
