"""Regenerate RESULTS.md: our released models and the peers on the same held-out clips.

    python benchmarks/run.py --peers DIR --data DIR [--long]

DIR of `--data` holds `manifest.csv` and the recordings; DIR of `--peers` what README.md beside
this file lists. Peers' scores are remembered in `--cache`, so that only what changed runs again.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import numpy as np

from aeolia.data.heldout.denoise import SNRS_DB, Pair, build_sets, set_hash
from aeolia.runtime.catalogue import find_model, load, released_models
from aeolia.runtime.released_file import open_released
from benchmarks import PAGES
from benchmarks.denoise import report
from benchmarks.denoise.quality import NOISY, our_system, peer_system, score
from benchmarks.measure import cost, speed
from benchmarks.peers.adapters import Peer
from benchmarks.peers.folder import find_peers

_FULL_BAND_RATE = 48000


def _arguments() -> argparse.Namespace:
    home = os.environ.get("AEOLIA_CACHE") or Path.home() / ".cache" / "aeolia"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, required=True, help="folder of the peers' files")
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--skip", nargs="*", default=[], help="names of peers to leave out")
    parser.add_argument("--models", nargs="*", help="names or files; all released ones if absent")
    parser.add_argument("--cache", type=Path, default=Path(home) / "benchmarks")
    parser.add_argument("--clips", type=int, default=200, help="mixtures; fewer for a quick look")
    parser.add_argument("--long", action="store_true", help="also a file of one hour, for memory")
    parser.add_argument("--no-speed", action="store_true", help="quality only")
    parser.add_argument("-o", "--output", type=Path, default=PAGES / "RESULTS.md")
    return parser.parse_args()


def main() -> None:
    options = _arguments()
    models = options.models or [
        name
        for name, path in released_models().items()
        if open_released(path).config.task == "denoise"
    ]
    found, missing = find_peers(options.peers)
    peers = [peer for peer in found if peer.name not in options.skip]
    missing += [f"{peer.name}: left out by --skip" for peer in found if peer.name in options.skip]
    say = lambda line: print(line, flush=True)  # noqa: E731
    # Speed first: nothing else of this run has warmed or filled the machine yet.
    timing = None if options.no_speed else _measure_speed(models, peers, options.long, say)
    say("building the held-out sets")
    sets = build_sets(options.data / "manifest.csv", options.clips)
    systems = [NOISY, *map(peer_system, peers), *map(our_system, models)]
    results: report.Results = {}
    for set_name, pairs in sets.items():
        for system in systems:
            if set_name == "fullband" and system.sample_rate != _FULL_BAND_RATE:
                continue
            results[system.name, set_name] = score(system, set_name, pairs, options.cache, say)

    sections = [_head(options, sets, missing)]
    sections.append(report.bars(_bars(models, results, sets, timing)) if models else "")
    sections.append(report.quality_sections(systems, sets, results))
    if timing is not None:
        ours = {find_model(name).stem for name in models}
        sections.append(report.speed_sections(timing.files, timing.hops, ours))
        sections.append(timing.commands_table())
    sections.append(report.costs(_costs(models, peers)))
    text = "\n".join(section.rstrip() + "\n" for section in sections if section)
    partial = options.output.with_name(f".{options.output.name}.partial-{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, options.output)
    say(f"wrote {options.output}")


class Timing:
    """All that was timed in a run."""

    def __init__(self) -> None:
        self.files: list[speed.FileSpeed] = []
        self.hops: list[speed.HopSpeed] = []
        #: (model, seconds of a cold start, minutes -> (peak MB, real-time factor)).
        self.commands: list[tuple[str, float, dict[int, tuple[float, float]]]] = []

    def rtf(self, name: str) -> float:
        return next(one.real_time_factor for one in self.files if one.name == name)

    def hop(self, name: str) -> speed.HopSpeed:
        return next(one for one in self.hops if one.name == name)

    def commands_table(self) -> str:
        rows = []
        for name, cold, memory in self.commands:
            cells = [f"**{name}**", f"{cold:.2f}"]
            for minutes in (1, 60):
                peak, factor = memory.get(minutes, (0.0, 0.0))
                cells += [f"{peak:.0f}" if peak else "", f"{factor:.4f}" if peak else ""]
            rows.append(cells)
        head = ["model", "cold start s", "peak MB, 1 min", "of real time"]
        head += ["peak MB, 1 h", "of real time"]
        return (
            "## The command\n\n`aeolia denoise` as a process of its own. Cold start: ten seconds "
            "of mono audio, process start to file written, median of five. Memory: resident peak "
            "and time, start included, for a 48 kHz stereo file.\n\n" + report.markdown(head, rows)
        )


def _measure_speed(models: list[str], peers: list[Peer], long: bool, say: speed.Say) -> Timing:
    timing = Timing()
    say("timing files")
    timing.files = speed.file_speeds(models, peers)
    say("timing hops")
    timing.hops = speed.hop_speeds(models, peers)
    for name in models:
        say(f"timing the command with {name}")
        cold = speed.cold_start(name)
        memory = {m: speed.peak_memory_mb(name, m) for m in ((1, 60) if long else (1,))}
        timing.commands.append((find_model(name).stem, cold, memory))
    return timing


def _costs(models: list[str], peers: list[Peer]) -> list[report.Cost]:
    rows: list[report.Cost] = []
    for name in models:
        path = find_model(name)
        size = path.stat().st_size
        rows.append((f"**{path.stem}**", *cost.our_macs_per_second(path), size))
    for peer in peers:
        rows.append((peer.name, cost.peer_macs_per_second(peer), None, peer.size_bytes()))
    return rows


def _bars(
    models: list[str],
    results: report.Results,
    sets: dict[str, list[Pair]],
    timing: Timing | None,
) -> list[tuple[str, str, bool]]:
    """The foundation's bars, each with its measured value."""
    snrs = np.array([pair.snr_db for pair in sets["mixtures"]])
    rows: list[tuple[str, str, bool]] = []
    for model in models:
        name, config = find_model(model).stem, load(model).config
        for other in ("RNNoise 0.1.1", "RNNoise 0.2", "NSNet2"):
            if (other, "mixtures") in results:
                gains = [
                    report.difference(results, name, other, "mixtures", metric).mean
                    for metric, _, _ in report.MAIN
                ]
                text = ", ".join(f"{gain:+.3f}" for gain in gains)
                rows.append((f"{name}: PESQ-WB, ESTOI, SI-SDR above {other}", text, min(gains) > 0))
        lowest = []
        for metric, _, _ in report.MAIN:
            gain = report.values(results[name, "mixtures"], metric)
            gain = gain - report.values(results["noisy input", "mixtures"], metric)
            lowest.append(min(float(gain[snrs == snr].mean()) for snr in SNRS_DB))
        text = ", ".join(f"{gain:+.3f}" for gain in lowest)
        rows.append((f"{name}: the same above noisy, worst SNR", text, min(lowest) > 0))
        rooms = [
            report.difference(results, name, "noisy input", "rooms", metric).mean
            for metric in ("stoi", "si_sdr")
        ]
        text = ", ".join(f"{gain:+.3f}" for gain in rooms)
        rows.append((f"{name}: STOI, SI-SDR improve in rooms", text, min(rooms) > 0))
        clean = float(report.values(results[name, "clean"], "si_sdr").mean())
        rows.append((f"{name}: clean in, clean out at least 25 dB", f"{clean:.1f} dB", clean >= 25))
        most = 40 if config.sample_rate == _FULL_BAND_RATE else 32
        rows.append(
            (
                f"{name}: latency at most {most} ms",
                f"{config.latency_ms:.0f} ms",
                config.latency_ms <= most,
            )
        )
        if timing is not None:
            rows += _speed_bars(name, config.sample_rate, timing)
    sizes = sum(find_model(model).stat().st_size for model in models) / 1e6
    rows.append(("models together under 10 MB", f"{sizes:.1f} MB", sizes < 10))
    return rows


def _speed_bars(name: str, sample_rate: int, timing: Timing) -> list[tuple[str, str, bool]]:
    rows = []
    factor, most = timing.rtf(name), 0.03 if sample_rate == _FULL_BAND_RATE else 0.008
    rows.append((f"{name}: a file in {most} of real time", f"{factor:.4f}", factor <= most))
    if sample_rate == 16000:
        network, whole = (macs / 1e6 for macs in cost.our_macs_per_second(find_model(name)))
        text = f"{network:.1f}; {whole:.1f} with its transforms"
        rows.append((f"{name}: at most 60 MMAC/s", text, network <= 60))
        if any(one.name == "GTCRN" for one in timing.hops):
            share = timing.hop(name).real_time_factor / timing.hop("GTCRN").real_time_factor
            rows.append((f"{name}: a hop in a third of GTCRN's", f"{share:.2f}", share <= 1 / 3))
    for model, cold, memory in timing.commands:
        if model == name:
            rows.append((f"{name}: cold start 0.8 s (goal)", f"{cold:.2f} s", cold <= 0.8))
            if 60 in memory:
                more = memory[60][0] - memory[1][0]
                met = more <= 50 and memory[60][0] <= 250
                text = f"{more:+.0f} MB, {memory[60][0]:.0f} MB"
                rows.append((f"{name}: an hour within 50 MB of a minute, 250 MB", text, met))
    return rows


def _head(options: argparse.Namespace, sets: dict[str, list[Pair]], missing: list[str]) -> str:
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--exclude=*"],
            cwd=PAGES,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        described = "unknown"
    load_text = "unknown"
    if hasattr(os, "getloadavg"):
        load_text = f"{os.getloadavg()[0]:.1f}"
    lines = [
        "# Results",
        "",
        "Written by `python benchmarks/run.py`; not edited by hand. How to run it, and what the "
        "sets are: [README](README.md).",
        "",
        f"- date: {datetime.date.today().isoformat()}; source: {described}; Aeolia "
        f"{version('aeolia') if _installed() else 'from source'}",
        f"- machine: {_processor()}, {os.cpu_count()} cores, load {load_text} at the end of the "
        f"run; {platform.system()}, Python {platform.python_version()}, ONNX Runtime "
        f"{version('onnxruntime')}; one thread for each system",
        "- sets: " + ", ".join(f"{n} {len(p)} ({set_hash(p)})" for n, p in sets.items()),
    ]
    lines += [f"- not run, {line}" for line in missing]
    return "\n".join(lines) + "\n"


def _installed() -> bool:
    try:
        return bool(version("aeolia"))
    except Exception:
        return False


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
