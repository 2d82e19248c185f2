"""reshaping.md, made of the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from aeolia.evaluation.statistics import clustered_interval, mean_interval
from aeolia.evaluation.tables import format_interval, format_number, markdown
from benchmarks.reshaping.recordings import CLIP_SECONDS, LEAST_SECONDS
from benchmarks.reshaping.run import SEMITONES, TRACKER
from benchmarks.reshaping.scores import JUMP_CENTS, NEAR_CENTS
from benchmarks.reshaping.systems import TOLD
from benchmarks.results import Results

__all__ = ["page"]

#: The share of voiced frames within 20 cents that is asked for, in percent.
BAR_PERCENT = 95.0
_HEAD = """# Voices at another pitch

Written by `python -m benchmarks reshaping`; not edited by hand. Clips of {least:g} to {most:g} s:
{material}.
`aeolia shift --voice` is the vocoder WORLD, with the pitch by Harvest and StoneMask; "WORLD" is the
same vocoder as pyworld's README uses it (`wav2world`: DIO, StoneMask). `aeolia shift` without
`--voice` and `aeolia transfer` play by the model of instruments, which knows no words.
`rubberband -3` is Rubber Band's finer engine, `-F` its option to keep formants. Ours are asked to
keep formants unless told otherwise.

The judge of pitch is Praat's autocorrelation method for all systems, none of which has it inside;
its range moves with the interval. Of the voice as it is, a frame (10 ms) counts as voiced where the
judge finds the same pitch within {near:g} cents in windows of 60 and 40 ms, and as unvoiced where
it finds none within 30 ms; both within 40 dB of the loudest.

- **within {near:g} cents**: of the voiced frames that come out with a pitch, the share that lies so
  near to the voice's pitch moved by the interval. The bar is {bar:g} %. "{told}" says
  what can be reached at all: WORLD's synthesis of the very contour that the judge hears.
- **jumps**: the share of the same frames that lies {jump:g} cents away and more.
- **voiced kept**, **unvoiced kept**: of the voiced frames, those that come out with a pitch; of the
  unvoiced ones, those that come out without, as noise.
- **formants off**: how far the lines through the levels of the harmonics, of the voice and of what
  came out, are from each other up to 5 kHz, in dB (root mean square over frequencies evenly spaced
  in mel, means taken out). In brackets where formants are to move.

Means over clips, of shares in percent; ± is half the 95 % interval, whose independent draws are
speakers or songs. Jumps and shares kept are means over the three intervals.
"""


def page(results: Results) -> str:
    """The text."""
    names = [name for name in ("speech", "singing") if f"{name} as it is" in results.sets]
    material = " and ".join(_material(results, name) for name in names)
    parts = [
        _HEAD.format(
            material=material,
            least=LEAST_SECONDS,
            most=CLIP_SECONDS,
            near=NEAR_CENTS,
            jump=JUMP_CENTS,
            bar=BAR_PERCENT,
            told=TOLD,
        )
    ]
    for name in names:
        tables = f"{_shifts(results, name)}\n{_against(results, name)}"
        parts.append(f"## {name.capitalize()}, shifted\n\n{tables}")
    parts += [f"## Played by instruments\n\n{_played(results, names)}", _foot(results)]
    return "\n".join(parts)


def _material(results: Results, name: str) -> str:
    voices = Counter(results.sets[f"{name} as it is"].facts("speaker"))
    whose = "speakers of the split `report`" if name == "speech" else "songs' vocals, sung alone"
    return f"{sum(voices.values())} of {name} ({len(voices)} {whose})"


def _pooled(results: Results, name: str, system: str, metric: str) -> np.ndarray:
    """A clip's mean over the intervals."""
    values = [results.values(f"{name} {n:+d}", system, metric) for n in SEMITONES]
    return np.asarray(np.mean(values, axis=0))


def _cell(results: Results, set_name: str, values: np.ndarray, digits: int) -> str:
    return format_interval(
        clustered_interval(values, results.sets[set_name].facts("speaker")), digits
    )


def _shifts(results: Results, name: str) -> str:
    first = f"{name} {SEMITONES[0]:+d}"
    rows = []
    for entry in results.systems:
        if not results.has(first, entry.name):
            continue
        keeps = entry.name in results.details["keep formants"]
        row = [f"**{entry.name}**" if entry.ours else entry.name]
        for semitones in SEMITONES:
            key = f"{name} {semitones:+d}"
            row.append(_cell(results, key, 100 * results.values(key, entry.name, "within"), 1))
        for metric in ("jumps", "voiced", "unvoiced"):
            row.append(_cell(results, first, 100 * _pooled(results, name, entry.name, metric), 1))
        for semitones in SEMITONES:
            found = results.values(f"{name} {semitones:+d}", entry.name, "formants_db")
            text = format_number(mean_interval(found).mean, 1)
            row.append(text if keeps else f"({text})")
        refused = results.values(first, entry.name, "refused")
        rows.append([*row, f"{int(refused.sum())}"])
    head = ["", *(f"within {NEAR_CENTS:g} cents, {n:+d}" for n in SEMITONES)]
    head += ["jumps", "voiced kept", "unvoiced kept"]
    head += [f"formants off, dB, {n:+d}" for n in SEMITONES]
    return markdown([*head, "clips refused"], rows)


def _against(results: Results, name: str) -> str:
    """Ours beside others, clip by clip, and how two trackers agree on the voice as it is."""
    ours = results.systems[0].name
    sentences = []
    for other in ("WORLD", "rubberband -3 -F"):
        found = []
        for metric, title, scale, higher in (
            ("within", f"within {NEAR_CENTS:g} cents", 100, True),
            ("jumps", "jumps", 100, False),
            ("voiced", "voiced kept", 100, True),
            ("unvoiced", "unvoiced kept", 100, True),
            ("formants_db", "formants off", 1, False),
        ):
            a, b = (_pooled(results, name, one, metric) for one in (ours, other))
            change = clustered_interval(
                (scale * (a - b)).tolist(), results.sets[f"{name} as it is"].facts("speaker")
            )
            verdict = change.verdict(higher_is_better=higher)
            found.append(f"{title} {format_interval(change, 1, sign=True)} ({verdict})")
        sentences.append(
            f"`{ours}` minus {other}, clip by clip over all intervals: {', '.join(found)}.\n"
        )
    kept = f"{name} as it is"
    near, voiced = (
        f"{100 * float(np.nanmean(results.values(kept, TRACKER, metric))):.1f} %"
        for metric in ("within", "voiced")
    )
    sentences.append(
        "Our tracker, by which `aeolia shift` without `--voice` and `aeolia transfer` go, finds a "
        f"pitch in {voiced} of the voiced frames of these voices as they are, within "
        f"{NEAR_CENTS:g} cents of the judge's in {near} of those.\n"
    )
    return "\n".join(sentences)


def _played(results: Results, names: Sequence[str]) -> str:
    rows = []
    for name in names:
        key = f"{name} played"
        for system in results.scores[key]:
            values = {m: results.values(key, system, m) for m in results.scores[key][system]}
            cells = [
                _cell(results, key, 100 * values[metric], 1)
                for metric in ("within", "jumps", "voiced", "unvoiced")
            ]
            refused = f"{int(values['refused'].sum())} of {len(values['refused'])}"
            rows.append([f"{name}, **{system}**", *cells, refused])
    head = ["", f"within {NEAR_CENTS:g} cents", "jumps", "voiced kept", "unvoiced kept"]
    return (
        "The contour of the voice, moved by octaves into the instrument's range, beside what the "
        f"instrument plays.\n\n{markdown([*head, 'clips refused'], rows)}"
    )


def _foot(results: Results) -> str:
    hashes = ", ".join(
        f"{name} {results.sets[f'{name} as it is'].hash}"
        for name in ("speech", "singing")
        if f"{name} as it is" in results.sets
    )
    made = "; ".join(results.made[name] for name in ("date", "source", "machine", "software"))
    return (
        "A clip is refused where ours hears no pitch, or several at a time; its scores are left "
        "out. Nothing that is measured here learned from the songs, whose vocals may be of any "
        "split; pieces of them count as sung alone where the judge and our tracker agree, which "
        f"favours what goes by our tracker. Clips drawn with seed {results.details['seed']}: "
        f"{hashes}. {made}.\n"
    )
