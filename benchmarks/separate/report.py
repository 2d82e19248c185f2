"""SEPARATION.md from the results of a run."""

from __future__ import annotations

import numpy as np

from aeolia.evaluation.statistics import Interval, mean_interval, paired_difference
from aeolia.evaluation.tables import format_interval, format_mean, markdown
from benchmarks.results import Results

__all__ = ["FRAMES", "page"]

_PAIRED = (
    "Mean of the paired differences, dB, with its 95 % interval; ahead or behind where the "
    "interval leaves out zero.\n\n"
)
#: End of the names of metrics that are medians over frames of a second.
FRAMES = ", frames"


def page(results: Results) -> str:
    """The whole page."""
    made = results.made
    parts = [
        "# Separation\n\nWritten by `python -m benchmarks separate`; not edited by hand. Means "
        "with 95 % intervals over clips, which share speakers, songs and noises.\n\n"
        f"- date: {made['date']}; source: {made['source']}; {made['machine']}\n",
    ]
    if "classes" in results.sets:
        head = "## Speech + music + noise, 0 dB to each other\n\nSI-SDR improvement, dB.\n\n"
        parts += [head + _means(results, "classes"), _differences(results, "classes")]
    if "songs" in results.sets:
        parts.append(
            "## Stems of a held-out song\n\nSDR (BSSEval, whole excerpt), dB. The song is by the "
            "artist of most training songs, and excerpts overlap: a small world.\n\n"
            + _means(results, "songs")
        )
        parts.append(_differences(results, "songs"))
        parts.append(_medians(results))
    titles = [name for name in results.sets if name not in ("classes", "songs")]
    parts += [_speakers(results, title) for title in titles]
    if results.details["cost"]:
        head, *rows = results.details["cost"]
        parts.append("## Cost\n\n" + markdown(head, rows))
    return "\n".join(part for part in parts if part)


def _sources(results: Results, set_name: str, frames: bool) -> list[str]:
    scores = results.scores[set_name].values()
    names = dict.fromkeys(name for by_metric in scores for name in by_metric)
    return [name for name in names if name.endswith(FRAMES) == frames]


def _means(results: Results, set_name: str) -> str:
    rows = []
    for source in _sources(results, set_name, frames=False):
        means = [
            mean_interval(scores[source]) if source in scores else None
            for scores in results.scores[set_name].values()
        ]
        count = max(mean.n for mean in means if mean is not None)
        rows.append(
            [source, str(count), *("" if m is None else format_interval(m, 1) for m in means)]
        )
    return markdown(["", "N", *results.scores[set_name]], rows)


def _medians(results: Results) -> str:
    systems = results.scores["songs"]
    rows = []
    for source in _sources(results, "songs", frames=True):
        values = [np.array(scores[source]) for scores in systems.values()]
        count = int(np.isfinite(values[0]).sum())
        rows.append(
            [source.removesuffix(FRAMES), str(count), *(f"{np.nanmedian(v):.1f}" for v in values)]
        )
    if not rows:
        return ""
    head = "SDR (BSSEval v4, museval), dB: medians over frames of 1 s, then over excerpts.\n\n"
    return head + markdown(["", "N", *systems], rows)


def _pairs(results: Results, set_name: str) -> list[tuple[str, str]]:
    """Our systems of a set, every later one beside every earlier one."""
    ours = [one.name for one in results.systems if one.name in results.scores[set_name]]
    return [(later, first) for at, later in enumerate(ours) for first in ours[:at]]


def _differences(results: Results, set_name: str) -> str:
    """Paired differences by source of our systems; nothing where there is one."""
    pairs = _pairs(results, set_name)
    if not pairs:
        return ""
    rows = []
    for source in _sources(results, set_name, frames=False):
        found = [
            paired_difference(*(results.values(set_name, name, source) for name in pair))
            for pair in pairs
        ]
        rows.append([source, *(f"{_signed(one)}, {one.verdict()}" for one in found)])
    heads = [f"{later} minus {first}" for later, first in pairs]
    return _PAIRED + markdown(["", *heads], rows)


def _signed(difference: Interval) -> str:
    return format_interval(difference, 2, sign=True)


def _speakers(results: Results, title: str) -> str:
    scores = results.scores[title]
    if any("gain" not in one for one in scores.values()):
        rows = []
        for name, one in scores.items():
            levels = np.array(one["level_db"])
            shares = [f"{100 * np.mean(levels <= limit):.0f} %" for limit in (-20.0, -35.0)]
            rows.append([name, str(len(levels)), format_mean(levels, 1), *shares])
        head = ["", "N", "mean", "at -20 dB or below", "at -35 dB or below"]
        return (
            f"## Speakers: {title}\n\nLevel of the output against the mixture, dB, and share of "
            "clips.\n\n" + markdown(head, rows)
        )
    genders = np.array(results.sets[title].facts("genders"))
    groups = {"all": np.ones(len(genders), bool)}
    groups |= {f"{name} gender": genders == name for name in ("same", "cross")}
    groups = {name: chosen for name, chosen in groups.items() if chosen.any()}
    gains = {name: results.values(title, name, "gain") for name in scores}
    pairs = _pairs(results, title)
    rows, missed = [], []
    for group, chosen in groups.items():
        found = [paired_difference(*(gains[name][chosen] for name in pair)) for pair in pairs]
        rows.append(
            [group, str(int(chosen.sum()))]
            + [format_mean(one[chosen], 1) for one in gains.values()]
            + [f"{_signed(one)}, {one.verdict()}" for one in found]
        )
        missed.append(
            [group, *(f"{100 * np.mean(one[chosen] < 1.0):.0f} %" for one in gains.values())]
        )
    heads = [f"{later} minus {first}" for later, first in pairs]
    return (
        f"## Speakers: {title}\n\nSI-SDR improvement, dB; enrolment 5 s.\n\n"
        + markdown(["", "N", *gains, *heads], rows)
        + "\nClips improved by less than 1 dB:\n\n"
        + markdown(["", *gains], missed)
    )
