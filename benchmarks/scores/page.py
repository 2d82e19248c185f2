"""scores.md, made of the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from aeolia.evaluation.statistics import mean_interval, paired_difference
from aeolia.evaluation.tables import format_interval, format_mean, format_number, markdown
from aeolia.runtime.synth.general_midi import program_name
from aeolia.runtime.synth.score import DRUM_CHANNEL
from benchmarks.results import Results
from benchmarks.scores.run import ANOTHER, PART_SECONDS

__all__ = ["FAMILIES", "levels_beside", "page"]

#: General MIDI's families of eight programs.
FAMILIES = (
    "piano",
    "chromatic percussion",
    "organ",
    "guitar",
    "bass",
    "strings",
    "ensemble",
    "brass",
    "reed",
    "pipe",
    "synth lead",
    "synth pad",
    "synth effects",
    "ethnic",
    "percussive",
    "sound effects",
)
_DRUMS = "drums"
#: A family with fewer parts is left out of the table of levels.
_FEWEST_PARTS = 3
_HEAD = """# Scores: ours beside soundfonts

Written by `python -m benchmarks scores`; not edited by hand. The first {seconds:g} s of {songs}
General MIDI songs ({notes} notes), as `aeolia synth --midi` plays them and as FluidSynth does with
soundfonts, each as it is unless told otherwise. Means over songs with 95 % intervals (N = {songs}).
There is no truth to compare with: soundfonts differ, too, and how far is the measure. All others
are compared with {reference}. "{another}" is the next song by {reference}: what agreement comes to
by chance. The released models learned from notes of FluidR3_GM and MuseScore_General and from
recordings, and the levels of programs are those of these two; other soundfonts they never heard.

- **chroma**: cosine of the power of the twelve pitch classes, mean over frames of a sixth of a
  second that sound.
- **onsets**: F-measure of onsets (peaks of spectral flux), each matched within 50 ms; "of the
  score": with where its notes begin.
- **mel**: root mean square difference of 80 mel bands in dB at equal loudness; what lies 60 dB
  below the loudest counts as that.
- **tail**: level of the third second after the last key is up, beside that of the song: what hangs
  would be heard there.
- **cost**: processor time of the whole command, its start and the soundfont's reading included,
  over the song's length.
"""


def page(results: Results) -> str:
    """The text."""
    songs = results.sets["songs"].clips
    reference = results.details["reference"]
    head = _HEAD.format(
        seconds=results.details["seconds"],
        songs=len(songs),
        notes=sum(song["notes"] for song in songs),
        reference=reference,
        another=ANOTHER,
    )
    parts = [
        head,
        f"## Beside {reference}\n\n{_agreement(results, reference)}",
        f"{_behind(results, reference)}\n",
        f"## Each beside each\n\nMel distance in dB, chroma in brackets.\n\n{_matrix(results)}",
        f"## Renders by themselves\n\n{_renders(results)}",
        f"## Levels within songs\n\n{_levels(results)}",
        f"## Songs\n\n{_songs(results)}",
        _foot(results),
    ]
    return "\n".join(parts)


def _names(results: Results) -> list[str]:
    return [entry.name for entry in results.systems]


def _shown(results: Results, name: str) -> str:
    ours = {entry.name for entry in results.systems if entry.ours}
    return f"**{name}**" if name in ours else name


def _agreement(results: Results, reference: str) -> str:
    rows = []
    for name in [*_names(results), ANOTHER]:
        if name == reference or not results.has("songs", name):
            continue
        scores = results.scores["songs"][name]
        rows.append(
            [
                _shown(results, name),
                format_mean(scores[f"chroma, {reference}"], 3),
                format_mean(scores[f"onsets, {reference}"], 3),
                format_mean(scores[f"mel_db, {reference}"], 1),
                format_interval(
                    mean_interval(scores[f"lufs_difference, {reference}"]), 1, sign=True
                ),
            ]
        )
    return markdown(["", "chroma", "onsets", "mel dB", "louder by LU"], rows)


def _behind(results: Results, reference: str) -> str:
    """Ours beside each other soundfont, song by song."""
    ours, sentences = _names(results)[0], []
    for other in _names(results)[2:]:
        found = []
        for metric, title, digits, higher in (
            ("chroma", "chroma", 3, True),
            ("onsets", "onsets", 3, True),
            ("mel_db", "mel dB", 1, False),
        ):
            key = f"{metric}, {reference}"
            change = paired_difference(
                results.values("songs", ours, key), results.values("songs", other, key)
            )
            verdict = change.verdict(higher_is_better=higher)
            found.append(f"{title} {format_interval(change, digits, sign=True)} ({verdict})")
        sentences.append(f"Ours minus {other}, song by song: {', '.join(found)}.")
    return "\n\n".join(sentences)


def _matrix(results: Results) -> str:
    names = _names(results)

    def cell(row: str, column: str) -> str:
        if row == column:
            return ""
        scores = results.scores["songs"][row]
        mel, chroma = (np.mean(scores[f"{metric}, {column}"]) for metric in ("mel_db", "chroma"))
        return f"{mel:.1f} ({chroma:.3f})"

    rows = [[_shown(results, row), *(cell(row, column) for column in names)] for row in names]
    return markdown(["beside", *names], rows)


def _renders(results: Results) -> str:
    names = _names(results)
    costs = {name: results.values("songs", name, "cost") for name in names}
    rows = [
        [
            _shown(results, name),
            format_mean(results.values("songs", name, "score_onsets"), 3),
            format_mean(results.values("songs", name, "lufs"), 1),
            f"{1e6 * results.values('songs', name, 'clipped').mean():.1f}",
            format_mean(results.values("songs", name, "width_db"), 1),
            f"{results.values('songs', name, 'tail_db').max():.0f}",
            format_number(float(1 / costs[name].mean()), 1),
            format_mean(costs[name] / costs[names[1]], 1),
        ]
        for name in names
    ]
    head = [
        "",
        "onsets of the score",
        "LUFS",
        "clipped samples, per million",
        "sides to middle, dB",
        "tail, dB, the loudest",
        "faster than real time",
        f"cost, of {names[1]}",
    ]
    return markdown(head, rows)


def levels_beside(results: Results, system: str) -> np.ndarray:
    """LU of each part beside the reference's, once its song's median difference is taken out.

    NaN where one of the two is silent.
    """
    parts = results.sets["parts"]
    reference = results.details["reference"]
    difference = results.values("parts", system, "lufs") - results.values(
        "parts", reference, "lufs"
    )
    songs = np.array(parts.facts("song"))
    for song in set(songs.tolist()):
        own = songs == song
        if np.isfinite(difference[own]).any():
            difference[own] -= np.nanmedian(difference[own])
    return np.asarray(difference)


def _family(clip: dict[str, object]) -> str:
    programs = clip["programs"]
    assert isinstance(programs, list)
    return _DRUMS if clip["channel"] == DRUM_CHANNEL else FAMILIES[programs[0] // 8]


def _levels(results: Results) -> str:
    names = _names(results)
    others = [name for name in names if name != results.details["reference"]]
    clips = results.sets["parts"].clips
    families = np.array([_family(clip) for clip in clips])
    found = {name: levels_beside(results, name) for name in others}
    rows = []
    for family in (_DRUMS, *FAMILIES):
        own = families == family
        if own.sum() >= _FEWEST_PARTS:
            cells = [
                format_interval(mean_interval(found[name][own]), 1, sign=True) for name in others
            ]
            rows.append([family, f"{own.sum()}", *cells])
    spread = [f"{np.sqrt(np.nanmean(found[name] ** 2)):.1f}" for name in others]
    rows.append(["**all: root mean square**", f"{len(clips)}", *spread])
    text = (
        f"Each channel of the first {PART_SECONDS:g} s played alone, its loudness beside that of "
        f"{results.details['reference']} in LU, once the median over the song's channels is "
        "taken out. Families of programs by a channel's first; those of fewer than "
        f"{_FEWEST_PARTS} parts are in the last row alone.\n\n"
    )
    lost = "".join(f"\n{line}\n" for line in _silent(results))
    return text + markdown(["", "parts", *(_shown(results, name) for name in others)], rows) + lost


def _silent(results: Results) -> Iterator[str]:
    """A sentence for each system that leaves out what the reference plays."""
    clips = results.sets["parts"].clips
    sounds = np.isfinite(results.values("parts", results.details["reference"], "lufs"))
    for name in _names(results):
        silent = ~np.isfinite(results.values("parts", name, "lufs")) & sounds
        if silent.any():
            listed = [_part(clips[index]) for index in np.flatnonzero(silent)]
            yield f"Silent by {name}: {', '.join(listed)}."


def _part(clip: dict[str, object]) -> str:
    programs = clip["programs"]
    assert isinstance(programs, list)
    drums = clip["channel"] == DRUM_CHANNEL
    played = _DRUMS if drums else " and ".join(program_name(program) for program in programs)
    return f"{clip['song']}'s channel {clip['channel']} ({played})"


def _songs(results: Results) -> str:
    reference, ours = results.details["reference"], _names(results)[0]
    yardstick = _names(results)[2]
    rows = [
        [
            clip["name"],
            f"{clip['source']} ({clip['licence'] or 'licence not stated'})",
            f"{clip['channels']}",
            f"{clip['notes']}",
            *(
                f"{results.values('songs', name, f'{metric}, {reference}')[index]:.{digits}f}"
                for metric, digits in (("chroma", 3), ("onsets", 2), ("mel_db", 1))
                for name in (ours, yardstick)
            ),
        ]
        for index, clip in enumerate(results.sets["songs"].clips)
    ]
    head = ["", "from", "channels", "notes"]
    head += [
        f"{title}: {name}"
        for title in ("chroma", "onsets", "mel dB")
        for name in ("ours", yardstick)
    ]
    return markdown(head, rows)


def _foot(results: Results) -> str:
    made = results.made
    sources = Counter(
        f"{clip['source']} ({clip['licence'] or 'licence not stated'})"
        for clip in results.sets["songs"].clips
    )
    listed = ", ".join(f"{count} of {source}" for source, count in sources.items())
    return (
        f"Songs: {listed}; none of their sound is kept here. {made['date']}; {made['source']}; "
        f"{made['machine']}; {made['software']}.\n"
    )
