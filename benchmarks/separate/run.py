"""SEPARATION.md: how well the released separators separate, beside baselines and an ideal mask.

Held-out speakers, songs, notes and noises (`aeolia.data.heldout.separate`). Without museval (and
ffmpeg, which it needs) the table by the rule of SiSEC 2018 is left out, and on request, too: it
takes most of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import aeolia
from aeolia.data.heldout.separate import HeldOutMixture, draw
from aeolia.errors import InputError
from aeolia.metrics import sdr, si_sdr
from aeolia.runtime.catalogue import load, released_models
from aeolia.runtime.like import read_model
from aeolia.runtime.released_file import open_released
from aeolia.runtime.separate.backend import OnnxSeparator
from benchmarks import say
from benchmarks.results import ClipSet, Entry, Results, Scores, digest_of, provenance
from benchmarks.separate.baselines import harmonic_percussive, ideal_ratio_masks
from benchmarks.separate.cost import cost_rows
from benchmarks.separate.report import FRAMES, GAIN

__all__ = ["PARTS", "measure", "released_separators"]

#: What can be measured apart: mixtures of classes, songs, and the sets of speakers.
PARTS = ("classes", "songs", "speakers")

#: System -> metric -> value, of one clip.
_Found = dict[str, dict[str, float]]


def released_separators() -> list[str]:
    """Names of the released models that separate."""
    models = released_models().items()
    return [name for name, path in models if open_released(path).config.task == "separate"]


def measure(
    data: Path,
    *,
    clips: int,
    hold_out: Sequence[str],
    models: Sequence[str],
    source: str | None,
    cost: bool,
    only: Sequence[str] = (),
    frames: bool = True,
) -> Results:
    """All scores and costs.

    Args:
        data: a folder with manifest.csv.
        clips: mixtures of classes; twice as many of speakers, at most 24 excerpts of songs.
        hold_out: songs that training held out.
        models: names or files; without one by class, or by speaker, its sets are left out.
        source: corpus that the speakers are from; None takes all.
        cost: whether to measure times.
        only: some of `PARTS`; all if there are none.
        frames: whether songs are scored by museval, too, where it is installed.

    Raises:
        AeoliaError: a wrong path, a folder that is no data, an unknown model or part.
    """
    if unknown := [part for part in only if part not in PARTS]:
        raise InputError(f"there is no part {unknown[0]!r}; parts are {', '.join(PARTS)}")
    parts = only or PARTS
    sets = draw(data, clips=clips, songs=hold_out, source=source)
    systems: list[Entry] = []
    opened: dict[str, dict[str, OnnxSeparator]] = {"classes": {}, "speaker": {}}
    for model in models:
        backend = load(model, "separate")
        name = backend.path.stem
        key = digest_of(read_model(backend.path))
        systems.append(Entry(name, backend.config.sample_rate, key, ours=True))
        opened[backend.config.condition][name] = backend
    by_class, by_speaker = opened["classes"], opened["speaker"]
    collected = {}
    for title, mixtures in sets.items():
        part = title if title in PARTS else "speakers"
        if part not in parts or not (by_speaker if part == "speakers" else by_class):
            continue
        say(title if part == title else f"speakers: {title}")
        if part == "classes":
            collected[title] = _classes(by_class, mixtures)
        elif part == "songs":
            collected[title] = _songs(by_class, mixtures, frames)
        else:
            collected[title] = _speakers(by_speaker, mixtures)
    return Results(
        page="separate",
        systems=systems,
        sets={name: one.clip_set() for name, one in collected.items()},
        scores={name: one.scores() for name, one in collected.items()},
        details={"cost": cost_rows(list(by_class), list(by_speaker)) if cost else []},
        made=provenance(),
    )


class _Collected:
    """Clips of a set and what every system scored on them."""

    def __init__(self) -> None:
        self._clips: list[dict[str, Any]] = []
        self._hashes: list[str] = []
        self._found: list[_Found] = []

    def add(self, clip: HeldOutMixture, found: _Found) -> None:
        self._clips.append({"name": clip.name, **clip.facts})
        self._hashes.append(digest_of(np.round(clip.mixture * 32767).astype("<i2").tobytes()))
        self._found.append(found)

    def clip_set(self) -> ClipSet:
        """The clips, whose hash covers their samples."""
        return ClipSet(digest_of("".join(self._hashes).encode()), self._clips)

    def scores(self) -> dict[str, Scores]:
        """NaN where a clip has no such source."""
        metrics: dict[str, dict[str, None]] = {}
        for found in self._found:
            for system, values in found.items():
                metrics.setdefault(system, {}).update(dict.fromkeys(values))
        return {
            system: {
                metric: [found.get(system, {}).get(metric, np.nan) for found in self._found]
                for metric in names
            }
            for system, names in metrics.items()
        }


def _separated(
    models: Mapping[str, OnnxSeparator], clip: HeldOutMixture
) -> dict[str, dict[str, np.ndarray]]:
    sources = list(clip.references)
    return {
        name: aeolia.separate(clip.mixture, clip.sample_rate, sources=sources, model=backend)
        for name, backend in models.items()
    }


def _classes(models: Mapping[str, OnnxSeparator], clips: Iterable[HeldOutMixture]) -> _Collected:
    """Improvement of SI-SDR for speech, music and noise."""
    collected = _Collected()
    for clip in clips:
        denoised = aeolia.denoise(clip.mixture, clip.sample_rate)
        outputs = {
            **_separated(models, clip),
            "ideal ratio mask": ideal_ratio_masks(clip.mixture, clip.references),
            "denoise": {"speech": denoised},
        }
        collected.add(clip, {key: _improvements(clip, one) for key, one in outputs.items()})
    return collected


def _improvements(clip: HeldOutMixture, outputs: Mapping[str, np.ndarray]) -> dict[str, float]:
    return {
        name: si_sdr(reference, outputs[name]) - si_sdr(reference, clip.mixture)
        for name, reference in clip.references.items()
        if name in outputs
    }


def _songs(
    models: Mapping[str, OnnxSeparator], clips: Iterable[HeldOutMixture], frames: bool
) -> _Collected:
    """SDR, and improvement of SI-SDR, of the stems of held-out songs, in their own balance."""
    collected = _Collected()
    for clip in clips:
        sources = list(clip.references)
        harmonic, percussive = harmonic_percussive(clip.mixture)
        outputs: dict[str, dict[str, np.ndarray]] = {
            "mixture": dict.fromkeys(sources, clip.mixture),
            "harmonic-percussive": {
                source: percussive if source == "drums" else harmonic for source in sources
            },
            **_separated(models, clip),
            "ideal ratio mask": ideal_ratio_masks(clip.mixture, clip.references),
        }
        found: _Found = {}
        for system, estimates in outputs.items():
            found[system] = {
                source: sdr(reference, estimates[source])
                for source, reference in clip.references.items()
            }
            if system != "mixture":
                gains = _improvements(clip, estimates)
                found[system] |= {source + GAIN: gain for source, gain in gains.items()}
            for source, value in _by_frames(clip, estimates).items() if frames else ():
                found[system][source + FRAMES] = value
        collected.add(clip, found)
    return collected


def _by_frames(clip: HeldOutMixture, estimates: Mapping[str, np.ndarray]) -> dict[str, float]:
    """SDR by source, median over frames of a second (BSSEval v4); nothing without museval."""
    try:
        from museval.metrics import bss_eval
    except (ImportError, RuntimeError):  # it refuses to be imported where there is no ffmpeg
        return {}
    names = list(clip.references)
    references, outputs = (
        np.stack([sounds[name] for name in names])[..., None].astype(np.float64)
        for sounds in (clip.references, estimates)
    )
    second = clip.sample_rate
    framed = bss_eval(references, outputs, window=second, hop=second)[0]
    return dict(zip(names, np.nanmedian(framed, axis=1).tolist(), strict=True))


def _speakers(models: Mapping[str, OnnxSeparator], clips: Iterable[HeldOutMixture]) -> _Collected:
    """Improvement of SI-SDR for the speaker, and the level of the output against the mixture."""
    collected = _Collected()
    for clip in clips:
        assert clip.enrolment is not None
        found: _Found = {}
        for name, backend in models.items():
            voice = aeolia.enrol(clip.enrolment, clip.sample_rate, model=backend.path)
            outputs = aeolia.separate(clip.mixture, clip.sample_rate, speaker=voice, model=backend)
            output, reference = outputs["speaker"], clip.references["target"]
            energy = float(np.mean(output**2)) / float(np.mean(clip.mixture**2))
            found[name] = {"level_db": 10.0 * float(np.log10(energy + 1e-12))}
            if reference.any():
                before = si_sdr(reference, clip.mixture)
                found[name]["gain"] = si_sdr(reference, output) - before
        collected.add(clip, found)
    return collected
