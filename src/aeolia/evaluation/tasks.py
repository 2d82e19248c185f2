"""What is evaluated, task by task: the clips, the systems, how they are judged and grouped.

denoise     pairs of noisy and clean recordings         beside the input, by input SNR
separate    mixtures with a reference of each source    beside the mixture, by source
synth       recordings of notes                         by instrument
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.audio.files import read_samples
from aeolia.errors import InputError
from aeolia.evaluation.gallery import Sounds, pair_sounds
from aeolia.evaluation.ledger import Ledger, key_of
from aeolia.evaluation.mixtures import Mixture, find_mixtures, read_mixture
from aeolia.evaluation.notes import (
    LabelledNote,
    evaluate_notes,
    find_labelled_notes,
    load_synthesiser,
    synthesiser_of_command,
)
from aeolia.evaluation.pairs import Pair, find_pairs
from aeolia.evaluation.report import EvaluationReport
from aeolia.evaluation.scoring import ClipScores, evaluate, same_shape
from aeolia.evaluation.separation import (
    ABSENT_LEVEL,
    IMPROVEMENT,
    MIXTURE,
    evaluate_separation,
    load_separator,
    row_name,
    separator_of_command,
    with_improvement,
)
from aeolia.evaluation.systems import (
    UNPROCESSED,
    command_key,
    load_system,
    model_key,
    system_of_command,
)
from aeolia.metrics import METRICS, Metric, Score, choose_metrics

__all__ = ["TASKS", "EvaluationTask", "systems_of"]


@dataclass(frozen=True)
class EvaluationTask:
    """One task; systems and clips are what its own functions make and take."""

    name: str
    #: A folder -> (clips, files that belong to none).
    find: Callable[[Path], tuple[Sequence[Any], tuple[str, ...]]]
    #: A model's name -> a system.
    load: Callable[[str], Any]
    #: A command line -> (name, system).
    command: Callable[[str], tuple[str, Any]]
    #: (system, clips, label=, metrics=, jobs=, on_progress=, on_row=) -> rows.
    evaluate: Callable[..., list[ClipScores]]
    #: A clip -> (names of its rows, its files).
    parts: Callable[[Any], tuple[list[str], list[Path]]]
    #: (clips, systems) -> what is heard of each.
    sounds: Callable[[Sequence[Any], Mapping[str, Any]], Sounds]
    #: Names of the metrics that tell the worst clips, the first that was measured counts.
    rank_by: tuple[str, ...]
    #: The system that does nothing, which all are compared with; "" where there is none.
    baseline: str = ""
    #: See `EvaluationReport`.
    group_by: str = ""

    def metrics(self, names: Sequence[str]) -> list[Metric]:
        """The metrics of these names, or the task's own that are installed."""
        return choose_metrics(names or None, self.name)

    def score(
        self,
        system: Any,
        clips: Sequence[Any],
        ledger: Ledger,
        *,
        key: str,
        label: str,
        metrics: Sequence[Metric],
        jobs: int = 1,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> list[ClipScores]:
        """Rows of a system in the order of the clips; those that the ledger has, and new ones.

        Args:
            key: what identifies the system.
        """
        names = [metric.name for metric in metrics]
        rows: list[list[ClipScores] | None] = []
        keys: dict[str, str] = {}
        for clip in clips:
            own, files = self.parts(clip)
            of_clip = key_of(key, clip, files, names)
            rows.append(ledger.known(of_clip, own))
            keys |= dict.fromkeys(own, of_clip)
        left = [clip for clip, known in zip(clips, rows, strict=True) if known is None]
        done, total = len(keys) - sum(len(self.parts(clip)[0]) for clip in left), len(keys)

        def advance(n_rows: int, _: int) -> None:
            if on_progress is not None:
                on_progress(done + n_rows, total)

        advance(0, 0)
        fresh = iter(
            self.evaluate(
                system,
                left,
                label=label,
                metrics=metrics,
                jobs=jobs,
                on_progress=advance,
                on_row=lambda row: ledger.add(keys[row.name], row),
            )
        )
        found = []
        for clip, known in zip(clips, rows, strict=True):
            # Its label may be another now, beside other systems.
            known = known and [replace(row, system=label) for row in known]
            found += known or [next(fresh) for _ in self.parts(clip)[0]]
        return found

    @property
    def not_installed(self) -> list[Metric]:
        """The task's own metrics whose package is not there."""
        return [one for one in METRICS.values() if self.name in one.tasks and not one.installed]

    def report(
        self,
        title: str,
        scores: Mapping[str, Sequence[ClipScores]],
        metrics: Sequence[Metric],
        notes: Sequence[str],
    ) -> EvaluationReport:
        """The report of all systems' rows, without metrics that judged no clip."""
        shown: list[Score] = list(metrics)
        if self.name == "separate":
            unprocessed = scores[self.baseline]
            scores = {one: with_improvement(rows, unprocessed) for one, rows in scores.items()}
            shown += [IMPROVEMENT, ABSENT_LEVEL]
        rows = [row for rows in scores.values() for row in rows]
        used = [
            m for m in shown if any(math.isfinite(row.values.get(m.name, math.nan)) for row in rows)
        ]
        return EvaluationReport(title, tuple(used or metrics), scores, tuple(notes), self.group_by)


def systems_of(
    task: EvaluationTask, models: Sequence[str], commands: Sequence[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Each system under a short name of its own, the baseline first; and what identifies it.

    Raises:
        InputError: neither models nor commands, or a command that cannot be run.
        ModelError: a model of another task, or none.
    """
    if not models and not commands:
        raise InputError("nothing to evaluate; name a model, or give a program with --command")
    systems = {task.baseline: task.load(task.baseline)} if task.baseline else {}
    keys = dict.fromkeys(systems, "")
    for model in models:
        if model != task.baseline:
            path = Path(model)
            short = path.stem if path.suffix == ".onnx" else path.name
            label = model if short in systems else short
            systems[label], keys[label] = task.load(model), model_key(model)
    for number, line in enumerate(commands, 1):
        name, system = task.command(line)
        label = f"{name} ({number})" if name in systems else name
        systems[label], keys[label] = system, command_key(line)
    return systems, keys


def _parts_of_pair(pair: Pair) -> tuple[list[str], list[Path]]:
    return [pair.name], [pair.noisy, pair.clean]


def _parts_of_mixture(one: Mixture) -> tuple[list[str], list[Path]]:
    files = [one.mixture, *one.references.values(), *filter(None, [one.enrolment])]
    return [row_name(one, source) for source in one.references], files


def _parts_of_note(note: LabelledNote) -> tuple[list[str], list[Path]]:
    return [note.name], [note.path]


def _find_pairs(folder: Path) -> tuple[Sequence[Any], tuple[str, ...]]:
    found = find_pairs(folder)
    return found.pairs, found.unpaired


def _find_mixtures(folder: Path) -> tuple[Sequence[Any], tuple[str, ...]]:
    found = find_mixtures(folder)
    return found.mixtures, found.unpaired


def _find_notes(folder: Path) -> tuple[Sequence[Any], tuple[str, ...]]:
    return find_labelled_notes(folder).notes, ()


def _mixture_sounds(mixtures: Sequence[Any], systems: Mapping[str, Any]) -> Sounds:
    by_name = {
        row_name(one, source): (one, source) for one in mixtures for source in one.references
    }

    def sounds(name: str) -> tuple[dict[str, np.ndarray], int]:
        one, source = by_name[name]
        mixture, references, sample_rate, enrolment = read_mixture(one)
        found = {
            label: system(mixture, sample_rate, list(references), enrolment)
            for label, system in systems.items()
        }
        shown = {
            label: same_shape(outputs[source], mixture)
            for label, outputs in found.items()
            if source in outputs
        }
        return {**shown, "reference": references[source]}, sample_rate

    return sounds


def _note_sounds(notes: Sequence[Any], systems: Mapping[str, Any]) -> Sounds:
    by_name = {note.name: note for note in notes}

    def sounds(name: str) -> tuple[dict[str, np.ndarray], int]:
        audio, sample_rate = read_samples(by_name[name].path)
        made = {
            label: same_shape(system(by_name[name], audio, sample_rate), audio)
            for label, system in systems.items()
        }
        return {**made, "recording": audio}, sample_rate

    return sounds


#: Every task by name.
TASKS = {
    task.name: task
    for task in (
        EvaluationTask(
            "denoise",
            _find_pairs,
            load_system,
            system_of_command,
            evaluate,
            _parts_of_pair,
            pair_sounds,
            ("pesq_wb", "si_sdr"),
            UNPROCESSED,
        ),
        EvaluationTask(
            "separate",
            _find_mixtures,
            load_separator,
            separator_of_command,
            evaluate_separation,
            _parts_of_mixture,
            _mixture_sounds,
            ("si_sdr",),
            MIXTURE,
            "source",
        ),
        EvaluationTask(
            "synth",
            _find_notes,
            load_synthesiser,
            synthesiser_of_command,
            evaluate_notes,
            _parts_of_note,
            _note_sounds,
            ("mel_distance",),
            group_by="instrument",
        ),
    )
}
