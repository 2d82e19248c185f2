"""SEPARATION.md from the results of a run."""

from __future__ import annotations

import numpy as np

from aeolia.evaluation.statistics import Interval, mean_interval, paired_difference
from aeolia.evaluation.tables import format_interval, format_mean, markdown
from benchmarks.results import Results

__all__ = ["FRAMES", "GAIN", "page", "plain"]

_PAIRED = (
    "Mean of the paired differences, dB, with its 95 % interval; ahead or behind where the "
    "interval leaves out zero.\n\n"
)
#: Ends of the names of a song's metrics beside SDR: medians over frames of a second, and the
#: improvement of SI-SDR.
FRAMES, GAIN = ", frames", ", gain"


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
        parts += [_differences(results, "songs"), _gains(results), _medians(results)]
    titles = [name for name in results.sets if name not in ("classes", "songs")]
    parts += [_speakers(results, title) for title in titles]
    if results.details["cost"]:
        head, *rows = results.details["cost"]
        parts.append("## Cost\n\n" + markdown(head, rows))
    return "\n".join(part for part in parts if part)


def plain(metric: str) -> bool:
    """Whether a metric is a source's name alone: the one that a set's first table is of."""
    return not metric.endswith((FRAMES, GAIN))


def _sources(results: Results, set_name: str, ending: str = "") -> list[str]:
    """Sources that have a metric of this ending; without one those of the first table."""
    scores = results.scores[set_name].values()
    names = dict.fromkeys(name for by_metric in scores for name in by_metric)
    if not ending:
        return [name for name in names if plain(name)]
    return [name.removesuffix(ending) for name in names if name.endswith(ending)]


def _means(results: Results, set_name: str, ending: str = "") -> str:
    systems = results.scores[set_name]
    rows = []
    for source in _sources(results, set_name, ending):
        means = {
            name: mean_interval(scores[source + ending])
            for name, scores in systems.items()
            if source + ending in scores
        }
        cells = [format_interval(means[name], 1) if name in means else "" for name in systems]
        rows.append([source, str(max(mean.n for mean in means.values())), *cells])
    return markdown(["", "N", *systems], rows)


def _gains(results: Results) -> str:
    if not _sources(results, "songs", GAIN):  # results of an earlier version
        return ""
    head = "SI-SDR improvement, dB, on the same excerpts.\n\n"
    tables = [head + _means(results, "songs", GAIN), _differences(results, "songs", GAIN)]
    return "\n".join(table for table in tables if table)


def _medians(results: Results) -> str:
    systems = results.scores["songs"]
    rows = []
    for source in _sources(results, "songs", FRAMES):
        values = [np.array(scores[source + FRAMES]) for scores in systems.values()]
        count = int(np.isfinite(values[0]).sum())
        rows.append([source, str(count), *(f"{np.nanmedian(v):.1f}" for v in values)])
    if not rows:
        return ""
    head = "SDR (BSSEval v4, museval), dB: medians over frames of 1 s, then over excerpts.\n\n"
    return head + markdown(["", "N", *systems], rows)


def _pairs(results: Results, set_name: str) -> list[tuple[str, str]]:
    """Our systems of a set, every later one beside every earlier one."""
    ours = [one.name for one in results.systems if one.name in results.scores[set_name]]
    return [(later, first) for at, later in enumerate(ours) for first in ours[:at]]


def _differences(results: Results, set_name: str, ending: str = "") -> str:
    """Paired differences by source of our systems; nothing where there is one."""
    pairs = _pairs(results, set_name)
    if not pairs:
        return ""
    rows = []
    for source in _sources(results, set_name, ending):
        found = [
            paired_difference(*(results.values(set_name, name, source + ending) for name in pair))
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
