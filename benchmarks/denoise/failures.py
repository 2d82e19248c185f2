"""Where the denoisers fail: the held-out mixtures they gain least on, to look at and listen to.

The gallery is a folder with a page of players and spectrograms (`index.html`) and the pictures as
files, for the ten worst clips of each model by gain in SI-SDR and in PESQ-WB over the noisy input;
failures.md says in words and figures what these clips are. The recordings are not ours to pass on,
so the gallery stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aeolia.data.heldout.denoise import SAMPLE_RATE, SNRS_DB, HeldOutPair, draw, set_hash
from aeolia.evaluation.report import write_files
from aeolia.evaluation.tables import markdown
from aeolia.files import write_atomically
from aeolia.pictures.page import Clip, Gallery, Version, render_page
from aeolia.pictures.spectrogram import spectrogram_db, spectrogram_png
from benchmarks import say
from benchmarks.denoise.quality import NOISY, Competitor, our_system, resampled, score
from benchmarks.denoise.run import released_denoisers

__all__ = ["Failure", "clip", "in_words", "rank_failures", "run", "table", "write_gallery"]

#: Metric, title, unit, digits.
_METRICS = (("si_sdr", "SI-SDR", " dB", 1), ("pesq_wb", "PESQ-WB", "", 2))
_WORST = 10


@dataclass(frozen=True)
class Failure:
    """One clip and what it got from a model, worst first in its list."""

    pair: HeldOutPair
    before: float
    after: float

    @property
    def gain(self) -> float:
        """Of the score over the input's."""
        return self.after - self.before


def run(
    data: Path,
    gallery: Path,
    output: Path,
    *,
    models: Sequence[str] = (),
    clips: int = 200,
    cache: Path,
) -> None:
    """Score the mixtures (or remember their scores), write the gallery and the page.

    Raises:
        AeoliaError: a wrong path, a folder that is no data, an unknown model.
    """
    pairs = draw(data, clips=clips)["mixtures"]
    before = score(NOISY, "mixtures", pairs, cache)
    galleries, sections = [], [_head(pairs)]
    for competitor in map(our_system, models or released_denoisers()):
        after = score(competitor, "mixtures", pairs, cache)
        for metric, title, unit, digits in _METRICS:
            ranked = rank_failures(pairs, before[metric], after[metric])
            heading = f"{competitor.name}, by {title}"
            text = in_words(ranked)
            sections.append(f"## {heading}\n\n{text}\n\n{table(ranked, title + unit, digits)}")
            shown = [clip(competitor, one, title + unit, digits) for one in ranked[:_WORST]]
            galleries.append(Gallery(heading, text, tuple(shown)))
    write_gallery(gallery, galleries)
    write_atomically(output, "\n".join(sections))
    say(f"wrote {gallery / 'index.html'} and {output}")


def rank_failures(
    pairs: Sequence[HeldOutPair], before: Sequence[float], after: Sequence[float]
) -> list[Failure]:
    """All clips, the one with the least gain first."""
    failures = [
        Failure(pair, old, new) for pair, old, new in zip(pairs, before, after, strict=True)
    ]
    return sorted(failures, key=lambda failure: failure.gain)


def _head(pairs: list[HeldOutPair]) -> str:
    return (
        "# Where the denoisers fail\n\nWritten by `python -m benchmarks failures`; not edited by "
        f"hand. Of the {len(pairs)} held-out mixtures ({set_hash(pairs)}; what they are: "
        f"[README](README.md)) the {_WORST} on which each model gains least over its input. The "
        "script also writes a page with players and spectrograms.\n"
    )


def in_words(ranked: list[Failure]) -> str:
    """How the worst clips differ from all clips, in what is known of them."""
    worst, n_all = ranked[:_WORST], len(ranked)
    lost = sum(failure.gain < 0 for failure in ranked)
    kinds: dict[str, Callable[[HeldOutPair], bool]] = {
        "at 10 or 15 dB": lambda pair: (pair.snr_db or 0) >= 10,
        "at -5 or 0 dB": lambda pair: (pair.snr_db or 0) <= 0,
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


def table(ranked: list[Failure], title: str, digits: int) -> str:
    """The worst clips, a row each."""
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


def _room(pair: HeldOutPair) -> str:
    return "none" if pair.rt60_seconds is None else f"RT60 {pair.rt60_seconds:.2f} s"


def clip(competitor: Competitor, failure: Failure, title: str, digits: int) -> Clip:
    """A clip for the gallery: as it came, denoised, and the reference, at the system's rate."""
    pair, rate = failure.pair, competitor.entry.sample_rate
    own, reference = (resampled(x, SAMPLE_RATE, rate) for x in (pair.noisy, pair.reference))
    denoised = competitor.process(pair.noisy)
    caption = (
        f"{title}: {failure.before:.{digits}f} to {failure.after:.{digits}f} "
        f"({failure.gain:+.{digits}f}). SNR {pair.snr_db} dB, noise {pair.noise}, room "
        f"{_room(pair)}, speaker {pair.speaker}."
    )
    versions = (
        Version("noisy", own),
        Version(competitor.name, denoised),
        Version("reference", reference),
    )
    return Clip(pair.name, caption, rate, versions)


def write_gallery(folder: Path, galleries: Sequence[Gallery]) -> None:
    """The page, and the pictures as files.

    Raises:
        InputError: the folder cannot be written.
    """
    introduction = f"The {_WORST} held-out mixtures on which each model gains least."
    page = render_page("Where the denoisers fail", introduction, galleries=galleries)
    files: dict[str, bytes | str] = {"index.html": page}
    for gallery in galleries:
        for shown in gallery.clips:
            for version in shown.versions:
                levels = spectrogram_db(version.audio, shown.sample_rate)
                name = f"{shown.title}.{shown.sample_rate // 1000}k.{version.label}.png"
                top_db = float(np.percentile(levels, 99.5))
                files[f"pictures/{name}"] = spectrogram_png(levels, top_db=top_db)
    write_files(folder, files)
