"""Spectrograms of synthesised sound beside the recordings it answers, as PNG.

One picture an instrument, 50 Hz to 24 kHz upwards on a logarithmic scale, 80 dB from dark to
bright. From left to right: a held-out recording; the same encoded and decoded; a draw from the
prior for its pitch and velocity; the recording shifted by four semitones; the recording played by
another instrument. Of drums the first three. `docs/synthesis.md` shows and explains them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aeolia import shift, transfer
from aeolia.data.heldout.synth import draw, sound
from aeolia.data.synth.notes import RecordedNote
from aeolia.evaluation.report import write_files
from aeolia.runtime.catalogue import load
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.program_names import known_name
from benchmarks import say
from benchmarks.measure.pictures import picture
from benchmarks.synth.sounds import played
from benchmarks.synth.unseen import encoded

__all__ = ["panels", "run"]

SECONDS = 1.2
#: Instrument, and the one that plays its recording in the last panel.
SHOWN = {"alto_sax": "cello", "voice": "tuba", "nylon_guitar": "epiano_cp80"}
HITS = ("snare", "hihat_open")


def panels(
    model: OnnxSynthesiser, name: str, note: RecordedNote, other: str | None
) -> list[np.ndarray]:
    """The sounds of one picture, each [T]."""
    config = model.config
    real = sound(note, SECONDS, config.sample_rate)
    frames = len(real) // config.hop_length
    rebuilt = model.decode(
        encoded(model, note),
        model.instrument(name),
        note.pitch_hz[:frames],
        note.loudness_db[:frames],
    )[0]
    sounds = [real, rebuilt, played(model, config.instruments.index(name), note, 0)]
    if other is not None:
        rate = config.sample_rate
        sounds.append(shift(real, rate, semitones=4, instrument=name, model=model))
        low, high = model.range_of(model.instrument(other))
        octaves = round((float(np.clip(note.midi, low, high)) - note.midi) / 12)
        sounds.append(transfer(real, rate, to=other, transpose=12.0 * octaves, model=model))
    return sounds


def run(data: Path, folder: Path) -> None:
    """Draw all pictures.

    Args:
        data: a folder with notes/ and drums/, or a table of both.
        folder: for a PNG an instrument.

    Raises:
        AeoliaError: a wrong path, or a folder that is no data.
    """
    for model_name, shown in (("notes", SHOWN), ("drums", dict.fromkeys(HITS))):
        model = load(model_name, "synth")
        recordings = draw(data, config=model.config)
        for name, other in shown.items():
            own = known_name(name, model.config.instruments) or name
            unseen = recordings.unseen[own]
            note = sorted(unseen, key=lambda one: (one.midi, one.velocity))[len(unseen) // 2]
            sounds = panels(model, own, note, other)
            write_files(folder, {f"{name}.png": picture([sounds], model.config.sample_rate)})
            say(f"{folder / name}.png: note {note.label_midi}, then {other or 'no transfer'}")
