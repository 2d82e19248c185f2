"""What the synthesisers were asked to reach, each bar with its measured value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from aeolia.evaluation.statistics import mean_interval
from aeolia.evaluation.tables import format_interval, markdown
from benchmarks.synth.tables import Parts, share_text

__all__ = ["bars"]

#: What is asked, what was measured, whether it is met.
Bar: TypeAlias = tuple[str, str, bool]


def bars(results: Mapping[str, Parts], sizes: Mapping[str, float]) -> str:
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


def _judge_cost(found: Parts) -> list[Bar]:
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


def _judge_playing(found: Parts) -> list[Bar]:
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


def _judge_unseen(found: Parts) -> list[Bar]:
    (_, best), *others = found.items()
    rows: list[Bar] = []
    for index, what in enumerate(("log-spectral", "mel")):
        ours = np.array(best)[:, index]
        gaps = [mean_interval(np.array(v)[:, index] - ours) for w, v in others if "learned" in w]
        text = ", ".join(f"{format_interval(gap, 1, sign=True)} dB" for gap in gaps)
        met = all(gap.low > 0 for gap in gaps)
        rows.append((f"unseen notes: {what} distance of the baselines above ours", text, met))
    return rows


def _judge_transfer(found: Any) -> list[Bar]:
    contours = found[0]
    within, frames = sum(contours["within"]), sum(contours["frames"])
    loudness = np.array(contours["loudness"])
    mean = mean_interval(loudness[np.isfinite(loudness)])
    return [
        (
            "transfer: pitch within 20 cents in 95 % of the voiced frames",
            f"{100 * within / frames:.1f} % of {frames:.0f} frames",
            within / frames >= 0.95,
        ),
        (
            "transfer: loudness correlates by 0.9",
            f"{format_interval(mean, 3)} (N = {mean.n})",
            mean.mean >= 0.9,
        ),
    ]


def _judge_likeness(found: Parts) -> list[Bar]:
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
    ratio = mean_interval(found["ratio"])
    rows.append(
        (
            "draws differ at least half as much as recordings",
            f"{format_interval(ratio, 2)} (N = {ratio.n} instruments)",
            ratio.mean >= 0.5,
        )
    )
    return rows


def _judge_shift(found: Parts) -> list[Bar]:
    cents = np.array(found["cents"])
    near = (cents <= 5).mean()
    gap = mean_interval(np.array(found["plain"]) - np.array(found["keep"]))
    return [
        (
            "shift: the interval within 5 cents for 95 % of the notes",
            f"median {np.median(cents):.1f}, 95 % {np.percentile(cents, 95):.1f}; "
            f"{100 * near:.0f} % within (N = {len(cents)})",
            bool(near >= 0.95),
        ),
        (
            "shift: envelope of keep nearer than plain resampling's",
            f"by {format_interval(gap, 2)} dB (N = {gap.n})",
            gap.low > 0,
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
