"""separate-drums.md: how well the parts of a drum kit come out of drums, and out of whole songs.

Held-out songs (`benchmarks.separate.excerpts`), which a soundfont plays that training never hears.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import fftconvolve, welch

import aeolia
from aeolia.config.classes import KIT
from aeolia.data.corpus.manifest import Row
from aeolia.data.heldout.separate import HeldOutMixture
from aeolia.data.separate.rows import kit_rows
from aeolia.errors import InputError
from aeolia.evaluation.statistics import clustered_interval
from aeolia.evaluation.tables import format_interval, markdown
from aeolia.metrics import sdr, si_sdr
from aeolia.runtime.catalogue import load
from aeolia.runtime.like import read_model
from aeolia.runtime.separate.backend import OnnxSeparator
from benchmarks import say
from benchmarks.results import ClipSet, Entry, Results, Scores, digest_of, provenance
from benchmarks.separate.baselines import ideal_ratio_masks
from benchmarks.separate.excerpts import REST, kit_excerpts

__all__ = ["measure", "page"]

#: Set -> whether it is of whole songs.
_SETS = {"drums alone": False, "whole songs": True}
#: Ends of the names of metrics: the improvement of SI-SDR; the level where the part is silent.
_GAIN, _LEVEL = ", gain", ", level"
#: Songs to learn from whose first excerpts the fixed filters are made of.
_LEARNED_FROM = 40
_FILTER_SAMPLES = 4096


def measure(data: Path, *, clips: int, models: Sequence[str]) -> Results:
    """All scores.

    Args:
        data: a folder with manifest.csv, or the manifest.
        clips: excerpts of 10 s, at most.
        models: names or files of separators that tell the parts of a kit apart.

    Raises:
        AeoliaError: a wrong path, songs without the parts of a kit, or a model of other classes.
    """
    opened: dict[str, OnnxSeparator] = {}
    systems: list[Entry] = []
    for model in models:
        backend = load(model, "separate")
        if tuple(backend.config.classes) != KIT:
            raise InputError(f"{model} does not tell {', '.join(KIT)} apart; name one that does")
        name = backend.path.stem
        key = digest_of(read_model(backend.path))
        systems.append(Entry(name, backend.config.sample_rate, key, ours=True))
        opened[name] = backend
    rows = kit_rows(data / "manifest.csv" if data.is_dir() else data)[0]
    sets, scores = {}, {}
    for title, whole in _SETS.items():
        say(title)
        sets[title], scores[title] = _measured(rows, clips, opened, whole)
    return Results("separate-drums", provenance(), systems, sets, scores)


def _measured(
    rows: Sequence[Row], clips: int, models: Mapping[str, OnnxSeparator], whole: bool
) -> tuple[ClipSet, dict[str, Scores]]:
    filters = fixed_filters([row for row in rows if row.split == "train"], whole)
    facts: list[dict[str, Any]] = []
    hashes: list[str] = []
    found: list[dict[str, dict[str, float]]] = []
    held_out = [row for row in rows if row.split == "report"]
    for clip in kit_excerpts(held_out, clips, whole=whole):
        say(clip.name)
        outputs = {
            "mixture": dict.fromkeys(KIT, clip.mixture),
            "fixed filters": {
                name: filtered(clip.mixture, kernel) for name, kernel in filters.items()
            },
            **_separated(models, clip, whole),
            "ideal ratio mask": ideal_ratio_masks(clip.mixture, clip.references),
        }
        found.append({name: _scores(clip, one) for name, one in outputs.items()})
        facts.append({"name": clip.name, **clip.facts})
        hashes.append(digest_of(np.round(clip.mixture * 32767).astype("<i2").tobytes()))
    metrics = dict.fromkeys(m for clip in found for one in clip.values() for m in one)
    scores = {
        system: {metric: [clip[system].get(metric, np.nan) for clip in found] for metric in metrics}
        for system in found[0]
    }
    return ClipSet(digest_of("".join(hashes).encode()), facts), scores


def _separated(
    models: Mapping[str, OnnxSeparator], clip: HeldOutMixture, whole: bool
) -> dict[str, dict[str, np.ndarray]]:
    """What models make of a clip; of a whole song also from the drums that `separate` takes out."""
    rate = clip.sample_rate
    inputs = {"": clip.mixture}
    if whole:
        inputs["drums, then "] = aeolia.separate(clip.mixture, rate, sources=["drums"])["drums"]
    return {
        before + name: aeolia.separate(audio, rate, sources=list(KIT), model=backend)
        for before, audio in inputs.items()
        for name, backend in models.items()
    }


def _scores(clip: HeldOutMixture, outputs: Mapping[str, np.ndarray]) -> dict[str, float]:
    """SDR and improvement of SI-SDR of each part that sounds; of others the level they have."""
    scores = {}
    for name in KIT:
        reference, output = clip.references.get(name), outputs.get(name)
        if output is None:
            continue
        if reference is None:
            power = float(np.mean(output**2)) / float(np.mean(clip.mixture**2))
            scores[name + _LEVEL] = 10.0 * float(np.log10(power + 1e-12))
            continue
        scores[name] = sdr(reference, output)
        scores[name + _GAIN] = si_sdr(reference, output) - si_sdr(reference, clip.mixture)
    return scores


def fixed_filters(rows: Sequence[Row], whole: bool) -> dict[str, np.ndarray]:
    """A filter [L] for each part, the same at all times: its mean share of the power by frequency.

    This is the best linear filter of sounds of these mean spectra (Wiener, 1949), and of no phase.
    """
    spectra: dict[str, Any] = {}
    songs = sorted({row.source for row in rows if row.label in KIT})[:_LEARNED_FROM]
    few = [row for row in rows if row.source in songs]
    for clip in kit_excerpts(few, len(songs), whole=whole):
        for name, audio in clip.references.items():
            own = welch(audio, nperseg=_FILTER_SAMPLES)[1]
            spectra[name] = spectra.get(name, 0.0) + own
    total = sum(spectra.values()) + 1e-20
    window = np.hanning(_FILTER_SAMPLES)
    return {
        name: window * np.fft.fftshift(np.fft.irfft(power / total))
        for name, power in spectra.items()
        if name != REST
    }


def filtered(audio: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Audio [T] through a filter whose time 0 is in its middle."""
    middle = len(kernel) // 2
    return np.asarray(fftconvolve(audio, kernel)[middle : middle + len(audio)], np.float32)


def page(results: Results) -> str:
    """The whole page."""
    made = results.made
    parts = [
        "# The parts of a drum kit\n\nWritten by `python -m benchmarks kit`; not edited by hand. "
        "Excerpts of 10 s of songs that are composed by rule and played by a soundfont that "
        "training never heard, in the song's own balance. Means with 95 % intervals, songs being "
        "what is drawn, over the excerpts in which the part is within 25 dB of all drums. *Fixed "
        "filters* are each part's mean share of the power in songs to train on, the same at all "
        "times. The *ideal ratio mask* knows the answer.\n\n"
        f"- date: {made['date']}; source: {made['source']}; {made['machine']}\n",
    ]
    for title in results.sets:
        parts += [
            f"## {title.capitalize()}\n\nSDR (BSSEval, whole excerpt), dB.\n",
            _table(results, title, ""),
            "SI-SDR improvement, dB.\n",
            _table(results, title, _GAIN),
        ]
        if silent := _table(results, title, _LEVEL):
            head = "Level of the output against the mixture, dB, where the part does not sound.\n"
            parts += [head, silent]
    return "\n".join(parts)


def _table(results: Results, title: str, ending: str) -> str:
    """Means by part and system; nothing where no clip has the metric."""
    own = {name: one for name, one in results.scores[title].items() if _tells(name, ending)}
    songs = results.sets[title].facts("song")
    rows = []
    for part in KIT:
        if part + ending not in next(iter(own.values())):
            continue
        means = [clustered_interval(scores[part + ending], songs) for scores in own.values()]
        cells = [format_interval(mean, 1) if mean.n else "" for mean in means]
        rows.append([part, str(max(mean.n for mean in means)), *cells])
    return markdown(["", "N", *own], rows) if rows else ""


def _tells(system: str, ending: str) -> bool:
    """Whether a table of these metrics has something to say of a system."""
    if ending == _LEVEL:
        return system not in ("mixture", "ideal ratio mask")
    return not (ending == _GAIN and system == "mixture")
