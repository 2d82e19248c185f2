"""The tables of a model's card, from the results of a run: nothing is copied by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aeolia.errors import DataError
from aeolia.evaluation.tables import format_mean, markdown
from benchmarks.denoise.metrics import INPUT, MAIN
from benchmarks.results import Results
from benchmarks.separate.report import plain

__all__ = ["card"]


def card(results: Results, model: str) -> str:
    """The tables that the card of a model holds, in Markdown.

    Raises:
        DataError: results of a page that cards have no tables of, or without the model.
    """
    makers: dict[str, Callable[[Results, str], list[str]]] = {
        "denoise": _denoiser,
        "separate": _separator,
    }
    if results.page not in makers:
        raise DataError(f"cards have tables of {' and '.join(makers)}, not of {results.page!r}")
    ours = [system.name for system in results.systems if system.ours]
    if model not in ours:
        raise DataError(f"the results hold no {model!r}; there are {', '.join(ours)}")
    made = results.made
    head = f"Of {made['date']}, commit {made['source']}, {made['machine']}.\n"
    return "\n".join([head, *makers[results.page](results, model)])


def _denoiser(results: Results, model: str) -> list[str]:
    others = [system.name for system in results.systems if not system.ours]
    rows = [
        [f"**{name}**" if name == model else name]
        + [format_mean(results.values("mixtures", name, key), digits) for key, _, digits in MAIN]
        for name in (*others, model)
    ]

    def mean(set_name: str, system: str, metric: str, digits: int) -> str:
        return format_mean(results.values(set_name, system, metric), digits)

    def count(set_name: str) -> int:
        return len(results.sets[set_name].clips)

    return [
        f"Mixtures at -5 to 15 dB, half of them in rooms (N = {count('mixtures')}):\n",
        markdown(["system", *(title for _, title, _ in MAIN)], rows),
        f"- Clean in, clean out (N = {count('clean')}): SI-SDR "
        f"{mean('clean', model, 'si_sdr', 1)} dB, PESQ-WB {mean('clean', model, 'pesq_wb', 2)}.\n"
        f"- Rooms of RT60 0.3 to 0.9 s without noise (N = {count('rooms')}): STOI "
        f"{mean('rooms', INPUT, 'stoi', 3)} before, {mean('rooms', model, 'stoi', 3)} after; "
        f"SI-SDR {mean('rooms', INPUT, 'si_sdr', 2)} dB before, "
        f"{mean('rooms', model, 'si_sdr', 2)} dB after.\n"
        f"- Noise alone (N = {count('noises')}): lowered by "
        f"{mean('noises', model, 'attenuation_db', 1)} dB.\n",
    ]


def _separator(results: Results, model: str) -> list[str]:
    parts = []
    for name, title in (("classes", "SI-SDR improvement"), ("songs", "SDR")):
        if results.has(name, model):
            scores = results.scores[name]
            sources = [source for source in scores[model] if plain(source)]
            rows = [
                [source]
                + [format_mean(one[source], 1) if source in one else "" for one in scores.values()]
                for source in sources
            ]
            count = len(results.sets[name].clips)
            parts += [f"{title} in dB, {name} (N = {count}):\n", markdown(["", *scores], rows)]
    rows = [
        _speakers(results, name, model)
        for name in results.sets
        if results.has(name, model) and "gain" in results.scores[name][model]
    ]
    if rows:
        head = ["SI-SDR improvement, dB", "all", "same gender", "cross gender"]
        parts.append(markdown(head, rows))
    for name in results.sets:
        if results.has(name, model) and set(results.scores[name][model]) == {"level_db"}:
            level = results.values(name, model, "level_db")
            share = 100 * np.mean(level <= -20.0)
            parts.append(
                f"When {name}, the output lies {format_mean(-level, 1)} dB below the mixture (N = "
                f"{len(level)}), in {share:.0f} % of clips by 20 dB or more.\n"
            )
    return parts


def _speakers(results: Results, set_name: str, model: str) -> list[str]:
    gains = results.values(set_name, model, "gain")
    genders = np.array(results.sets[set_name].facts("genders"))
    groups = [np.ones(len(gains), bool), genders == "same", genders == "cross"]
    return [set_name, *(f"{format_mean(gains[one], 1)} (N = {one.sum()})" for one in groups)]
