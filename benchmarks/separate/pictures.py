"""Spectrograms of what the separators make of held-out recordings, as PNG.

`classes.png`: above a mixture of speech, music and noise and its three parts as recorded; below
what `denoise` makes of the mixture, and the three parts as `separate` finds them. `speaker.png`:
above a mixture of two voices, the requested one and the other as recorded; below the enrolment clip
and both as `separate-speaker` finds them. 50 Hz to 24 kHz (8 kHz for voices) upwards on a
logarithmic scale, 80 dB from dark to bright. `docs/separation.md` shows and explains them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

import aeolia
from aeolia.data.heldout.separate import HeldOutMixture, draw
from aeolia.evaluation.report import write_files
from aeolia.metrics import si_sdr
from benchmarks import say
from benchmarks.measure.pictures import picture

__all__ = ["class_picture", "run", "speaker_picture"]

_WIDTH = 230


def class_picture(clip: HeldOutMixture) -> bytes:
    """A mixture of classes, its parts, and what is found of them."""
    sources = list(clip.references)
    found = aeolia.separate(clip.mixture, clip.sample_rate, sources=sources)
    for name in sources:
        _print_scores(name, clip.references[name], found[name], clip.mixture)
    denoised = aeolia.denoise(clip.mixture, clip.sample_rate)
    rows = [
        [clip.mixture, *clip.references.values()],
        [denoised, *(found[name] for name in sources)],
    ]
    return picture(rows, clip.sample_rate, _WIDTH)


def speaker_picture(clip: HeldOutMixture) -> bytes:
    """A mixture of voices, the requested one, and what is found of it."""
    assert clip.enrolment is not None
    voice = aeolia.enrol(clip.enrolment, clip.sample_rate)
    found = aeolia.separate(clip.mixture, clip.sample_rate, speaker=voice, rest=True)
    target = clip.references["target"]
    _print_scores("speaker", target, found["speaker"], clip.mixture)
    rows = [
        [clip.mixture, target, clip.mixture - target],
        [clip.enrolment[: len(target)], found["speaker"], found["background"]],
    ]
    return picture(rows, clip.sample_rate, _WIDTH)


def _print_scores(name: str, reference: np.ndarray, found: np.ndarray, mixture: np.ndarray) -> None:
    before, after = si_sdr(reference, mixture), si_sdr(reference, found)
    say(f"{name}: SI-SDR {before:.1f} dB in the mixture, {after:.1f} dB as found")


def run(data: Path, folder: Path, *, hold_out: Sequence[str], classes: int, voices: int) -> None:
    """Draw both pictures.

    Args:
        data: a folder with manifest.csv.
        folder: for classes.png and speaker.png.
        hold_out: songs that training held out.
        classes, voices: number of the mixture, in the sets of the page.

    Raises:
        AeoliaError: a wrong path, or a folder that is no data.
    """
    clips = max(60, classes + 1, voices + 1)
    sets = draw(data, clips=clips, songs=hold_out, source="librispeech")
    mixed, spoken = sets["classes"], sets["two speakers at 0 dB"]
    wanted: dict[str, tuple[HeldOutMixture, Callable[[HeldOutMixture], bytes]]] = {
        "classes": (next(islice(mixed, classes, None)), class_picture),
        "speaker": (next(islice(spoken, voices, None)), speaker_picture),
    }
    for name, (clip, paint) in wanted.items():
        write_files(folder, {f"{name}.png": paint(clip)})
        say(f"{folder / name}.png: {clip.name} {clip.facts}")
