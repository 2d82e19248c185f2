"""`aeolia evaluate`: score models and other programs on recordings with references."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aeolia.errors import DataError, InputError
from aeolia.plain_text import printable

if TYPE_CHECKING:
    from aeolia.evaluation import EvaluationReport, Gallery
    from aeolia.evaluation.tasks import EvaluationTask

__all__ = ["evaluate"]

_WORST, _TYPICAL = 5, 3


class Task(str, Enum):
    """What is evaluated."""

    denoise = "denoise"
    separate = "separate"
    synth = "synth"


def evaluate(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODEL",
            help="Released names, .onnx files or training runs; several are compared.",
            show_default=False,
        ),
    ] = None,
    *,
    folder: Annotated[
        Path,
        typer.Argument(metavar="SET", help="Folder of recordings, as above.", show_default=False),
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
    task: Annotated[
        Task, typer.Option("--task", "-t", help="What the models are for; see above.")
    ] = Task.denoise,
    command: Annotated[
        list[str] | None,
        typer.Option(
            "--command",
            "-c",
            metavar="LINE",
            show_default=False,
            help="Also another program, such as 'sox {in} {out} norm -3'; several may come. No "
            "shell runs it; the braces stand for WAV files.",
        ),
    ] = None,
    metrics: Annotated[
        str,
        typer.Option(
            "--metrics",
            metavar="NAME,...",
            show_default="those of the task that are installed",
            help="Metrics by name, with commas between: snr, segmental_snr, si_sdr, sdr, "
            "log_spectral_distance, log_spectral_distance_above_8k, "
            "multi_resolution_spectral_distance, mel_distance, pitch_error, pesq_wb, stoi, estoi, "
            "dnsmos_sig, dnsmos_bak, dnsmos_ovrl.",
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
    """Score models, and other programs, on recordings with references.

    Writes a page to look at and listen to, a table of every clip, and means with 95 % intervals,
    also by input SNR, source or instrument. The page holds the clips that the first one did worst
    on. Interrupted or killed, it goes on with the same command where it stood.

    denoise: SET has noisy/ and clean/ with equal names (pairs.csv may give snr_db and labels), is
    VoiceBank-DEMAND's test set, or has NAME.noisy.wav beside NAME.clean.wav. Places: {in}, {out}.

    separate: SET has mixtures/NAME.wav and SOURCE/NAME.wav, or NAME/mixture.wav and
    NAME/SOURCE.wav; enrolment, like a source, is a clip of the speaker. Places: {in}; {out} and
    {source}, for a run each, or {out_SOURCE} for each source; {enrolment}. Of a source that does
    not sound, the level of the output against the mixture counts.

    synth: SET has recordings of notes, labelled as for `aeolia train synth`. Places: {in}, {midi},
    {velocity}, {instrument}, {seconds}, {rate}, {out}.
    """
    from aeolia.evaluation import print_table, write_report
    from aeolia.evaluation.ledger import going_on
    from aeolia.evaluation.tasks import TASKS, systems_of

    kind = TASKS[task.value]
    names = [name.strip() for name in metrics.split(",") if name.strip()]
    chosen = kind.metrics(names)
    if not models and not command:
        raise InputError(
            f"one name came, {str(folder)!r}; give a model and a folder of recordings, or a folder "
            "and a program with --command"
        )
    clips, unpaired = kind.find(folder)
    systems, keys = systems_of(kind, models or (), command or ())
    shown = not quiet and not as_json
    scores = {}
    recordings = [*folder.rglob("*")]
    with going_on(out, recordings) as ledger:
        with _progress(shown) as bar:
            for label, system in systems.items():
                scores[label] = kind.score(
                    system,
                    clips,
                    ledger,
                    key=keys[label],
                    label=label,
                    metrics=chosen,
                    jobs=jobs,
                    on_progress=_advance(bar, label),
                )
        others = ", ".join(label for label in scores if label != kind.baseline)
        title = f"{others or 'Unprocessed input'} on {folder.resolve().name}"
        notes = _notes(kind, unpaired, everything=not names)
        report = kind.report(title, scores, chosen, notes)
        failures = _failures(report)
        galleries = _galleries(kind, report, clips, systems)
        page = write_report(out, report, galleries, recordings)
        ledger.remove()
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
    """Which clips could not be read or processed at all, and why.

    Raises:
        DataError: that is so of every clip of a system.
    """
    failures = []
    for label, rows in report.scores.items():
        own = [f"{row.name}: {row.problems[0]}" for row in rows if not row.sample_rate]
        if len(own) == len(rows):
            raise DataError(f"none of the clips could be processed by {label}: {own[0]}")
        failures += own
    return failures


def _notes(task: EvaluationTask, unpaired: Sequence[str], *, everything: bool) -> list[str]:
    """What the reader of the report should know."""
    notes = []
    if unpaired:
        notes.append(
            f"{len(unpaired)} recording(s) have no partner and were left out, "
            f"such as {unpaired[0]}."
        )
    if everything and (missing := task.not_installed):
        extras = ",".join(sorted({metric.extra for metric in missing}))
        names = ", ".join(metric.name for metric in missing)
        notes.append(f"Not installed and left out: {names} (pip install 'aeolia[{extras}]').")
    return notes


def _galleries(
    task: EvaluationTask, report: EvaluationReport, clips: Sequence[Any], systems: dict[str, Any]
) -> list[Gallery]:
    """The clips the first model gained least on, and some from the middle of its ranking."""
    from aeolia.evaluation import gallery, worst_clips

    models = [label for label in systems if label != task.baseline]
    by_name = {metric.name: metric for metric in report.metrics}
    found = [by_name[name] for name in task.rank_by if name in by_name]
    metric = found[0] if found else report.metrics[0]
    of = models[0] if models else task.baseline
    rows = report.scores[of]
    best = "lowest" if metric.higher_is_better else "highest"
    words, baseline = f"has the {best} {metric.title}", None
    if models and task.baseline:
        words, baseline = f"gains least {metric.title} over the input", report.scores[task.baseline]
    ranked = worst_clips(rows, metric, len(rows), baseline=baseline)
    worst = ranked[:_WORST]
    middle = max(_WORST, (len(ranked) - _TYPICAL) // 2)
    typical = ranked[middle : middle + _TYPICAL]
    galleries = [("Worst clips", f"Where {of} {words}, worst first.", worst)]
    if typical:
        galleries.append(("Typical clips", "From the middle of the same ranking.", typical))
    sounds = task.sounds(clips, systems)
    return [gallery(title, note, report, names, sounds) for title, note, names in galleries]


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


def _advance(bar: Any, label: str) -> Callable[[int, int], None] | None:
    if bar is None:
        return None
    task = bar.add_task(printable(label), total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)
