"""voices.md, made of the results."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aeolia.evaluation.statistics import mean_interval
from aeolia.evaluation.tables import format_interval, markdown
from benchmarks.results import Entry, Results
from benchmarks.voices.scores import LOST_DB
from benchmarks.voices.sets import NOISY_DB, VOICES

__all__ = ["page"]

#: Metric, title, digits.
_METRICS = (("si_sdr", "SI-SDR dB", 1), ("estoi", "ESTOI", 3), ("pesq_wb", "PESQ-WB", 2))
_HEAD = """# Voices unlike most

Written by `python -m benchmarks voices`; not edited by hand. Speakers, songs, languages and noises
of the split `{split}`, which no training read. `acted` are actors in anger, fear, joy and grief,
`children` have the accent and the telephones of their corpus, `sung` are the vocals of a song;
`raised` (a median of 400 to 600 Hz), `shouted`, `whispered` and `laughed` are made by the vocoder
WORLD from the words of `plain`, clean speech of adults. A voice is lost where the level of its
projection in the output, in active frames, lies more than {lost:g} dB below what it was.

Speakers: {speakers}. Clips of one speaker are not independent, as the intervals take them to be.
"""


def page(results: Results) -> str:
    """The text."""
    split = results.details["split"]
    parts = [_HEAD.format(split=split, lost=LOST_DB, speakers=_speakers(results))]
    for condition in ("clean", f"{NOISY_DB} dB"):
        title = "without noise" if condition == "clean" else f"in noise at {condition}"
        parts.append(f"## Clips lost, {title}\n\n{_lost(results, condition)}")
        for metric, heading, digits in _METRICS:
            table = _means(results, condition, metric, digits)
            parts.append(f"### {heading}, {title}\n\n{table}")
    parts += [_fricatives(results), _languages(results), _music(results), _foot(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _speakers(results: Results) -> str:
    """How many speak in each set."""
    names = _names(results, "clean")
    counts = [len(set(results.sets[f"{name} clean"].facts("speaker"))) for name in names]
    return ", ".join(f"{name} {count}" for name, count in zip(names, counts, strict=True))


def _shown(system: Entry) -> str:
    return f"**{system.name}**" if system.ours else system.name


def _names(results: Results, condition: str) -> list[str]:
    return [name for name in VOICES if f"{name} {condition}" in results.sets]


def _heading(results: Results, names: Sequence[str], condition: str) -> list[str]:
    sizes = [len(results.sets[f"{name} {condition}"].clips) for name in names]
    return [f"{name} ({size})" for name, size in zip(names, sizes, strict=True)]


def _is_lost(results: Results, set_name: str, system: str) -> np.ndarray:
    return results.values(set_name, system, "kept_db") < -LOST_DB


def _lost(results: Results, condition: str) -> str:
    """Shares, and over all sets but plain speech."""
    names = _names(results, condition)
    special = [name for name in names if name != "plain"]
    rows = []
    for system in results.systems:
        lost = {name: _is_lost(results, f"{name} {condition}", system.name) for name in names}
        together = np.concatenate([lost[name] for name in special])
        gaps = np.concatenate(
            [results.values(f"{name} {condition}", system.name, "gap_share") for name in special]
        )
        rows.append(
            [
                _shown(system),
                f"{100 * together.mean():.1f} %",
                *(f"{int(lost[name].sum())}" for name in names),
                f"{100 * float(np.nanmean(gaps)):.1f} %",
            ]
        )
    count = sum(len(results.sets[f"{name} {condition}"].clips) for name in special)
    head = [
        "system",
        f"special voices ({count})",
        *_heading(results, names, condition),
        "of their speech, 0.2 s at a time",
    ]
    return markdown(head, rows)


def _means(results: Results, condition: str, metric: str, digits: int) -> str:
    names = _names(results, condition)
    rows = []
    for system in results.systems:
        if condition == "clean" and system.name == results.systems[0].name:
            continue  # what came out is what went in
        row = [_shown(system)]
        for name in names:
            values = results.values(f"{name} {condition}", system.name, metric)
            row.append(format_interval(mean_interval(values[np.isfinite(values)]), digits))
        rows.append(row)
    return markdown(["system", *_heading(results, names, condition)], rows)


def _fricatives(results: Results) -> str:
    sets = [f"plain {condition}" for condition in ("clean", f"{NOISY_DB} dB")]
    sets = [name for name in sets if name in results.sets]
    if not sets:
        return ""
    rows = []
    for system in results.systems:
        row = [_shown(system)]
        for name in sets:
            values = results.values(name, system.name, "fricatives_kept_db")
            values = values[np.isfinite(values)]
            row += [
                format_interval(mean_interval(values), 1),
                f"{100 * (values < -LOST_DB).mean():.0f} %",
            ]
        rows.append(row)
    head = ["system"] + [
        text for name in sets for text in (f"{name}, dB", f"{name}, clips below -{LOST_DB:g} dB")
    ]
    return (
        "## Fricatives\n\nPlain speech: what is kept above 4 kHz in the frames that have more "
        f"power there than below 2.5 kHz.\n\n{markdown(head, rows)}"
    )


def _languages(results: Results) -> str:
    if "languages" not in results.sets:
        return ""
    clips = results.sets["languages"]
    languages = [str(one) for one in clips.facts("speaker")]
    places = [str(one) for one in clips.facts("noise")]
    rows = []
    for system in results.systems:
        values = [results.values("languages", system.name, metric) for metric, _, _ in _METRICS]
        means = [
            format_interval(mean_interval(one), digits)
            for one, (_, _, digits) in zip(values, _METRICS, strict=True)
        ]
        rows.append([_shown(system), *means, *_by(places, values[0])])
    head = ["system", *(title for _, title, _ in _METRICS), *dict.fromkeys(places)]
    columns = [
        _by(languages, results.values("languages", system.name, "si_sdr"))
        for system in results.systems
    ]
    by_language = [
        [language, *(column[k] for column in columns)]
        for k, language in enumerate(dict.fromkeys(languages))
    ]
    return (
        f"## Languages, at 0 dB\n\n{len(languages)} clips of {len(set(languages))} languages, in "
        "places in turn; the last columns are SI-SDR by place. A crowd is four to six other "
        "held-out voices; vehicles are heard from within and without. English, German and French "
        f"were trained on (by other speakers), the others not.\n\n{markdown(head, rows)}\n\n"
        "SI-SDR in dB by language:\n\n"
        f"{markdown(['language', *(_shown(system) for system in results.systems)], by_language)}"
    )


def _by(facts: Sequence[str], values: np.ndarray) -> list[str]:
    """Means of the values of each fact."""
    return [f"{values[[one == fact for one in facts]].mean():.1f}" for fact in dict.fromkeys(facts)]


def _music(results: Results) -> str:
    if "music" not in results.sets:
        return ""
    rows = [
        [
            _shown(system),
            *(
                format_interval(mean_interval(results.values("music", system.name, metric)), 1)
                for metric in ("music_db", "kept_db")
            ),
        ]
        for system in results.systems
    ]
    count = len(results.sets["music"].clips)
    return (
        f"## Music under speech\n\n{count} clips of speech over a song without its vocals, the "
        "speech 10 dB louder: the levels of both in the output (least squares), in dB; -60 where "
        "nothing is left, or nothing in phase. Who wants to keep the music takes "
        "`aeolia separate --source speech+music`.\n\n"
        f"{markdown(['system', 'music', 'speech'], rows)}"
    )


def _foot(results: Results) -> str:
    made = "; ".join(f"{name}: {value}" for name, value in results.made.items())
    missing = "\n".join(f"- {one}" for one in results.details["missing"])
    hashes = ", ".join(f"{name} {one.hash}" for name, one in results.sets.items())
    return (
        "Intervals are of 95 %, over clips. ESTOI and PESQ-WB of voices are of the first 16 clips "
        f"of a set.\n\nNot run:\n\n{missing}\n\nSets: {hashes}.\n\n"
        f"Made by `python -m benchmarks voices`; {made}."
    )
