"""SEPARATION.md from the results of a run."""

from __future__ import annotations

import numpy as np

from aeolia.evaluation.statistics import mean_interval
from aeolia.evaluation.tables import format_interval, format_mean, markdown
from benchmarks.results import Results

__all__ = ["FRAMES", "page"]

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
        parts.append(head + _means(results, "classes"))
    if "songs" in results.sets:
        parts.append(
            "## Stems of a held-out song\n\nSDR (BSSEval, whole excerpt), dB. The song is by the "
            "artist of most training songs, and excerpts overlap: a small world.\n\n"
            + _means(results, "songs")
        )
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


def _speakers(results: Results, title: str) -> str:
    ((system, scores),) = results.scores[title].items()
    if "gain" not in scores:
        levels = np.array(scores["level_db"])
        return (
            f"## Speakers: {title}\n\nLevel of the output against the mixture (N = {len(levels)}): "
            f"{format_mean(levels, 1)} dB; "
            f"{100 * np.mean(levels <= -20.0):.0f} % of clips at -20 dB or below.\n"
        )
    gains = np.array(scores["gain"])
    genders = np.array(results.sets[title].facts("genders"))
    groups = {"all": np.ones(len(gains), bool)}
    groups |= {f"{name} gender": genders == name for name in ("same", "cross")}
    groups = {name: chosen for name, chosen in groups.items() if chosen.any()}
    rows = [
        [name, str(int(chosen.sum())), format_mean(gains[chosen], 1)]
        for name, chosen in groups.items()
    ]
    missed = [f"{name}: {100 * np.mean(gains[c] < 1.0):.0f} %" for name, c in groups.items()]
    return (
        f"## Speakers: {title}\n\nSI-SDR improvement, dB; enrolment 5 s.\n\n"
        + markdown(["", "N", system], rows)
        + f"\nImproved by less than 1 dB: {', '.join(missed)}.\n"
    )
