"""Runs systems over the held-out sets and scores every clip; scores of a clip are remembered.

A system hears a clip at its own rate (made from the 48 kHz clip by one resampling) and is scored
at 16 kHz against the reference that went through the same resampling, so that nobody pays for
the rate it works at. What lies above 8 kHz is scored at 48 kHz, for full-band systems alone.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from aeolia.data.heldout.denoise import SAMPLE_RATE, Pair, pair_hash
from aeolia.metrics import METRICS, log_spectral_distance, si_sdr
from aeolia.runtime.catalogue import find_model, load
from aeolia.runtime.denoise import DenoisingStream
from benchmarks.peers.adapters import Peer

__all__ = ["NOISY", "System", "our_system", "peer_system", "score"]

Scores = dict[str, float]
_SCORED_AT = 16000
#: Counted up when a score's meaning changes, so that nothing remembered is mistaken for it.
_VERSION = 3


@dataclass(frozen=True)
class System:
    """Something to compare: `enhance` maps [T] at `sample_rate` to [T], aligned."""

    name: str
    sample_rate: int
    enhance: Callable[[np.ndarray], np.ndarray]
    #: Changes whenever its output may: what remembered results are filed under.
    key: str
    ours: bool = False


NOISY = System("noisy input", SAMPLE_RATE, lambda audio: audio, "noisy")


def our_system(name: str) -> System:
    """A released model (or a model file) through the stream that users run."""
    path = find_model(name)
    stream = DenoisingStream(load(path))
    key = f"ours-{_graph_digest(path)}"
    return System(path.stem, stream.sample_rate, stream.process, key, ours=True)


def _graph_digest(path: Path) -> str:
    """A digest of the graph and weights, whatever the card in the metadata says."""
    import onnx

    model = onnx.load(str(path))
    del model.metadata_props[:]
    return hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()[:16]


def peer_system(peer: Peer) -> System:
    """A peer; its key covers its files and the source of its adapter's classes."""
    classes = [kind for kind in type(peer).__mro__ if kind.__module__ == Peer.__module__]
    text = "".join(inspect.getsource(kind) for kind in classes)
    source = hashlib.sha256(text.encode()).hexdigest()[:8]
    files = _digest(peer.folder / file for file in peer.files)
    return System(peer.name, peer.sample_rate, peer.enhance, f"peer-{files}-{source}")


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def score(
    system: System,
    set_name: str,
    pairs: list[Pair],
    cache: Path,
    say: Callable[[str], None],
) -> list[Scores]:
    """Scores of each clip, in the set's order; from the cache where they are there."""
    key = f"{system.name} {set_name} {system.key} {_VERSION}"
    place = cache / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"
    known: dict[str, Scores] = {}
    if place.is_file():
        known = json.loads(place.read_text())["scores"]
    names = [pair_hash(pair) for pair in pairs]
    fresh = [(name, pair) for name, pair in zip(names, pairs, strict=True) if name not in known]
    if fresh:
        say(f"{system.name} on {set_name} ({len(fresh)} clips)")
        known |= {name: _SCORERS[set_name](system, pair) for name, pair in fresh}
        cache.mkdir(parents=True, exist_ok=True)
        partial = place.with_name(f".{place.name}.partial-{os.getpid()}")
        partial.write_text(json.dumps({"what": key, "scores": known}))
        os.replace(partial, place)
    return [known[name] for name in names]


def _at(audio: np.ndarray, source_rate: int, sample_rate: int) -> np.ndarray:
    if source_rate == sample_rate:
        return audio
    return soxr.resample(audio, source_rate, sample_rate).astype(np.float32)


def _enhanced(system: System, noisy: np.ndarray) -> np.ndarray:
    """[T] at 48 kHz -> what the system makes of it, at the system's own rate."""
    own = _at(noisy, SAMPLE_RATE, system.sample_rate)
    out = system.enhance(own)
    if out.shape != own.shape or not np.isfinite(out).all():
        raise SystemExit(f"{system.name} returned {out.shape} for {own.shape}, or not finite")
    return out


def _scored_pair(system: System, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    estimate = _at(_enhanced(system, pair.noisy), system.sample_rate, _SCORED_AT)
    return _at(pair.reference, SAMPLE_RATE, _SCORED_AT), estimate


def _metrics(*names: str) -> Callable[[System, Pair], Scores]:
    def measure(system: System, pair: Pair) -> Scores:
        reference, estimate = _scored_pair(system, pair)
        return {name: METRICS[name].compute(reference, estimate, _SCORED_AT) for name in names}

    return measure


def _full_band(system: System, pair: Pair) -> Scores:
    """Log-spectral distance from 8 to 20 kHz, at 48 kHz."""
    estimate = _at(_enhanced(system, pair.noisy), system.sample_rate, SAMPLE_RATE)
    distance = log_spectral_distance(
        pair.reference, estimate, SAMPLE_RATE, low_hz=8000, high_hz=20000
    )
    return {"lsd_above_8k": distance, "si_sdr": si_sdr(pair.reference, estimate)}


def _attenuation(system: System, pair: Pair) -> Scores:
    """Noise alone: how far it is lowered, and how steadily.

    Attenuation of each 100 ms in dB (both sides floored 60 dB below the loudest of the input);
    the first half second, in which systems settle, is left out. The standard deviation over time
    is what is heard as gating.
    """
    heard = _at(pair.noisy, SAMPLE_RATE, _SCORED_AT)
    left = _at(_enhanced(system, pair.noisy), system.sample_rate, _SCORED_AT)
    before, after = (
        (audio[8000:].reshape(-1, 1600).astype(np.float64) ** 2).mean(axis=1)
        for audio in (heard, left)
    )
    floor = before.max() * 1e-6
    loud = before > floor * 10
    steps = 10 * np.log10(np.maximum(before, floor) / np.maximum(after, floor))[loud]
    return {"attenuation_db": float(steps.mean()), "attenuation_std_db": float(steps.std())}


def _level(system: System, pair: Pair) -> Scores:
    """Level of the output in dB of full scale, at most 160 dB below it."""
    out = _enhanced(system, pair.noisy).astype(np.float64)
    return {"rms_dbfs": float(10 * np.log10(max((out**2).mean(), 1e-16)))}


_SCORERS: dict[str, Callable[[System, Pair], Scores]] = {
    "mixtures": _metrics("pesq_wb", "estoi", "si_sdr", "stoi"),
    "fullband": _full_band,
    "rooms": _metrics("stoi", "estoi", "si_sdr", "pesq_wb"),
    "clean": _metrics("si_sdr", "pesq_wb", "stoi"),
    "noises": _attenuation,
    "silence": _level,
}
