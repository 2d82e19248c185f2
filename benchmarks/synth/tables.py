"""The tables of SYNTHESIS.md, from what the parts measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.synth.likeness import instrument_of
from benchmarks.tables import estimate, markdown

__all__ = ["bars", "sections", "share_text"]

Results = dict[str, Any]
Bar = tuple[str, str, bool]


def share_text(hits: float, count: float) -> str:
    """A share in per cent with Wilson's 95 % interval."""
    if not count:
        return "–"
    z, share = 1.96, hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * np.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2) / (1 + z * z / count)
    return (
        f"{100 * share:.0f} % ({100 * (middle - half):.0f} to {100 * (middle + half):.0f}, "
        f"N = {count:.0f})"
    )


# --- bars ---


def bars(results: dict[str, Results], sizes: dict[str, float]) -> str:
    """Every bar with what was measured, and whether it is met."""
    rows: list[Bar] = []
    for name, parts in results.items():
        for part, judge in _JUDGES.items():
            if part in parts:
                rows += [(f"{name}: {what}", value, met) for what, value, met in judge(parts[part])]
    total = sum(sizes.values())
    each = ", ".join(f"{name} {size:.1f}" for name, size in sizes.items())
    rows.append(("all graphs together at most 8 MB", f"{total:.1f} MB ({each})", total <= 8))
    lines = [[what, value, "met" if met else "**missed**"] for what, value, met in rows]
    return "## Bars\n\n" + markdown(["bar", "measured", ""], lines)


def _judge_cost(found: Results) -> list[Bar]:
    rows = [
        ("a voice at most 0.03 of real time", f"{found['one']:.4f}", found["one"] <= 0.03),
        ("first audio within 50 ms", f"{found['first']:.1f} ms", found["first"] <= 50),
    ]
    if "song_cost" in found:
        factor = found["song_cost"] / found["song_seconds"]
        rows.append(
            ("a song of two minutes faster than it plays", f"{factor:.3f} of real time", factor < 1)
        )
    return rows


def _judge_playing(found: Results) -> list[Bar]:
    rows: list[Bar] = []
    cents = np.abs(np.concatenate([row.get("cents", []) for row in found.values()]))
    if len(cents):
        middle, high = np.median(cents), np.percentile(cents, 95)
        rows.append(
            (
                "pitch, cents: median at most 5, 95 % at most 20",
                f"{middle:.1f}, {high:.1f} (N = {len(cents)})",
                middle <= 5 and high <= 20,
            )
        )
    onsets = np.abs(np.concatenate([row["onsets_ms"] for row in found.values()]))
    rows.append(
        (
            "onsets within 5 ms",
            f"{onsets.max():.1f} ms at most (N = {len(onsets)})",
            bool(onsets.max() <= 5),
        )
    )
    joins = {name: row["joins"][1] for name, row in found.items() if row.get("joins")}
    joins = {name: value for name, value in joins.items() if value is not None}
    if joins:
        worst = max(joins, key=lambda name: joins[name])
        fine = sum(value <= 1 for value in joins.values())
        rows.append(
            (
                "steps at joins no larger than inside real notes",
                f"{fine} of {len(joins)} instruments; worst {joins[worst]:.2f} ({worst})",
                fine == len(joins),
            )
        )
    falls = sum(row["falls"] for row in found.values())
    rows.append(("every firmer key is louder", f"{falls} of {7 * len(found)} are not", falls == 0))
    return rows


def _judge_unseen(found: Results) -> list[Bar]:
    (_, best), *others = found.items()
    rows: list[Bar] = []
    for index, what in enumerate(("log-spectral", "mel")):
        ours = np.array(best)[:, index]
        gaps = [estimate(np.array(v)[:, index] - ours) for w, v in others if "learned" in w]
        text = ", ".join(f"{gap.text(1, sign=True)} dB" for gap in gaps)
        met = all(gap.mean > gap.half_width for gap in gaps)
        rows.append((f"unseen notes: {what} distance of the baselines above ours", text, met))
    return rows


def _judge_transfer(found: Results) -> list[Bar]:
    contours = found[0]
    within, frames = sum(contours["within"]), sum(contours["frames"])
    loudness = np.array(contours["loudness"])
    mean = estimate(loudness[np.isfinite(loudness)])
    return [
        (
            "transfer: pitch within 20 cents in 95 % of the voiced frames",
            f"{100 * within / frames:.1f} % of {frames:.0f} frames",
            within / frames >= 0.95,
        ),
        (
            "transfer: loudness correlates by 0.9",
            f"{mean.text(3)} (N = {mean.n})",
            mean.mean >= 0.9,
        ),
    ]


def _judge_likeness(found: Results) -> list[Bar]:
    rows: list[Bar] = []
    for kind, what, least in (("draws", "draws", 0.85), ("transfers", "transfers", 0.8)):
        if found.get(kind):
            hits = sum(a == b for a, b in found[kind])
            rows.append(
                (
                    f"{what} recognised, at least {100 * least:.0f} %",
                    share_text(hits, len(found[kind])),
                    hits / len(found[kind]) >= least,
                )
            )
    ratio = estimate(found["ratio"])
    rows.append(
        (
            "draws differ at least half as much as recordings",
            f"{ratio.text(2)} (N = {ratio.n} instruments)",
            ratio.mean >= 0.5,
        )
    )
    return rows


def _judge_shift(found: Results) -> list[Bar]:
    cents = np.array(found["cents"])
    near = (cents <= 5).mean()
    gap = estimate(np.array(found["plain"]) - np.array(found["keep"]))
    return [
        (
            "shift: the interval within 5 cents for 95 % of the notes",
            f"median {np.median(cents):.1f}, 95 % {np.percentile(cents, 95):.1f}; "
            f"{100 * near:.0f} % within (N = {len(cents)})",
            bool(near >= 0.95),
        ),
        (
            "shift: envelope of keep nearer than plain resampling's",
            f"by {gap.text(2)} dB (N = {gap.n})",
            gap.mean > gap.half_width,
        ),
    ]


_JUDGES = {
    "cost": _judge_cost,
    "playing": _judge_playing,
    "unseen": _judge_unseen,
    "transfer": _judge_transfer,
    "likeness": _judge_likeness,
    "shift": _judge_shift,
}


# --- tables ---


def sections(name: str, parts: Results) -> str:
    """All tables of one model."""
    tables = [table(parts[part]) for part, table in _TABLES.items() if part in parts]
    return f"## {name}\n\n" + "\n".join(tables)


def _cost_table(found: Results) -> str:
    rows = [
        ["one voice, of real time", f"{found['one']:.4f}"],
        ["each of eight voices, of real time", f"{found['eight']:.4f}"],
        ["first audio of a note, ms", f"{found['first']:.1f}"],
    ]
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


def _playing_table(found: Results) -> str:
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


def _unseen_table(found: Results, head: str = "unseen notes") -> str:
    rows = [
        [way, *(estimate([v[i] for v in values]).text(1) for i in (0, 1)), str(len(values))]
        for way, values in found.items()
    ]
    return markdown([head, "log-spectral dB", "mel dB", "N"], rows)


def _strangers_table(found: Results) -> str:
    return _unseen_table(found, "an instrument never heard, played by the nearest")


def _latent_table(found: Results) -> str:
    rows = [
        ["active units", f"{found['active']}"],
        ["nats a note; largest unit", f"{found['nats']:.1f}; {found['largest_nats']:.1f}"],
        ["aggregate posterior from the prior, nats a dimension", f"{found['aggregate_nats']:.3f}"],
        ["spread of encoded notes, in the prior's standard deviations", f"{found['spread']:.2f}"],
        ["linear probe for pitch, semitones off", f"{found['probe']:.1f}"],
        ["the same, guessing the mean", f"{found['guess']:.1f}"],
    ]
    return markdown([f"latent of {found['notes']:.0f} unseen notes", ""], rows)


def _transfer_table(found: Results) -> str:
    contours = found[0]
    loudness, frames = np.array(contours["loudness"]), np.array(contours["frames"])
    within = estimate(100 * np.array(contours["within"])[frames > 0] / frames[frames > 0])
    rows = [
        ["voiced frames within 20 cents, of a note", f"{within.text(1)} %"],
        ["voiced frames that stay voiced", f"{100 * np.mean(contours['voicing']):.1f} %"],
        ["correlation of loudness", estimate(loudness[np.isfinite(loudness)]).text(3)],
    ]
    return markdown([f"transfer ({len(loudness)} notes)", ""], rows)


def _likeness_table(found: Results) -> str:
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
        for asked, heard in found.get(kind, ()):
            if asked != heard:
                wrong.setdefault(asked, []).append(heard)
    worst = sorted(wrong.items(), key=lambda entry: -len(entry[1]))[:8]
    taken = "; ".join(f"{name} for {', '.join(sorted(set(some)))}" for name, some in worst)
    pairs = np.array(found["at_pitch"])
    rows = [
        [
            "draws over recordings, at the same pitches and velocities",
            f"{estimate(found['ratio']).text(2)} (N = {len(found['ratio'])} instruments)",
        ],
        ["pairs at one pitch, recordings, dB", estimate(pairs[:, 0]).text(1)],
        [f"pairs at one pitch, draws, dB (N = {len(pairs)})", estimate(pairs[:, 1]).text(1)],
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


def _shift_table(found: Results) -> str:
    cents = np.array(found["cents"])
    rows = [
        [
            "interval, cents off: median / 95 %",
            f"{np.median(cents):.1f} / {np.percentile(cents, 95):.1f}",
        ],
        ["within 5 cents", share_text(float((cents <= 5).sum()), len(cents))],
        *(
            [f"envelope's distance from the original, {what}, dB", estimate(found[way]).text(2)]
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
