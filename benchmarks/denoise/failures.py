"""Where the denoisers fail: the held-out mixtures they gain least on, to look at and listen to.

    python benchmarks/failures.py --data DIR -o GALLERY

writes into the folder GALLERY a page with players and spectrograms (`index.html`) and the pictures
as files, for the ten worst clips of each model by gain in SI-SDR and in PESQ-WB over the noisy
input; and failures.md beside this file, which says in words and figures what these clips are.
The recordings are not ours to pass on, so GALLERY stays where it is. DIR holds `manifest.csv`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from aeolia.data.heldout.denoise import SAMPLE_RATE, SNRS_DB, Pair, build_sets, set_hash
from aeolia.evaluation.page import Clip, Gallery, Version, render_page
from aeolia.pictures.spectrogram import spectrogram_db, spectrogram_png
from aeolia.runtime.catalogue import released_models
from benchmarks import PAGES
from benchmarks.denoise.quality import NOISY, Scores, System, our_system, score
from benchmarks.tables import markdown

#: Metric, title, unit, digits.
_METRICS = (("si_sdr", "SI-SDR", " dB", 1), ("pesq_wb", "PESQ-WB", "", 2))
_WORST = 10


@dataclass(frozen=True)
class Failure:
    """One clip and what it got from a model, worst first in its list."""

    pair: Pair
    before: float
    after: float

    @property
    def gain(self) -> float:
        return self.after - self.before


def main() -> None:
    home = os.environ.get("AEOLIA_CACHE") or Path.home() / ".cache" / "aeolia"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the gallery")
    parser.add_argument("--models", nargs="*", help="names or files; all released ones if absent")
    parser.add_argument("--clips", type=int, default=200, help="mixtures; fewer for a quick look")
    parser.add_argument("--cache", type=Path, default=Path(home) / "benchmarks")
    parser.add_argument("--text", type=Path, default=PAGES / "failures.md")
    options = parser.parse_args()
    pairs = build_sets(options.data / "manifest.csv", options.clips)["mixtures"]
    before = score(NOISY, "mixtures", pairs, options.cache, print)
    denoisers = [name for name in released_models() if name.startswith("denoise")]
    galleries, sections = [], [_head(pairs)]
    for name in options.models or denoisers:
        system = our_system(name)
        after = score(system, "mixtures", pairs, options.cache, print)
        for metric, title, unit, digits in _METRICS:
            ranked = rank_failures(pairs, before, after, metric)
            heading = f"{system.name}, by {title}"
            text = _in_words(ranked)
            sections.append(f"## {heading}\n\n{text}\n\n{_table(ranked, title + unit, digits)}")
            clips = tuple(_clip(system, one, title + unit, digits) for one in ranked[:_WORST])
            galleries.append(Gallery(heading, text, clips))
    _write_gallery(options.output, galleries)
    options.text.write_text("\n".join(sections), encoding="utf-8")
    print(f"wrote {options.output / 'index.html'} and {options.text}")


def rank_failures(
    pairs: Sequence[Pair], before: Sequence[Scores], after: Sequence[Scores], metric: str
) -> list[Failure]:
    """All clips, the one with the least gain first."""
    failures = [
        Failure(pair, old[metric], new[metric])
        for pair, old, new in zip(pairs, before, after, strict=True)
    ]
    return sorted(failures, key=lambda failure: failure.gain)


def _head(pairs: list[Pair]) -> str:
    return (
        "# Where the denoisers fail\n\nWritten by `python benchmarks/failures.py`; not edited by "
        f"hand. Of the {len(pairs)} held-out mixtures ({set_hash(pairs)}; what they are: "
        f"[README](README.md)) the {_WORST} on which each model gains least over its input. The "
        "script also writes a page with players and spectrograms.\n"
    )


def _in_words(ranked: list[Failure]) -> str:
    """How the worst clips differ from all clips, in what is known of them."""
    worst, n_all = ranked[:_WORST], len(ranked)
    lost = sum(failure.gain < 0 for failure in ranked)
    kinds = {
        "at 10 or 15 dB": lambda pair: pair.snr_db >= 10,
        "at -5 or 0 dB": lambda pair: pair.snr_db <= 0,
        "in rooms": lambda pair: pair.rt60_seconds is not None,
        "babble": lambda pair: pair.noise == "babble",
    }
    shares = [
        f"{sum(kind(f.pair) for f in worst)} {name} "
        f"({sum(kind(f.pair) for f in ranked) * _WORST / n_all:.1f})"
        for name, kind in kinds.items()
    ]
    by_snr = [
        f"{np.mean([f.gain for f in ranked if f.pair.snr_db == snr]):+.2f} at {snr} dB"
        for snr in SNRS_DB
    ]
    return (
        f"{lost} of {n_all} clips lose. Of the worst {_WORST}: {', '.join(shares)}; in brackets, "
        f"how many of {_WORST} drawn at random. Mean gain {', '.join(by_snr)}."
    )


def _table(ranked: list[Failure], title: str, digits: int) -> str:
    rows = [
        [
            failure.pair.name,
            f"{failure.before:.{digits}f}",
            f"{failure.after:.{digits}f}",
            f"{failure.gain:+.{digits}f}",
            f"{failure.pair.snr_db}",
            _room(failure.pair),
            failure.pair.noise,
            failure.pair.speaker,
        ]
        for failure in ranked[:_WORST]
    ]
    head = ["clip", f"{title}, noisy", "denoised", "gain", "SNR dB", "room", "noise", "speaker"]
    return markdown(head, rows)


def _room(pair: Pair) -> str:
    return "none" if pair.rt60_seconds is None else f"RT60 {pair.rt60_seconds:.2f} s"


def _clip(system: System, failure: Failure, title: str, digits: int) -> Clip:
    pair = failure.pair
    own = soxr.resample(pair.noisy, SAMPLE_RATE, system.sample_rate)
    denoised = system.enhance(own.astype(np.float32))
    reference = soxr.resample(pair.reference, SAMPLE_RATE, system.sample_rate)
    caption = (
        f"{title}: {failure.before:.{digits}f} to {failure.after:.{digits}f} "
        f"({failure.gain:+.{digits}f}). SNR {pair.snr_db} dB, noise {pair.noise}, room "
        f"{_room(pair)}, speaker {pair.speaker}."
    )
    versions = (
        Version("noisy", own),
        Version(system.name, denoised),
        Version("reference", reference),
    )
    return Clip(pair.name, caption, system.sample_rate, versions)


def _write_gallery(folder: Path, galleries: Sequence[Gallery]) -> None:
    introduction = f"The {_WORST} held-out mixtures on which each model gains least."
    page = render_page("Where the denoisers fail", introduction, galleries=galleries)
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(page, encoding="utf-8")
    for gallery in galleries:
        for clip in gallery.clips:
            for version in clip.versions:
                levels = spectrogram_db(version.audio, clip.sample_rate)
                name = f"{clip.title}.{clip.sample_rate // 1000}k.{version.label}.png"
                picture = spectrogram_png(levels, top_db=float(np.percentile(levels, 99.5)))
                (pictures / name).write_bytes(picture)


if __name__ == "__main__":
    main()
