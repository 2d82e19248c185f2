"""Separation judged on mixtures with references: a row for each source of each mixture.

A source that sounds is judged by ratios (SI-SDR, plain SDR, BSSEval's), and by how far SI-SDR is
above that of the mixture itself. One that does not sound has no ratio: what counts is how far below
the mixture the output lies.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from aeolia.audio.levels import decibels
from aeolia.errors import AeoliaError, InputError, ModelError
from aeolia.evaluation.commands import OUT, Command
from aeolia.evaluation.mixtures import ENROLMENT, Mixture, read_mixture
from aeolia.evaluation.scoring import ClipScores, OnRow, Output, failed, same_shape, score_outputs
from aeolia.evaluation.systems import torch_backends
from aeolia.metrics import Metric, Score
from aeolia.runtime.backend import SeparationBackend

__all__ = [
    "ABSENT_LEVEL",
    "IMPROVEMENT",
    "MIXTURE",
    "SeparationSystem",
    "evaluate_separation",
    "load_separator",
    "separator_of_command",
    "unseparated",
    "with_improvement",
]

#: (mixture [T] or [T, C], its rate, sources, a speaker's clip [E] or None) -> source -> audio of
#: the mixture's shape; sources that the system does not offer are left out.
SeparationSystem = Callable[
    [np.ndarray, int, Sequence[str], np.ndarray | None], dict[str, np.ndarray]
]

#: The system that returns the mixture for every source, which all others must be better than.
MIXTURE = "mixture"
IMPROVEMENT = Score("si_sdr_improvement", "SI-SDRi", "dB", True, 2)
ABSENT_LEVEL = Score("absent_level", "level where absent", "dB", False, 1)
#: A source this far below its mixture, in dB, or silent, does not sound in it.
ABSENT_DB = -60.0
#: What a model by speaker is asked for, and what it calls its outputs.
_OF_SPEAKER = {"target": "speaker", "speaker": "speaker", "background": "background"}


def unseparated(
    mixture: np.ndarray, sample_rate: int, sources: Sequence[str], enrolment: np.ndarray | None
) -> dict[str, np.ndarray]:
    """The mixture for each source."""
    return dict.fromkeys(sources, mixture)


def load_separator(name: str) -> SeparationSystem:
    """A released separator, an .onnx file, a training run by class, or "mixture".

    Raises:
        ModelError: nothing of this name, a model of another task, or a run by speaker, which must
            be exported first.
        MissingExtraError: a training run without PyTorch installed.
    """
    if name == MIXTURE:
        return unseparated
    if Path(name).is_dir() or Path(name).suffix == ".safetensors":
        return _by_class(_load_checkpoint(Path(name)))
    from aeolia.runtime.catalogue import find_model, load

    backend = load(name, "separate")
    if backend.config.condition != "speaker":
        return _by_class(backend)
    path = find_model(name)

    def process(
        mixture: np.ndarray, sample_rate: int, sources: Sequence[str], enrolment: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        from aeolia.api.separation import separate
        from aeolia.api.voices import enrol

        if enrolment is None:
            raise InputError(f"{name} needs a clip of the speaker; put it beside, as {ENROLMENT}")
        voice = enrol(enrolment, sample_rate, model=path)
        found = separate(mixture, sample_rate, speaker=voice, rest=True, model=backend)
        known = {source: _OF_SPEAKER.get(source) for source in sources}
        return {source: found[output] for source, output in known.items() if output}

    return process


def _by_class(backend: SeparationBackend) -> SeparationSystem:
    def process(
        mixture: np.ndarray, sample_rate: int, sources: Sequence[str], enrolment: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        from aeolia.api.separation import separate

        return separate(mixture, sample_rate, sources=sources, model=backend)

    return process


def _load_checkpoint(run: Path) -> SeparationBackend:
    backend: SeparationBackend = torch_backends(run).TorchSeparator.from_checkpoint(run)
    if backend.config.condition == "speaker":
        raise ModelError(f"{run} is given a voice; export it with `aeolia export`, and name that")
    return backend


def separator_of_command(line: str) -> tuple[str, SeparationSystem]:
    """(name, system) of a command line: {out_SOURCE} for each source, or {source} and {out}.

    Raises:
        InputError: a line that cannot be run.
    """
    command = Command(line, ("in", "source", ENROLMENT))
    if "in" not in command.places:
        raise InputError(f"the command {line!r} is given no mixture: write {{in}}")
    if not command.named and "source" not in command.places:
        raise InputError(
            f"the command {line!r} does not say which source it takes out: write {{source}}, for a "
            "run each, or {out_NAME} for each, such as {out_vocals}"
        )

    def process(
        mixture: np.ndarray, sample_rate: int, sources: Sequence[str], enrolment: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        sounds = {"in": mixture}
        if ENROLMENT in command.places:
            if enrolment is None:
                raise InputError(f"{{{ENROLMENT}}} cannot be filled: the mixture has no such clip")
            sounds[ENROLMENT] = enrolment
        if command.named:
            return command.run(sounds, sample_rate)
        return {
            source: command.run(sounds, sample_rate, {"source": source})[OUT] for source in sources
        }

    return command.name, process


def evaluate_separation(
    system: SeparationSystem,
    mixtures: Sequence[Mixture],
    *,
    label: str = "system",
    metrics: Sequence[Metric],
    jobs: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
    on_row: OnRow | None = None,
) -> list[ClipScores]:
    """Score a system on every source of every mixture, in their order.

    As `evaluate`: the system runs here, metrics in `jobs` processes, and a mixture that cannot be
    read or that the system refuses becomes rows of NaN with the reason. A source that the system
    does not offer is a row of NaN without one.
    """
    names = [metric.name for metric in metrics]
    everything = [*names, ABSENT_LEVEL.name]

    def outputs() -> Iterator[ClipScores | Output]:
        for one in mixtures:
            try:
                mixture, references, sample_rate, enrolment = read_mixture(one)
                started = time.perf_counter()
                found = system(mixture, sample_rate, list(references), enrolment)
                seconds = time.perf_counter() - started
                if not found.keys() & references.keys():
                    raise InputError(
                        f"the system offers {', '.join(found) or 'nothing'}, and the mixture has "
                        f"{', '.join(references)}; name sources alike"
                    )
                found = {source: same_shape(audio, mixture) for source, audio in found.items()}
            except AeoliaError as error:
                for source in one.references:
                    name, labels = row_name(one, source), {"source": source}
                    yield failed(name, label, labels, everything, str(error))
                continue
            for source, reference in references.items():
                row = _row(one, source, label, mixture, sample_rate, seconds, everything)
                yield _judged(row, reference, found.get(source), mixture)

    total = sum(len(one.references) for one in mixtures)
    return score_outputs(
        outputs(), names, jobs=jobs, total=total, on_progress=on_progress, on_row=on_row
    )


def with_improvement(
    rows: Sequence[ClipScores], unprocessed: Sequence[ClipScores]
) -> list[ClipScores]:
    """Rows with the improvement of SI-SDR over the mixture's, which has none over itself."""
    return [
        dataclasses.replace(row, values={**row.values, IMPROVEMENT.name: _gain(row, before)})
        for row, before in zip(rows, unprocessed, strict=True)
    ]


def _gain(row: ClipScores, before: ClipScores) -> float:
    values = [one.values.get("si_sdr", math.nan) for one in (row, before)]
    return math.nan if row is before else values[0] - values[1]


def row_name(one: Mixture, source: str) -> str:
    """Of the row of a source."""
    return f"{one.name}: {source}"


def _row(
    one: Mixture,
    source: str,
    label: str,
    mixture: np.ndarray,
    sample_rate: int,
    seconds: float,
    names: Sequence[str],
) -> ClipScores:
    duration = mixture.shape[0] / sample_rate
    return ClipScores(
        name=row_name(one, source),
        system=label,
        seconds=duration,
        sample_rate=sample_rate,
        channels=1 if mixture.ndim == 1 else mixture.shape[1],
        # The time was that of all sources: this one's share of it.
        real_time_factor=seconds / duration / len(one.references),
        labels={"mixture": one.name, "source": source},
        values=dict.fromkeys(names, math.nan),
    )


def _judged(
    row: ClipScores, reference: np.ndarray, estimate: np.ndarray | None, mixture: np.ndarray
) -> ClipScores | Output:
    """What is to be judged by ratios, or the row of a source that is absent or not offered."""
    if estimate is None:
        return row
    if _level_db(reference, mixture) < ABSENT_DB:
        level = _level_db(estimate, mixture)
        return dataclasses.replace(row, values={**row.values, ABSENT_LEVEL.name: level})
    if reference.ndim > 1:  # a channel that the source is not in has no ratio
        sounding = [_level_db(one, mixture) >= ABSENT_DB for one in reference.T]
        reference, estimate = reference[:, sounding], estimate[:, sounding]
    return Output(row, reference, estimate)


def _level_db(audio: np.ndarray, mixture: np.ndarray) -> float:
    """Level against the mixture's, in dB; -200 for silence."""
    energy, whole = (float(np.mean(np.square(x, dtype=np.float64))) for x in (audio, mixture))
    return decibels(math.sqrt(energy / whole)) if whole else decibels(0.0)
