"""The tables of SYNTHESIS.md, from what the parts measured."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from aeolia.evaluation.statistics import mean_interval, share_interval
from aeolia.evaluation.tables import format_interval, format_mean, markdown
from benchmarks.synth.likeness import instrument_of

__all__ = ["Parts", "sections", "share_text"]

#: Part -> what was measured.
Parts: TypeAlias = dict[str, Any]


def share_text(hits: float, count: int) -> str:
    """A share in per cent with Wilson's 95 % interval."""
    if not count:
        return "–"
    share = share_interval(hits, count)
    low, high = 100 * share.low, 100 * share.high
    return f"{100 * share.mean:.0f} % ({low:.0f} to {high:.0f}, N = {count})"


def sections(name: str, parts: Parts) -> str:
    """All tables of one model."""
    tables = [table(parts[part]) for part, table in _TABLES.items() if part in parts]
    return f"## {name}\n\n" + "\n".join(tables)


def _cost_table(found: Parts) -> str:
    rows = [
        ["one voice, of real time", f"{found['one']:.4f}"],
        ["each of eight voices, of real time", f"{found['eight']:.4f}"],
        ["first audio of a note, ms", f"{found['first']:.1f}"],
    ]
    if "keyboard" in found:
        rows.append(["a keyboard with 32 keys held, of real time", f"{found['keyboard']:.3f}"])
    if "song_cost" in found:
        rows += [
            [
                f"the bundled score for {found['song_seconds']:.0f} s "
                f"({found['song_notes']:.0f} notes), of real time",
                f"{found['song_cost'] / found['song_seconds']:.3f}",
            ],
            ["peak memory while it plays, MB", f"{found['memory_mb']:.0f}"],
        ]
    return markdown(["one thread", "processor time"], rows)


def _playing_table(found: Parts) -> str:
    rows = []
    for name, row in found.items():
        cents = np.abs(row.get("cents", []))
        pitch = ""  # drums have none
        if len(cents):
            pitch = f"{np.median(cents):.1f} / {np.percentile(cents, 95):.1f} ({len(cents)})"
        joins = row.get("joins") or (None, None)
        onsets = np.array(row["onsets_ms"])
        rows.append(
            [
                name,
                pitch,
                f"{np.median(onsets):+.1f} / {np.abs(onsets).max():.1f}",
                *("" if value is None else f"{value:.2f}" for value in joins),
                str(row["falls"]),
                f"{row['span_db']:.0f}",
            ]
        )
    return markdown(
        [
            "instrument",
            "cents off, median / 95 % (notes)",
            "onset ms, median / largest",
            "step at joins / in the same notes alone",
            "/ in real notes",
            "velocities not rising",
            "dB, 16 to 127",
        ],
        rows,
    )


def _unseen_table(found: Parts, head: str = "unseen notes") -> str:
    rows = [
        [
            way,
            *(format_mean([v[i] for v in values], 1) for i in (0, 1)),
            str(len(values)),
        ]
        for way, values in found.items()
    ]
    return markdown([head, "log-spectral dB", "mel dB", "N"], rows)


def _strangers_table(found: Parts) -> str:
    return _unseen_table(found, "an instrument never learned, played by the nearest")


def _latent_table(found: Parts) -> str:
    rows = [
        ["active units", f"{found['active']}"],
        ["nats a note; largest unit", f"{found['nats']:.1f}; {found['largest_nats']:.1f}"],
        ["aggregate posterior from the prior, nats a dimension", f"{found['aggregate_nats']:.3f}"],
        ["spread of encoded notes, in the prior's standard deviations", f"{found['spread']:.2f}"],
        ["linear probe for pitch, semitones off", f"{found['probe']:.1f}"],
        ["the same, guessing the mean", f"{found['guess']:.1f}"],
    ]
    return markdown([f"latent of {found['notes']:.0f} unseen notes", ""], rows)


def _transfer_table(found: Any) -> str:
    contours = found[0]
    loudness, frames = np.array(contours["loudness"]), np.array(contours["frames"])
    within = mean_interval(100 * np.array(contours["within"])[frames > 0] / frames[frames > 0])
    rows = [
        ["voiced frames within 20 cents, of a note", f"{format_interval(within, 1)} %"],
        ["voiced frames that stay voiced", f"{100 * np.mean(contours['voicing']):.1f} %"],
        [
            "correlation of loudness",
            format_mean(loudness[np.isfinite(loudness)], 3),
        ],
    ]
    return markdown([f"transfer ({len(loudness)} notes)", ""], rows)


def _likeness_table(found: Parts) -> str:
    rows = []
    for kind, what in (
        ("unseen", "held-out recordings"),
        ("near", "nearest learned note, resampled"),
        ("draws", "draws from the prior"),
        ("transfers", "transfers"),
    ):
        pairs = found.get(kind)
        if pairs:
            exact = sum(a == b for a, b in pairs)
            family = sum(instrument_of(a) == instrument_of(b) for a, b in pairs)
            rows.append([what, share_text(exact, len(pairs)), share_text(family, len(pairs))])
    identity = markdown(
        [
            f"recognised by a classifier of {found['learned_from']} real notes",
            "as itself",
            "articulation or microphone aside",
        ],
        rows,
    )
    wrong: dict[str, list[str]] = {}
    for kind in ("draws", "transfers"):
        for true, guess in found.get(kind, ()):
            if true != guess:
                wrong.setdefault(true, []).append(guess)
    worst = sorted(wrong.items(), key=lambda entry: -len(entry[1]))[:8]
    taken = "; ".join(f"{name} for {', '.join(sorted(set(some)))}" for name, some in worst)
    pairs = np.array(found["at_pitch"]).reshape(-1, 2)
    rows = [
        [
            "draws over recordings, at the same pitches and velocities",
            f"{format_mean(found['ratio'], 2)} (N = {len(found['ratio'])} instruments)",
        ],
        ["pairs at one pitch, recordings, dB", format_mean(pairs[:, 0], 1)],
        [
            f"pairs at one pitch, draws, dB (N = {len(pairs)})",
            format_mean(pairs[:, 1], 1),
        ],
    ]
    diversity = markdown(["mean pairwise mel distance", ""], rows)
    names = {
        "draws": "draws from the prior",
        "near": "nearest learned note, resampled",
        "known": "other recordings of the instruments",
    }
    distances = markdown(
        [f"Frechet distance to {found['frechet_notes']} held-out recordings", ""],
        [[names[kind], f"{value:.2f}"] for kind, value in found["frechet"].items()],
    )
    return f"{identity}\nMost often taken for others: {taken}.\n\n{diversity}\n{distances}"


def _shift_table(found: Parts) -> str:
    cents = np.array(found["cents"])
    rows = [
        [
            "interval, cents off: median / 95 %",
            f"{np.median(cents):.1f} / {np.percentile(cents, 95):.1f}",
        ],
        ["within 5 cents", share_text(float((cents <= 5).sum()), len(cents))],
        *(
            [
                f"envelope's distance from the original, {what}, dB",
                format_mean(found[way], 2),
            ]
            for way, what in (("keep", "keep"), ("move", "move"), ("plain", "plain resampling"))
        ),
        ["notes refused as unpitched or polyphonic", f"{len(found['refused'])}"],
    ]
    return markdown([f"shift by +4 and -5 semitones (N = {len(cents)})", ""], rows)


_TABLES = {
    "cost": _cost_table,
    "playing": _playing_table,
    "unseen": _unseen_table,
    "strangers": _strangers_table,
    "latent": _latent_table,
    "likeness": _likeness_table,
    "transfer": _transfer_table,
    "shift": _shift_table,
}
