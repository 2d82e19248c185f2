"""RESULTS.md from the results of a run; every figure in it comes from here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from aeolia.data.heldout.denoise import SNRS_DB
from aeolia.evaluation.statistics import mean_interval, paired_difference
from aeolia.evaluation.tables import format_interval, format_mean, markdown
from aeolia.metrics import METRICS
from benchmarks.denoise.bars import bars
from benchmarks.denoise.metrics import INPUT, MAIN, Column
from benchmarks.denoise.timing import Cost, Timing, costs_table
from benchmarks.results import Entry, Results

__all__ = ["page"]


def page(results: Results) -> str:
    """The whole page."""
    ours = [system for system in results.systems if system.ours]
    parts = [_head(results), bars(results) if ours else "", _overall(results)]
    parts += [_against(one, results) for one in ours]
    parts += [_by_condition(results), _full_band(ours, results), _rooms(results)]
    parts += [_clean(results), _noise_alone(results)]
    if results.details["timing"]:
        timing = Timing.from_dict(results.details["timing"])
        parts.append(timing.tables({one.name for one in ours}))
    parts.append(costs_table([Cost(**one) for one in results.details["costs"]]))
    return "\n".join(part.rstrip() + "\n" for part in parts if part)


def _head(results: Results) -> str:
    made = results.made
    sets = [f"{name} {len(one.clips)} ({one.hash})" for name, one in results.sets.items()]
    lines = [
        "# Results",
        "",
        "Written by `python -m benchmarks denoise`; not edited by hand. How to run it, and what "
        "the sets are: [README](README.md).",
        "",
        f"- date: {made['date']}; source: {made['source']}; Aeolia {made['aeolia']}",
        f"- machine: {made['machine']}; {made['software']}; one thread for each system",
        "- sets: " + ", ".join(sets),
        *(f"- not run, {line}" for line in results.details["missing"]),
    ]
    return "\n".join(lines) + "\n"


def _title(system: Entry) -> str:
    return f"**{system.name}**" if system.ours else system.name


def _overall(results: Results) -> str:
    clips = results.sets["mixtures"]
    noises = clips.facts("noise")
    text = (
        f"## Mixtures\n\n{len(clips.clips)} clips of 4 s: {len(set(clips.facts('speaker')))} "
        f"speakers and {len(set(noises) - {'babble'})} noise recordings, none of them in training; "
        f"{noises.count('babble')} clips have babble of the other held-out voices. Half are in "
        "rooms (image method, RT60 0.2 to 0.6 s), where the reference is the direct sound and its "
        "first 50 ms. Mean and 95 % interval over clips.\n\n"
    )
    shown = {metric for metric, _, _ in MAIN}
    measured = results.scores["mixtures"][results.systems[0].name]
    others = [METRICS[name] for name in measured if name not in shown]
    columns = [*MAIN, *((one.name, one.title, one.digits) for one in others)]
    rows = []
    for system in results.systems:
        cells = [format_mean(results.values("mixtures", system.name, m), d) for m, _, d in columns]
        rows.append([_title(system), f"{system.sample_rate // 1000}", *cells])
    return text + markdown(["system", "kHz", *(title for _, title, _ in columns)], rows)


def _against(ours: Entry, results: Results) -> str:
    """Paired differences: ours minus each other system, overall; and at which SNRs ahead."""
    snrs = np.array(results.sets["mixtures"].facts("snr_db"))
    rows = []
    for other in results.systems:
        if other.name == ours.name:
            continue
        cells = []
        for metric, _, digits in MAIN:
            mine, theirs = (results.values("mixtures", s.name, metric) for s in (ours, other))
            whole = paired_difference(mine, theirs)
            leads = [float((mine - theirs)[snrs == snr].mean()) > 0 for snr in SNRS_DB]
            text = format_interval(whole, digits, sign=True)
            cells.append(f"{text}, {whole.verdict()}, {sum(leads)}/{len(SNRS_DB)}")
        rows.append([_title(other), *cells])
    return (
        f"### {ours.name} minus each other system, clip by clip\n\nMean of the paired differences "
        "with its 95 % interval; ahead or behind where the interval leaves out zero; and at how "
        "many of the five SNRs the mean is higher.\n\n"
        + markdown(["against", *(title for _, title, _ in MAIN)], rows)
    )


def _by_condition(results: Results) -> str:
    clips = results.sets["mixtures"]
    snrs, rooms = clips.facts("snr_db"), clips.facts("rt60_seconds")
    conditions = {f"{snr:+d} dB": np.array([one == snr for one in snrs]) for snr in SNRS_DB}
    conditions["no room"] = np.array([one is None for one in rooms])
    conditions["rooms"] = ~conditions["no room"]
    text = []
    for metric, title, digits in MAIN:
        rows = []
        for system in results.systems:
            values = results.values("mixtures", system.name, metric)
            means = [mean_interval(values[chosen]) for chosen in conditions.values()]
            rows.append([_title(system), *(format_interval(mean, digits) for mean in means)])
        text.append(
            f"### {title} by SNR, and without and with rooms\n\n"
            + markdown(["system", *conditions], rows)
        )
    return "\n".join(text)


def _simple(
    results: Results,
    set_name: str,
    columns: Sequence[Column],
    keep: Callable[[Entry], bool] = lambda system: True,
) -> str:
    rows = [
        [
            _title(system),
            *(format_mean(results.values(set_name, system.name, m), d) for m, _, d in columns),
        ]
        for system in results.systems
        if keep(system) and results.has(set_name, system.name)
    ]
    return markdown(["system", *(title for _, title, _ in columns)], rows)


def _full_band(ours: Sequence[Entry], results: Results) -> str:
    columns = (("lsd_above_8k", "LSD 8-20 kHz, dB", 2), ("si_sdr", "SI-SDR at 48 kHz, dB", 2))
    text = (
        f"## Above 8 kHz\n\n{len(results.sets['fullband'].clips)} mixtures whose speech reaches "
        "beyond 16 kHz (two held-out speakers), systems that work at 48 kHz. Log-spectral "
        "distance from 8 to 20 kHz; lower is better.\n\n"
    ) + _simple(results, "fullband", columns)
    for mine in ours:
        for other in results.systems:
            both = (mine.name, other.name)
            if mine.name != other.name and all(results.has("fullband", name) for name in both):
                difference = paired_difference(
                    *(results.values("fullband", name, "lsd_above_8k") for name in both)
                )
                text += (
                    f"\n- {mine.name} minus {other.name}: "
                    f"{format_interval(difference, 2, sign=True)} dB, "
                    f"{difference.verdict(higher_is_better=False)}"
                )
    return text + "\n"


def _rooms(results: Results) -> str:
    columns = (("stoi", "STOI", 3), ("si_sdr", "SI-SDR dB", 2), ("pesq_wb", "PESQ-WB", 2))
    return (
        f"## Reverberation alone\n\n{len(results.sets['rooms'].clips)} clips without noise in "
        "rooms (image method, which training does not use) of RT60 0.3 to 0.9 s, against the "
        "direct sound and its first 50 ms.\n\n" + _simple(results, "rooms", columns)
    )


def _clean(results: Results) -> str:
    columns = (("si_sdr", "SI-SDR dB", 1), ("pesq_wb", "PESQ-WB", 2), ("stoi", "STOI", 3))
    text = f"## Clean in, clean out\n\n{len(results.sets['clean'].clips)} clips of clean speech.\n"
    text += "\n" + _simple(results, "clean", columns, lambda system: system.name != INPUT)
    lowest = [
        f"{system.name} {results.values('clean', system.name, 'si_sdr').min():.1f} dB"
        for system in results.systems
        if system.ours
    ]
    return text + (f"\nLowest SI-SDR of a clip: {', '.join(lowest)}.\n" if lowest else "")


def _noise_alone(results: Results) -> str:
    columns = (
        ("attenuation_db", "attenuation dB", 1),
        ("attenuation_std_db", "its deviation over time, dB", 1),
    )
    rows = []
    for system in results.systems:
        levels = results.values("silence", system.name, "rms_dbfs")
        rows.append([_title(system), *(f"{level:.0f}" for level in levels)])
    return (
        f"## Noise alone, and silence\n\n{len(results.sets['noises'].clips)} held-out recordings "
        "without speech: how far they are lowered and, as the standard deviation over steps of "
        "100 ms within a clip, how steadily (a large value is heard as gating).\n\n"
        + _simple(results, "noises", columns, lambda system: system.name != INPUT)
        + "\nLevel of the output in dB of full scale; -160 stands for nothing at all.\n\n"
        + markdown(["system", "digital silence in", "hiss at -90 dB in"], rows)
    )
