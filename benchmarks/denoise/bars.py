"""What the denoisers were asked to reach, each bar with its measured value."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from aeolia.data.heldout.denoise import SNRS_DB
from aeolia.evaluation.tables import markdown
from benchmarks.denoise.metrics import FULL_BAND_RATE, INPUT, MAIN
from benchmarks.denoise.timing import Cost, Timing
from benchmarks.results import Entry, Results

__all__ = ["bars"]

#: A model that is this late hears ahead; by how much it may.
_AHEAD_MS, _MOST_AHEAD_MS = 500, 2000
#: Of real time, for what is not used live.
_MOST_OF_AHEAD = 0.1
#: What is asked, what was measured, whether it is met.
Bar: TypeAlias = tuple[str, str, bool]


def bars(results: Results) -> str:
    """The table of all bars."""
    found = results.details["timing"]
    timing = Timing.from_dict(found) if found else None
    costs = {one["system"]: Cost(**one) for one in results.details["costs"]}
    rows: list[Bar] = []
    for system in results.systems:
        if system.ours:
            judged = [*_quality(system, results), _latency(system, results)]
            if timing is not None:
                judged += _speed(system, timing, costs[system.name], _hears_ahead(system, results))
            rows += [(f"{system.name}: {what}", value, met) for what, value, met in judged]
    for cost in costs.values():
        if cost.ours:
            size = cost.size_bytes / 1e6
            rows.append((f"{cost.system}: at most 8 MB", f"{size:.1f} MB", size <= 8))
    cells = [[asked, measured, "yes" if met else "**no**"] for asked, measured, met in rows]
    return "## What was asked\n\n" + markdown(["bar", "measured", "met"], cells)


def _quality(system: Entry, results: Results) -> list[Bar]:
    def gain(set_name: str, other: str, metric: str) -> np.ndarray:
        mine, theirs = (results.values(set_name, name, metric) for name in (system.name, other))
        return np.asarray(mine - theirs)

    def signed(gains: list[float]) -> str:
        return ", ".join(f"{one:+.3f}" for one in gains)

    rows: list[Bar] = []
    for other in ("RNNoise 0.1.1", "RNNoise 0.2", "NSNet2"):
        if results.has("mixtures", other):
            gains = [float(gain("mixtures", other, metric).mean()) for metric, _, _ in MAIN]
            rows.append((f"PESQ-WB, ESTOI, SI-SDR above {other}", signed(gains), min(gains) > 0))
    snrs = np.array(results.sets["mixtures"].facts("snr_db"))
    lowest = []
    for metric, _, _ in MAIN:
        gained = gain("mixtures", INPUT, metric)
        lowest.append(min(float(gained[snrs == snr].mean()) for snr in SNRS_DB))
    rows.append(("the same above noisy, worst SNR", signed(lowest), min(lowest) > 0))
    rooms = [float(gain("rooms", INPUT, metric).mean()) for metric in ("stoi", "si_sdr")]
    rows.append(("STOI, SI-SDR improve in rooms", signed(rooms), min(rooms) > 0))
    clean = float(results.values("clean", system.name, "si_sdr").mean())
    rows.append(("clean in, clean out at least 25 dB", f"{clean:.1f} dB", clean >= 25))
    return rows


def _latency(system: Entry, results: Results) -> Bar:
    found = results.details["latency_ms"][system.name]
    most = 40 if system.sample_rate == FULL_BAND_RATE else 32
    if _hears_ahead(system, results):
        most += _MOST_AHEAD_MS
    return f"latency at most {most} ms", f"{found:.0f} ms", found <= most


def _hears_ahead(system: Entry, results: Results) -> bool:
    """Whether it is for files alone: no live use waits that long."""
    return bool(results.details["latency_ms"][system.name] >= _AHEAD_MS)


def _speed(system: Entry, timing: Timing, cost: Cost, hears_ahead: bool) -> list[Bar]:
    full_band = system.sample_rate == FULL_BAND_RATE
    factor, most = timing.file(system.name), 0.03 if full_band else 0.008
    if hears_ahead:
        most = _MOST_OF_AHEAD
    rows: list[Bar] = [(f"a file in {most} of real time", f"{factor:.4f}", factor <= most)]
    small = not full_band and not hears_ahead
    if small and cost.macs is not None and cost.macs_with_transforms is not None:
        network, whole = cost.macs / 1e6, cost.macs_with_transforms / 1e6
        text = f"{network:.1f}; {whole:.1f} with its transforms"
        rows.append(("at most 60 MMAC/s", text, network <= 60))
        ours, theirs = timing.hop(system.name), timing.hop("GTCRN")
        if ours is not None and theirs is not None:
            share = ours / theirs
            rows.append(("a hop in a third of GTCRN's", f"{share:.2f}", share <= 1 / 3))
    command = next(one for one in timing.commands if one.model == system.name)
    cold = command.cold_start_seconds
    rows.append(("cold start 0.8 s (goal)", f"{cold:.2f} s", cold <= 0.8))
    if "60" in command.memory:
        (hour, _), (minute, _) = command.memory["60"], command.memory["1"]
        met = hour - minute <= 50 and hour <= 250
        text = f"{hour - minute:+.0f} MB, {hour:.0f} MB"
        rows.append(("an hour within 50 MB of a minute, 250 MB", text, met))
    return rows
