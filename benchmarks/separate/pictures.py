"""Spectrograms of what the separators make of held-out recordings, as PNG.

    python benchmarks/separation_pictures.py --data DIR [-o docs/separation]

`classes.png`: above a mixture of speech, music and noise and its three parts as recorded; below
what `denoise` makes of the mixture, and the three parts as `separate` finds them. `speaker.png`:
above a mixture of two voices, the one asked for and the other as recorded; below the enrolment clip
and both as `separate-speaker` finds them. 50 Hz to 24 kHz (8 kHz for voices) upwards on a
logarithmic scale, 80 dB from dark to bright. `docs/separation.md` shows and explains them.
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path

import numpy as np

import aeolia
from aeolia.api import enrol, separate
from aeolia.data.heldout.separate import HeldOutMixture, class_mixtures, speaker_mixtures
from aeolia.data.separate.rows import class_rows, speaker_rows
from aeolia.metrics import si_sdr
from benchmarks import ROOT
from benchmarks.measure.pictures import picture

_WIDTH = 230


def class_picture(clip: HeldOutMixture) -> bytes:
    """A mixture of classes, its parts, and what is found of them."""
    wanted = list(clip.references)
    found = separate(clip.mixture, clip.sample_rate, sources=wanted)
    for name in wanted:
        _tell(name, clip.references[name], found[name], clip.mixture)
    denoised = aeolia.denoise(clip.mixture, clip.sample_rate)
    rows = [
        [clip.mixture, *clip.references.values()],
        [denoised, *(found[name] for name in wanted)],
    ]
    return picture(rows, clip.sample_rate, _WIDTH)


def speaker_picture(clip: HeldOutMixture) -> bytes:
    """A mixture of voices, the one asked for, and what is found of it."""
    assert clip.enrolment is not None
    voice = enrol(clip.enrolment, clip.sample_rate)
    found = separate(clip.mixture, clip.sample_rate, speaker=voice, rest=True)
    target = clip.references["target"]
    _tell("speaker", target, found["speaker"], clip.mixture)
    rows = [
        [clip.mixture, target, clip.mixture - target],
        [clip.enrolment[: len(target)], found["speaker"], found["background"]],
    ]
    return picture(rows, clip.sample_rate, _WIDTH)


def _tell(name: str, reference: np.ndarray, found: np.ndarray, mixture: np.ndarray) -> None:
    before, after = si_sdr(reference, mixture), si_sdr(reference, found)
    print(f"{name}: SI-SDR {before:.1f} dB in the mixture, {after:.1f} dB as found")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--classes", type=int, default=4, help="number of the mixture of classes")
    parser.add_argument("--voices", type=int, default=1, help="number of the mixture of voices")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "separation")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    manifest = options.data / "manifest.csv"
    rows, _ = class_rows(manifest, hold_out=["4_potassium"])
    voices, _ = speaker_rows(manifest, manifest)
    mixed = next(islice(class_mixtures(rows, 60), options.classes, None))
    spoken = speaker_mixtures(voices, 120, source="librispeech")
    two = next(islice(spoken, options.voices, None))
    for name, clip, draw in (("classes", mixed, class_picture), ("speaker", two, speaker_picture)):
        path = options.output / f"{name}.png"
        path.write_bytes(draw(clip))
        print(f"{path}: {clip.name} {clip.facts}")


if __name__ == "__main__":
    main()
