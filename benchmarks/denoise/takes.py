"""Our denoisers on long takes: speech after a pause, the pauses themselves, and an hour on end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aeolia.data.heldout.denoise import SAMPLE_RATE
from aeolia.evaluation.statistics import mean_interval
from aeolia.evaluation.tables import format_interval, markdown
from aeolia.files import write_atomically
from aeolia.metrics import si_sdr
from aeolia.pictures.table import Table
from benchmarks import say
from benchmarks.denoise.held_out_takes import PAUSES_SECONDS, HeldOutTake, Stretch, draw_takes
from benchmarks.denoise.quality import NOISY, Competitor, our_system, resampled
from benchmarks.results import provenance

__all__ = ["run", "table"]

_RATE = 16000
#: Of a stretch, what a system may still be busy finding out.
_ONSET_SECONDS = 0.5
#: Of a pause, its beginning and end are left out: echoes, and breath before a word.
_EDGE_SECONDS = 0.3
#: A take of 150 s so often is an hour.
_IN_AN_HOUR = 24
_LONG, _SHORT = PAUSES_SECONDS

Span = tuple[float, float]


@dataclass(frozen=True)
class _Heard:
    """A take before and after a system, at 16 kHz."""

    take: HeldOutTake
    noisy: np.ndarray
    reference: np.ndarray
    estimate: np.ndarray

    def si_sdr(self, span: Span) -> float:
        reference, estimate = (_cut(audio, span) for audio in (self.reference, self.estimate))
        return si_sdr(reference, estimate)

    def lowered_db(self, span: Span) -> float:
        """By how much a system lowers what is in a pause."""
        before, after = (_power(_cut(audio, span)) for audio in (self.noisy, self.estimate))
        return float(10 * np.log10(max(after, 1e-14) / max(before, 1e-14)))

    def onset(self, stretch: Stretch) -> float:
        """The second at which a stretch's speech begins."""
        speech = np.abs(_cut(self.reference, (stretch.start, stretch.end)))
        return stretch.start + float(np.argmax(speech > 0.02 * speech.max())) / _RATE


def _cut(audio: np.ndarray, span: Span) -> np.ndarray:
    return audio[round(span[0] * _RATE) : round(span[1] * _RATE)]


def _power(audio: np.ndarray) -> float:
    return float(np.mean(audio.astype(np.float64) ** 2))


def run(data: Path, models: Sequence[str], output: Path, split: str, takes: int) -> None:
    """Measure, and write the page."""
    found = table(models, draw_takes(data, split, takes=takes))
    made = "; ".join(f"{name}: {value}" for name, value in provenance().items())
    text = (
        "# Long takes\n\n"
        f"{takes} takes of 150 s from the split `{split}`, as `held_out_takes.py` draws them: "
        f"noise, stretches of speech of 4 s by two speakers after pauses of {_LONG:.0f} and "
        f"{_SHORT:.0f} s in turn, -5 to 10 dB.\n\n"
        f"{markdown(found.columns, found.rows)}\n{found.note}\n\n"
        f"Made by `python -m benchmarks takes`; {made}.\n"
    )
    write_atomically(output, text)
    say(f"{output} is written")


def table(models: Sequence[str], takes: Sequence[HeldOutTake]) -> Table:
    """SI-SDR of stretches and their onsets, and how far pauses are lowered, a row a system."""
    systems = [NOISY, *(our_system(name) for name in models)]
    return Table(
        "",
        (
            "system",
            "stretches",
            "each alone",
            f"onset after {_LONG:.0f} s",
            f"onset after {_SHORT:.0f} s",
            "onset alone",
            f"pauses of {_LONG:.0f} s",
            "an hour later",
        ),
        tuple(_row(system, takes) for system in systems),
        note="SI-SDR in dB, means over stretches with 95 % intervals over takes: whole stretches "
        "in their take; each cut out and given to the system by itself; the first half "
        "second of speech after a pause, and the same half seconds alone. Pauses: by how many "
        "dB the noise in them is lowered. An hour later: the stretches of the first take, SI-SDR "
        f"after it was heard {_IN_AN_HOUR - 1} times on end less that at the first.",
    )


def _row(system: Competitor, takes: Sequence[HeldOutTake]) -> tuple[str, ...]:
    say(f"{system.name} on {len(takes)} takes")
    found: list[dict[str, list[float]]] = [_scores(system, take) for take in takes]
    columns = ("all", "alone", "long", "short", "onset alone", "pause")
    means = [[float(np.mean(one[column])) for one in found] for column in columns]
    intervals = [format_interval(mean_interval(values), 1) for values in means]
    return (system.name, *intervals, f"{_after_an_hour(system, takes[0]):+.2f}")


def _scores(system: Competitor, take: HeldOutTake) -> dict[str, list[float]]:
    heard = _heard(system, take, take.noisy)
    scores: dict[str, list[float]] = {}

    def add(name: str, value: float) -> None:
        scores.setdefault(name, []).append(value)

    for stretch in take.stretches:
        span = (stretch.start, stretch.end)
        onset = heard.onset(stretch)
        first = (onset, onset + _ONSET_SECONDS)
        begin, end = (round(second * SAMPLE_RATE) for second in span)
        alone = _estimate(system, take.noisy[begin:end])
        whole = np.zeros_like(heard.estimate)
        whole[round(span[0] * _RATE) :][: len(alone)] = alone
        apart = _Heard(take, heard.noisy, heard.reference, whole)
        add("all", heard.si_sdr(span))
        add("alone", apart.si_sdr(span))
        add("long" if stretch.pause_seconds == _LONG else "short", heard.si_sdr(first))
        add("onset alone", apart.si_sdr(first))
        if stretch.pause_seconds == _LONG:
            pause = (span[0] - stretch.pause_seconds + _EDGE_SECONDS, span[0] - _EDGE_SECONDS)
            add("pause", heard.lowered_db(pause))
    return scores


def _heard(system: Competitor, take: HeldOutTake, noisy: np.ndarray) -> _Heard:
    before, reference = (
        resampled(audio, SAMPLE_RATE, _RATE) for audio in (take.noisy, take.reference)
    )
    return _Heard(take, before, reference, _estimate(system, noisy))


def _estimate(system: Competitor, noisy: np.ndarray) -> np.ndarray:
    return resampled(system.process(noisy), system.entry.sample_rate, _RATE)


def _after_an_hour(system: Competitor, take: HeldOutTake) -> float:
    out = _estimate(system, np.tile(take.noisy, _IN_AN_HOUR))
    length = len(take.noisy) * _RATE // SAMPLE_RATE
    first, last = (
        [
            _Heard(take, reference, reference, out[start : start + length]).si_sdr((s.start, s.end))
            for s in take.stretches
        ]
        for reference in [resampled(take.reference, SAMPLE_RATE, _RATE)]
        for start in (0, (_IN_AN_HOUR - 1) * length)
    )
    return float(np.mean(last) - np.mean(first))
