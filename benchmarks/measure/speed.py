"""Speed and memory, ours and the peers' in the same run, each on one thread.

Systems take turns, round after round, and the best round is kept for files, so that a busy spell
of the machine falls on all of them.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from aeolia.errors import ModelError
from aeolia.runtime.catalogue import find_model, load
from aeolia.runtime.denoise import DenoisingStream
from benchmarks.measure.processes import run_measured
from benchmarks.peers.peer import HopPeer, Peer

__all__ = [
    "FileSpeed",
    "HopSpeed",
    "cold_start",
    "file_speeds",
    "hop_speeds",
    "peak_memory_mb",
]

_FILE_SECONDS = 60
_ROUNDS = 3


@dataclass(frozen=True)
class FileSpeed:
    """Seconds of work for a second of audio, over a file of a minute."""

    name: str
    sample_rate: int
    real_time_factor: float


@dataclass(frozen=True)
class HopSpeed:
    """Time of one hop, pushed as live audio comes, in milliseconds."""

    name: str
    hop_ms: float
    median_ms: float
    p99_ms: float

    @property
    def real_time_factor(self) -> float:
        return self.median_ms / self.hop_ms


def made_audio(seconds: float, sample_rate: int, seed: int = 0) -> np.ndarray:
    """[T] float32: noise with syllables' rise and fall, and every tenth second silent.

    What the samples are does not matter to the time taken, but for denormal numbers, which
    decaying states bring about in silence.
    """
    rng = np.random.default_rng(seed)
    time_axis = np.arange(int(seconds * sample_rate)) / sample_rate
    envelope = 0.05 * (1 + np.sin(2 * np.pi * 4 * time_axis)) * (time_axis % 10 < 9)
    return (envelope * rng.standard_normal(len(time_axis))).astype(np.float32)


def _rounds(work: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each piece of work in each round, taking turns."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            start = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - start)
    return taken


def file_speeds(
    models: Sequence[str],
    peers: Sequence[Peer],
    seconds: float = _FILE_SECONDS,
    rounds: int = _ROUNDS,
) -> list[FileSpeed]:
    """Each system over a whole file at its own rate, as its offline use would run it."""
    audio = {rate: made_audio(seconds, rate) for rate in (16000, 48000)}
    rates: dict[str, int] = {}
    work: dict[str, Callable[[], object]] = {}
    for name in models:
        stream = DenoisingStream(load(name, "denoise"))
        rates[find_model(name).stem] = stream.sample_rate
        work[find_model(name).stem] = partial(stream.process, audio[stream.sample_rate])
    for peer in peers:
        rates[peer.name] = peer.sample_rate
        work[peer.name] = partial(peer.enhance, audio[peer.sample_rate])
    taken = _rounds(work, rounds)
    return [FileSpeed(n, rates[n], min(t) / seconds) for n, t in taken.items()]


def hop_speeds(
    models: Sequence[str], peers: Sequence[Peer], seconds: float = 20, rounds: int = _ROUNDS
) -> list[HopSpeed]:
    """Each streaming system hop by hop; the percentiles are over all hops of all rounds."""
    steps: dict[str, tuple[float, int, Callable[[], None], Callable[[np.ndarray], object]]] = {}
    rates: dict[str, int] = {}
    for name in models:
        stream = DenoisingStream(load(name, "denoise"))
        hop = stream.backend.config.hop_length
        title = find_model(name).stem
        steps[title] = (1e3 * hop / stream.sample_rate, hop, stream.reset, stream.push)
        rates[title] = stream.sample_rate
    for peer in peers:
        if isinstance(peer, HopPeer):
            hop_ms = 1e3 * peer.hop / peer.sample_rate
            steps[peer.name] = (hop_ms, peer.hop, peer.reset, peer.step)
            rates[peer.name] = peer.sample_rate
    taken: dict[str, list[np.ndarray]] = {name: [] for name in steps}
    for turn in range(rounds + 1):
        for name, (_, hop, reset, step) in steps.items():
            audio = made_audio(seconds if turn else 1, rates[name])
            reset()
            times = _hop_times(audio[: len(audio) // hop * hop].reshape(-1, hop), step)
            if turn:
                taken[name].append(times)
    result = []
    for name, (hop_ms, *_) in steps.items():
        times = 1e3 * np.concatenate(taken[name])
        median, p99 = (float(np.percentile(times, q)) for q in (50, 99))
        result.append(HopSpeed(name, hop_ms, median, p99))
    return result


def _hop_times(blocks: np.ndarray, step: Callable[[np.ndarray], object]) -> np.ndarray:
    times = np.empty(len(blocks))
    for k, block in enumerate(blocks):
        start = time.perf_counter()
        step(block)
        times[k] = time.perf_counter() - start
    return times


def _command(*arguments: str) -> list[str]:
    """The installed `aeolia` beside this Python; else the same entry point through Python."""
    script = Path(sys.executable).with_name("aeolia")
    if script.is_file():
        return [str(script), *arguments]
    return [sys.executable, "-c", "from aeolia.cli import main; main()", *arguments]


def _denoise(source: Path, output: Path, model: str) -> tuple[float, float]:
    """Run the command once: (seconds from start to end, peak resident memory in MB)."""
    command = _command(
        "denoise", str(source), "-o", str(output), "--model", model, "--overwrite", "--quiet"
    )
    done = run_measured(command)
    if done.code or not output.is_file():
        raise ModelError(f"`aeolia denoise` failed with code {done.code}: {done.stderr[-500:]}")
    return done.seconds, done.peak_mb


def cold_start(model: str, times: int = 5) -> float:
    """Seconds from process start to file written, ten seconds of mono audio; median."""
    rate = load(model, "denoise").config.sample_rate
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "ten_seconds.wav")
        soundfile.write(source, made_audio(10, rate), rate, "PCM_16")
        runs = [_denoise(source, Path(folder, "out.wav"), model)[0] for _ in range(times)]
    return statistics.median(runs)


def peak_memory_mb(model: str, minutes: float) -> tuple[float, float]:
    """(peak resident MB, real-time factor) of the command on a 48 kHz stereo file."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "long.wav")
        minute = np.stack([made_audio(60, 48000, seed) for seed in (0, 1)], axis=1)
        with soundfile.SoundFile(source, "w", 48000, 2, "PCM_16") as file:
            for _ in range(int(minutes)):
                file.write(minute)
        seconds, peak = _denoise(source, Path(folder, "out.wav"), model)
    return peak, seconds / (60 * int(minutes))
