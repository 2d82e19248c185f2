"""Runs systems over the held-out sets and scores every clip; scores of a clip are remembered.

A system receives a clip at its own rate (made from the 48 kHz clip by one resampling) and is scored
at 16 kHz against the reference that went through the same resampling, so that nobody pays for
the rate it works at. What lies above 8 kHz is scored at 48 kHz, for full-band systems alone.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soxr

from aeolia.data.heldout.denoise import SAMPLE_RATE, HeldOutPair, pair_hash
from aeolia.errors import InputError
from aeolia.evaluation.scoring import System, run_system, score_audio
from aeolia.evaluation.systems import UNPROCESSED, load_system
from aeolia.files import write_atomically
from aeolia.metrics import METRICS, log_spectral_distance, si_sdr
from aeolia.runtime.catalogue import find_model, load
from benchmarks import say
from benchmarks.denoise.metrics import INPUT
from benchmarks.peers.peer import Peer
from benchmarks.results import Entry, Scores, digest_of

__all__ = [
    "NOISY",
    "ClipScores",
    "Competitor",
    "Scorer",
    "our_system",
    "peer_system",
    "remembered",
    "resampled",
    "score",
]

#: Metric -> the value for one clip.
ClipScores = dict[str, float]
_SCORED_AT = 16000
#: Counted up when a score's meaning changes, so that nothing remembered is mistaken for it.
_VERSION = 3


@dataclass(frozen=True)
class Competitor:
    """A system to compare, and how it is entered into the results."""

    entry: Entry
    system: System

    @property
    def name(self) -> str:
        """As in the tables."""
        return self.entry.name

    def process(self, noisy: np.ndarray) -> np.ndarray:
        """[T] at 48 kHz -> what the system makes of it, at the system's own rate.

        Raises:
            InputError: another shape came back, or samples that are not finite.
        """
        rate = self.entry.sample_rate
        try:
            return run_system(self.system, resampled(noisy, SAMPLE_RATE, rate), rate)[0]
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from error


#: What a system scores on one clip.
Scorer: TypeAlias = Callable[[Competitor, HeldOutPair], ClipScores]

NOISY = Competitor(Entry(INPUT, SAMPLE_RATE, "noisy"), load_system(UNPROCESSED))


def our_system(name: str) -> Competitor:
    """A released model (or a model file) through the stream that users run."""
    path = find_model(name)
    key = f"ours-{_graph_digest(path)}"
    rate = load(path, "denoise").config.sample_rate
    return Competitor(Entry(path.stem, rate, key, ours=True), load_system(str(path)))


def _graph_digest(path: Path) -> str:
    """A digest of the graph and weights, whatever the card in the metadata says."""
    import onnx

    model = onnx.load(str(path))
    del model.metadata_props[:]
    return digest_of(model.SerializeToString(deterministic=True))


def peer_system(peer: Peer) -> Competitor:
    """A peer; its key covers its files and the source of its adapter's classes."""
    classes = [kind for kind in type(peer).__mro__ if issubclass(kind, Peer)]
    source = digest_of("".join(inspect.getsource(kind) for kind in classes).encode())[:8]
    files = digest_of(b"".join((peer.folder / file).read_bytes() for file in peer.files))
    key = f"peer-{files}-{source}"
    entry = Entry(peer.name, peer.sample_rate, key)
    return Competitor(entry, lambda audio, _: peer.enhance(audio))


def score(
    competitor: Competitor,
    set_name: str,
    pairs: Sequence[HeldOutPair],
    cache: Path,
    more: Sequence[str] = (),
) -> Scores:
    """Each metric for every clip, in the set's order; from the cache where they are there.

    Args:
        more: names of metrics beside the set's own.
    """
    scores = remembered(competitor, set_name, pairs, cache, _SCORERS[set_name])
    for metric in more:
        names = _computed_together(metric)
        what = f"{set_name} {' '.join(names)}"
        found = remembered(competitor, what, pairs, cache, _metrics(*names))
        scores[metric] = found[metric]
    return scores


def _computed_together(metric: str) -> list[str]:
    """A metric, and those that come of the same computation: measured once, and remembered."""
    family = METRICS[metric].family
    return [name for name, one in METRICS.items() if family and one.family == family] or [metric]


def remembered(
    competitor: Competitor, what: str, pairs: Sequence[HeldOutPair], cache: Path, scorer: Scorer
) -> Scores:
    """What the scorer says of each clip, in order; from the cache where it is there."""
    key = f"{competitor.name} {what} {competitor.entry.key} {_VERSION}"
    path = cache / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"
    known: dict[str, ClipScores] = {}
    if path.is_file():
        known = json.loads(path.read_text())["scores"]
    names = [pair_hash(pair) for pair in pairs]
    fresh = [(name, pair) for name, pair in zip(names, pairs, strict=True) if name not in known]
    if fresh:
        say(f"{competitor.name} on {what} ({len(fresh)} clips)")
        known |= {name: scorer(competitor, pair) for name, pair in fresh}
        write_atomically(path, json.dumps({"what": key, "scores": known}))
    return {metric: [known[name][metric] for name in names] for metric in known[names[0]]}


def resampled(audio: np.ndarray, source_rate: int, sample_rate: int) -> np.ndarray:
    """Audio [T] at another rate, float32."""
    if source_rate == sample_rate:
        return audio
    return np.asarray(soxr.resample(audio, source_rate, sample_rate), np.float32)


def _estimate(competitor: Competitor, pair: HeldOutPair, rate: int) -> np.ndarray:
    return resampled(competitor.process(pair.noisy), competitor.entry.sample_rate, rate)


def _metrics(*names: str) -> Scorer:
    def measure(competitor: Competitor, pair: HeldOutPair) -> ClipScores:
        reference = resampled(pair.reference, SAMPLE_RATE, _SCORED_AT)
        estimate = _estimate(competitor, pair, _SCORED_AT)
        return score_audio(reference, estimate, _SCORED_AT, names)[0]

    return measure


def _full_band(competitor: Competitor, pair: HeldOutPair) -> ClipScores:
    """Log-spectral distance from 8 to 20 kHz, at 48 kHz."""
    estimate = _estimate(competitor, pair, SAMPLE_RATE)
    distance = log_spectral_distance(
        pair.reference, estimate, SAMPLE_RATE, low_hz=8000, high_hz=20000
    )
    return {"lsd_above_8k": distance, "si_sdr": si_sdr(pair.reference, estimate)}


def _attenuation(competitor: Competitor, pair: HeldOutPair) -> ClipScores:
    """Noise alone: how far it is lowered, and how steadily.

    Attenuation of each 100 ms in dB (both sides floored 60 dB below the loudest of the input);
    the first half second, in which systems settle, is left out. The standard deviation over time
    is what is heard as gating.
    """
    before, after = (
        (audio[8000:].reshape(-1, 1600).astype(np.float64) ** 2).mean(axis=1)
        for audio in (
            resampled(pair.noisy, SAMPLE_RATE, _SCORED_AT),
            _estimate(competitor, pair, _SCORED_AT),
        )
    )
    floor = before.max() * 1e-6
    loud = before > floor * 10
    steps = 10 * np.log10(np.maximum(before, floor) / np.maximum(after, floor))[loud]
    return {"attenuation_db": float(steps.mean()), "attenuation_std_db": float(steps.std())}


def _level(competitor: Competitor, pair: HeldOutPair) -> ClipScores:
    """Level of the output in dB of full scale, at most 160 dB below it."""
    out = competitor.process(pair.noisy).astype(np.float64)
    return {"rms_dbfs": float(10 * np.log10(max((out**2).mean(), 1e-16)))}


_SCORERS: dict[str, Scorer] = {
    "mixtures": _metrics("pesq_wb", "estoi", "si_sdr", "stoi"),
    "fullband": _full_band,
    "rooms": _metrics("stoi", "estoi", "si_sdr", "pesq_wb"),
    "clean": _metrics("si_sdr", "pesq_wb", "stoi"),
    "noises": _attenuation,
    "silence": _level,
}
