"""Writes the sections of RESULTS.md from scores; every figure in it comes from here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from aeolia.data.heldout.denoise import SNRS_DB, Pair
from benchmarks.denoise.quality import Scores, System
from benchmarks.measure.speed import FileSpeed, HopSpeed
from benchmarks.tables import Estimate, estimate, markdown, verdict

__all__ = [
    "MAIN",
    "Cost",
    "Results",
    "bars",
    "costs",
    "difference",
    "markdown",
    "quality_sections",
    "speed_sections",
    "values",
]

#: Results by (system, set).
Results = dict[tuple[str, str], list[Scores]]
#: System, MACs a second without and with its transforms (None: unknown), bytes.
Cost = tuple[str, float | None, float | None, int]
#: Metric, title, digits.
MAIN = (("pesq_wb", "PESQ-WB", 2), ("estoi", "ESTOI", 3), ("si_sdr", "SI-SDR dB", 2))


def values(scores: Sequence[Scores], metric: str, keep: Sequence[bool] | None = None) -> np.ndarray:
    chosen = scores if keep is None else [s for s, k in zip(scores, keep, strict=True) if k]
    return np.array([one[metric] for one in chosen])


def quality_sections(
    systems: Sequence[System], sets: dict[str, list[Pair]], results: Results
) -> str:
    ours = [system for system in systems if system.ours]
    parts = [_overall(systems, sets, results)]
    parts += [_against(one, systems, sets, results) for one in ours]
    parts += [_by_condition(systems, sets, results), _full_band(systems, ours, results)]
    parts += [_rooms(systems, results), _clean(systems, results), _noise_alone(systems, results)]
    return "\n".join(part for part in parts if part)


def _title(system: System) -> str:
    return f"**{system.name}**" if system.ours else system.name


def _overall(systems: Sequence[System], sets: dict[str, list[Pair]], results: Results) -> str:
    pairs = sets["mixtures"]
    speakers = len({pair.speaker for pair in pairs})
    recordings = len({pair.noise for pair in pairs} - {"babble"})
    babble = sum(pair.noise == "babble" for pair in pairs)
    text = (
        f"## Mixtures\n\n{len(pairs)} clips of 4 s: {speakers} speakers and {recordings} noise "
        f"recordings, none of them in training; {babble} clips have babble of the other held-out "
        "voices. Half are in rooms (image method, RT60 0.2 to 0.6 s), where the reference is the "
        "direct sound and its first 50 ms. Mean and 95 % interval over clips.\n\n"
    )
    rows = []
    for system in systems:
        scores = results[system.name, "mixtures"]
        cells = [estimate(values(scores, m)).text(d) for m, _, d in (*MAIN, ("stoi", "", 3))]
        rows.append([_title(system), f"{system.sample_rate // 1000}", *cells])
    head = ["system", "kHz", *(title for _, title, _ in MAIN), "STOI"]
    return text + markdown(head, rows)


def _against(
    ours: System, systems: Sequence[System], sets: dict[str, list[Pair]], results: Results
) -> str:
    """Paired differences: ours minus each other system, overall; and at which SNRs ahead."""
    mine = results[ours.name, "mixtures"]
    snrs = np.array([pair.snr_db for pair in sets["mixtures"]])
    rows = []
    for other in systems:
        if other.name == ours.name:
            continue
        theirs = results[other.name, "mixtures"]
        cells = []
        for metric, _, digits in MAIN:
            difference = values(mine, metric) - values(theirs, metric)
            whole = estimate(difference)
            leads = [float(difference[snrs == snr].mean()) > 0 for snr in SNRS_DB]
            cells.append(f"{whole.text(digits, sign=True)}, {verdict(whole)}, {sum(leads)}/5")
        rows.append([_title(other), *cells])
    return (
        f"### {ours.name} minus each other system, clip by clip\n\nMean of the paired differences "
        "with its 95 % interval; ahead or behind where the interval leaves out zero; and at how "
        "many of the five SNRs the mean is higher.\n\n"
        + markdown(["against", *(title for _, title, _ in MAIN)], rows)
    )


def _by_condition(systems: Sequence[System], sets: dict[str, list[Pair]], results: Results) -> str:
    pairs = sets["mixtures"]
    conditions: list[tuple[str, Callable[[Pair], bool]]] = [
        (f"{snr:+d} dB", lambda pair, snr=snr: pair.snr_db == snr)  # type: ignore[misc]
        for snr in SNRS_DB
    ]
    conditions += [
        ("no room", lambda pair: pair.rt60_seconds is None),
        ("rooms", lambda pair: pair.rt60_seconds is not None),
    ]
    text = []
    for metric, title, digits in MAIN:
        rows = []
        for system in systems:
            scores = results[system.name, "mixtures"]
            cells = [
                estimate(values(scores, metric, [keep(pair) for pair in pairs])).text(digits)
                for _, keep in conditions
            ]
            rows.append([_title(system), *cells])
        head = ["system", *(name for name, _ in conditions)]
        text.append(f"### {title} by SNR, and without and with rooms\n\n" + markdown(head, rows))
    return "\n".join(text)


def _simple(
    systems: Sequence[System],
    results: Results,
    set_name: str,
    columns: Sequence[tuple[str, str, int]],
) -> str:
    rows = []
    for system in systems:
        if (system.name, set_name) in results:
            scores = results[system.name, set_name]
            cells = [estimate(values(scores, metric)).text(d) for metric, _, d in columns]
            rows.append([_title(system), *cells])
    return markdown(["system", *(title for _, title, _ in columns)], rows)


def _full_band(systems: Sequence[System], ours: Sequence[System], results: Results) -> str:
    columns = (("lsd_above_8k", "LSD 8-20 kHz, dB", 2), ("si_sdr", "SI-SDR at 48 kHz, dB", 2))
    n = len(results["noisy input", "fullband"])
    text = (
        f"## Above 8 kHz\n\n{n} mixtures whose speech reaches beyond 16 kHz (two held-out "
        "speakers), systems that work at 48 kHz. Log-spectral distance from 8 to 20 kHz; lower "
        "is better.\n\n"
    ) + _simple(systems, results, "fullband", columns)
    for mine in ours:
        if (mine.name, "fullband") not in results:
            continue
        own = values(results[mine.name, "fullband"], "lsd_above_8k")
        for other in systems:
            if other.name != mine.name and (other.name, "fullband") in results:
                theirs = values(results[other.name, "fullband"], "lsd_above_8k")
                whole = estimate(own - theirs)
                text += (
                    f"\n- {mine.name} minus {other.name}: {whole.text(2, sign=True)} dB, "
                    f"{verdict(whole, higher_is_better=False)}"
                )
    return text + "\n"


def _rooms(systems: Sequence[System], results: Results) -> str:
    columns = (("stoi", "STOI", 3), ("si_sdr", "SI-SDR dB", 2), ("pesq_wb", "PESQ-WB", 2))
    n = len(results["noisy input", "rooms"])
    return (
        f"## Reverberation alone\n\n{n} clips without noise in rooms (image method, which "
        "training does not use) of RT60 0.3 to 0.9 s, against the direct sound and its first "
        "50 ms.\n\n" + _simple(systems, results, "rooms", columns)
    )


def _clean(systems: Sequence[System], results: Results) -> str:
    columns = (("si_sdr", "SI-SDR dB", 1), ("pesq_wb", "PESQ-WB", 2), ("stoi", "STOI", 3))
    chosen = [system for system in systems if system.name != "noisy input"]
    n = len(results["noisy input", "clean"])
    lowest = [
        f"{s.name} {values(results[s.name, 'clean'], 'si_sdr').min():.1f} dB"
        for s in chosen
        if s.ours
    ]
    text = f"## Clean in, clean out\n\n{n} clips of clean speech.\n\n"
    text += _simple(chosen, results, "clean", columns)
    return text + (f"\nLowest SI-SDR of a clip: {', '.join(lowest)}.\n" if lowest else "")


def _noise_alone(systems: Sequence[System], results: Results) -> str:
    columns = (
        ("attenuation_db", "attenuation dB", 1),
        ("attenuation_std_db", "its deviation over time, dB", 1),
    )
    chosen = [system for system in systems if system.name != "noisy input"]
    n = len(results["noisy input", "noises"])
    rows = []
    for system in systems:
        levels = values(results[system.name, "silence"], "rms_dbfs")
        rows.append([_title(system), *(f"{level:.0f}" for level in levels)])
    return (
        f"## Noise alone, and silence\n\n{n} held-out recordings without speech: how far they are "
        "lowered and, as the standard deviation over steps of 100 ms within a clip, how steadily "
        "(a large value is heard as gating).\n\n"
        + _simple(chosen, results, "noises", columns)
        + "\nLevel of the output in dB of full scale; -160 stands for nothing at all.\n\n"
        + markdown(["system", "digital silence in", "hiss at -90 dB in"], rows)
    )


def speed_sections(files: Sequence[FileSpeed], hops: Sequence[HopSpeed], ours: set[str]) -> str:
    def title(name: str) -> str:
        return f"**{name}**" if name in ours else name

    references = {one.name: one.real_time_factor for one in files}
    per_hop = {one.name: one.real_time_factor for one in hops}
    against = [name for name in ("GTCRN", "RNNoise 0.1.1", "RNNoise 0.2") if name in references]
    head = ["system", "kHz", "of real time", *(f"over {name}" for name in against)]
    rows = [
        [title(f.name), f"{f.sample_rate // 1000}", f"{f.real_time_factor:.4f}"]
        + [f"{f.real_time_factor / references[name]:.2f}" for name in against]
        for f in sorted(files, key=lambda one: one.real_time_factor)
    ]
    text = (
        "## Speed over a file\n\nSixty seconds, one thread; the best of three rounds in which the "
        "systems take turns. Streaming peers are run as they stream, hop by hop.\n\n"
        + markdown(head, rows)
    )
    against = [name for name in against if name in per_hop]
    head = ["system", "hop ms", "p50 ms", "p99 ms", "p50 of real time"]
    head += [f"over {name}" for name in against]
    rows = [
        [title(h.name), f"{h.hop_ms:.0f}", f"{h.median_ms:.3f}", f"{h.p99_ms:.3f}"]
        + [f"{h.real_time_factor:.4f}"]
        + [f"{h.real_time_factor / per_hop[name]:.2f}" for name in against]
        for h in sorted(hops, key=lambda one: one.real_time_factor)
    ]
    return text + "\n## Hop by hop\n\nPushed as live audio comes.\n\n" + markdown(head, rows)


def costs(rows: Sequence[Cost]) -> str:
    cells = [
        [
            name,
            *("" if macs is None else f"{macs / 1e6:.1f}" for macs in counts),
            f"{size / 1e6:.2f}",
        ]
        for name, *counts, size in rows
    ]
    return (
        "## Size and arithmetic\n\nMillions of multiply-accumulates a second of audio, counted "
        "from the shapes in a run of the graph. Peers' transforms happen outside their graphs. "
        "MB: the model's file, or the library that holds it.\n\n"
        + markdown(["system", "MMAC/s", "with transforms", "MB"], cells)
    )


def bars(rows: Sequence[tuple[str, str, bool]]) -> str:
    """(what is asked, what was measured, met) -> table."""
    cells = [[asked, measured, "yes" if met else "**no**"] for asked, measured, met in rows]
    return "## What was asked\n\n" + markdown(["bar", "measured", "met"], cells)


def difference(results: Results, mine: str, other: str, set_name: str, metric: str) -> Estimate:
    """Paired difference mine - other."""
    own, theirs = (values(results[name, set_name], metric) for name in (mine, other))
    return estimate(own - theirs)
