"""How well the released separators separate, beside simple baselines and an oracle.

    pip install museval                                                     # and ffmpeg
    python benchmarks/separation.py --data DIR [--clips 60] [-o SEPARATION.md]

Held-out speakers, songs, notes and noises (`aeolia.data.heldout.separate`). Baselines: the mixture
itself; `denoise` for speech; a harmonic-percussive split by median filters (Fitzgerald, DAFx 2010)
for drums (its harmonic part for the other stems); the ideal ratio mask, which knows the answer, as
the upper end. The stems are mono, so a mid-side split has nothing to work on. Without museval the
table by the rule of SiSEC 2018 is left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import median_filter
from scipy.signal import istft, stft

import aeolia
from aeolia.api import enrol, separate
from aeolia.data.heldout.separate import (
    HeldOutMixture,
    class_mixtures,
    song_excerpts,
    speaker_mixtures,
)
from aeolia.data.separate.rows import class_rows, speaker_rows
from aeolia.metrics import sdr, si_sdr
from aeolia.runtime.catalogue import find_model, load
from benchmarks import PAGES
from benchmarks.separate.cost import cost_table
from benchmarks.tables import estimate, markdown

Metric = Callable[[np.ndarray, np.ndarray], float]
#: Source -> what each system makes of it, per clip.
Scores = dict[str, dict[str, list[float]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--clips", type=int, default=60, help="mixtures per set")
    parser.add_argument("--hold-out", nargs="+", default=["4_potassium"], help="songs held out")
    parser.add_argument("--classes-model", default="separate")
    parser.add_argument("--speaker-model", default="separate-speaker")
    parser.add_argument("-o", "--output", type=Path, default=PAGES / "SEPARATION.md")
    options = parser.parse_args()
    manifest = options.data / "manifest.csv"
    rows, _ = class_rows(manifest, hold_out=options.hold_out)
    parts = [
        "# Separation\n\nWritten by `benchmarks/separation.py`. Means with 95 % intervals "
        "over clips, which share speakers, songs and noises.\n"
    ]
    parts.append(_classes(options.classes_model, class_mixtures(rows, options.clips)))
    parts.append(_songs(options.classes_model, song_excerpts(rows, min(24, options.clips))))
    both, _ = speaker_rows(manifest, manifest)
    cases: list[tuple[str, dict[str, Any]]] = [
        ("two speakers at 0 dB", {}),
        ("two speakers at 0 dB, noise at 10 dB", {"noise_snr_db": 10.0}),
        ("the asked-for speaker is absent", {"absent": True}),
    ]
    for title, settings in cases:
        clips = speaker_mixtures(both, 2 * options.clips, source="librispeech", **settings)
        parts.append(_speakers(options.speaker_model, title, clips))
    parts.append(cost_table(options.classes_model, options.speaker_model))
    options.output.write_text("\n".join(parts))
    print(options.output.read_text())


def _classes(model: str, clips: Iterable[HeldOutMixture]) -> str:
    """Improvement of SI-SDR for speech, music and noise."""
    backend, scores = load(model, "separate"), _Table()
    for clip in clips:
        wanted = list(clip.references)
        found = separate(clip.mixture, clip.sample_rate, sources=wanted, model=backend)
        denoised = aeolia.denoise(clip.mixture, clip.sample_rate)
        for name, reference in clip.references.items():
            before = si_sdr(reference, clip.mixture)
            scores.add(name, model, si_sdr(reference, found[name]) - before)
            scores.add(name, "ideal ratio mask", si_sdr(reference, _oracle(clip, name)) - before)
        reference = clip.references["speech"]
        before = si_sdr(reference, clip.mixture)
        scores.add("speech", "denoise", si_sdr(reference, denoised) - before)
    return scores.markdown("Speech + music + noise, 0 dB to each other", "SI-SDR improvement, dB")


def _songs(model: str, clips: Iterable[HeldOutMixture]) -> str:
    """SDR of the stems of held-out songs, in their own balance."""
    backend, scores, by_frames = load(model, "separate"), _Table(), _Table()
    for clip in clips:
        wanted = list(clip.references)
        found = separate(clip.mixture, clip.sample_rate, sources=wanted, model=backend)
        harmonic, percussive = _harmonic_percussive(clip.mixture)
        systems = {
            "mixture": dict.fromkeys(wanted, clip.mixture),
            "harmonic-percussive": {
                name: percussive if name == "drums" else harmonic for name in wanted
            },
            model: found,
            "ideal ratio mask": {name: _oracle(clip, name) for name in wanted},
        }
        for system, estimates in systems.items():
            framed = _museval_sdr(clip, estimates)
            for name, reference in clip.references.items():
                scores.add(name, system, sdr(reference, estimates[name]))
                if framed is not None:
                    by_frames.add(name, system, framed[name])
    text = scores.markdown(
        "Stems of a held-out song",
        "SDR (BSSEval, whole excerpt), dB. The song is by the artist of most training songs, and "
        "excerpts overlap: a small world",
    )
    if by_frames.values:
        text += "\nSDR (BSSEval v4, museval), dB: medians over frames of 1 s, then over excerpts.\n"
        text += f"\n{by_frames.medians()}"
    return text


def _museval_sdr(clip: HeldOutMixture, estimates: dict[str, np.ndarray]) -> dict[str, float] | None:
    """Median over frames of a second, by source; None without museval."""
    try:
        from museval.metrics import bss_eval
    except (ImportError, RuntimeError):  # it refuses to be imported where there is no ffmpeg
        return None
    names = list(clip.references)
    references, found = (
        np.stack([sounds[name] for name in names])[..., None].astype(np.float64)
        for sounds in (clip.references, estimates)
    )
    second = clip.sample_rate
    framed = bss_eval(references, found, window=second, hop=second)[0]
    return dict(zip(names, np.nanmedian(framed, axis=1), strict=True))


def _speakers(model: str, title: str, clips: Iterable[HeldOutMixture]) -> str:
    backend, scores, levels = load(model, "separate"), _Table(), []
    for clip in clips:
        assert clip.enrolment is not None
        voice = enrol(clip.enrolment, clip.sample_rate, model=find_model(model))
        found = separate(clip.mixture, clip.sample_rate, speaker=voice, model=backend)["speaker"]
        energy = float(np.mean(found**2)) / float(np.mean(clip.mixture**2))
        levels.append(10.0 * np.log10(energy + 1e-12))
        reference = clip.references.get("target")
        if reference is None or not reference.any():
            continue
        gain = si_sdr(reference, found) - si_sdr(reference, clip.mixture)
        for group in ("all", f"{clip.facts['genders']} gender"):
            scores.add(group, model, gain)
    if not scores.values:
        below = np.mean(np.array(levels) <= -20.0)
        level = estimate(levels).text(1)
        return (
            f"## Speakers: {title}\n\nLevel of the output against the mixture (N = {len(levels)}): "
            f"{level} dB; {100 * below:.0f} % of clips at -20 dB or below.\n"
        )
    missed = [
        f"{name}: {100 * np.mean(np.array(by[model]) < 1.0):.0f} %"
        for name, by in scores.values.items()
    ]
    text = scores.markdown(f"Speakers: {title}", "SI-SDR improvement, dB; enrolment 5 s")
    return text + f"\nImproved by less than 1 dB: {', '.join(missed)}.\n"


class _Table:
    """Scores by source and system."""

    def __init__(self) -> None:
        self.values: Scores = {}

    def add(self, source: str, system: str, value: float) -> None:
        self.values.setdefault(source, {}).setdefault(system, []).append(value)

    def medians(self) -> str:
        systems = list(next(iter(self.values.values())))
        rows = [
            [source, str(len(by[systems[0]])), *(f"{np.median(by[s]):.1f}" for s in systems)]
            for source, by in self.values.items()
        ]
        return markdown(["", "N", *systems], rows)

    def markdown(self, title: str, unit: str) -> str:
        systems = list(dict.fromkeys(name for by in self.values.values() for name in by))
        rows = [
            [
                source,
                str(len(next(iter(by.values())))),
                *(estimate(by[s]).text(1) if s in by else "" for s in systems),
            ]
            for source, by in self.values.items()
        ]
        table = markdown(["", "N", *systems], rows)
        return f"## {title}\n\n{unit}.\n\n{table}"


def _spectrum(audio: np.ndarray) -> np.ndarray:
    return stft(audio, nperseg=2048, noverlap=1536)[2]


def _samples(spectrum: np.ndarray, length: int) -> np.ndarray:
    audio = istft(spectrum, nperseg=2048, noverlap=1536)[1]
    return np.resize(audio, length).astype(np.float32)


def _oracle(clip: HeldOutMixture, name: str) -> np.ndarray:
    """The mixture under the ideal ratio mask |S| / sum of |S|."""
    magnitudes = {key: np.abs(_spectrum(audio)) for key, audio in clip.references.items()}
    mask = magnitudes[name] / (sum(magnitudes.values()) + 1e-9)
    return _samples(mask * _spectrum(clip.mixture), len(clip.mixture))


def _harmonic_percussive(audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Soft masks from medians along time and along frequency."""
    spectrum = _spectrum(audio)
    magnitude = np.abs(spectrum)
    along_time = median_filter(magnitude, size=(1, 31)) ** 2
    along_frequency = median_filter(magnitude, size=(31, 1)) ** 2
    mask = along_time / (along_time + along_frequency + 1e-12)
    return _samples(mask * spectrum, len(audio)), _samples((1 - mask) * spectrum, len(audio))


if __name__ == "__main__":
    main()
