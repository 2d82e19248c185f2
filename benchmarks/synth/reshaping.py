"""Recordings reshaped: another instrument plays them (transfer), or they change pitch (shift)."""

from __future__ import annotations

import numpy as np

from aeolia import Stream
from aeolia.audio.pitch.contour import loudness_contour
from aeolia.audio.pitch.tracker import TRACK_HOP, TRACK_RATE, track_pitch
from aeolia.data.heldout.synth import HeldOutNotes, sound
from aeolia.data.synth.notes import RecordedNote
from aeolia.errors import InputError
from aeolia.metrics.pitch import steady_pitch_hz
from aeolia.runtime.synth.encoding import encode_recording
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.resynthesis import shifted
from benchmarks.synth.ear import envelope_db, resampled
from benchmarks.synth.sounds import compact

__all__ = ["contours_apart", "measure_shift", "measure_transfer"]

SECONDS = 1.2

#: Instruments whose held-out notes others play: they hold and bend their tones.
SOURCES = ("voice", "alto_sax", "cello", "violin", "clarinet", "tuba")
#: Instruments whose held-out notes are shifted.
SHIFTED = (
    "voice",
    "alto_sax",
    "cello",
    "nylon_guitar",
    "epiano_pianet",
    "flute",
    "clarinet",
    "violin",
)
SEMITONES = (4, -5)

#: Frames this far below the loudest are not compared.
_ACTIVE_DB = 50.0


def measure_transfer(
    model: OnnxSynthesiser, recordings: HeldOutNotes, count: int
) -> tuple[dict[str, object], dict[str, list[object]]]:
    """Contours of transfers beside their sources', and the mel levels of what came out.

    Every instrument plays `count` held-out notes of others, moved by octaves into its range.
    """
    rng = np.random.default_rng(0)
    rate = model.config.sample_rate
    found: dict[str, list[float]] = {"within": [], "frames": [], "loudness": [], "voicing": []}
    described: dict[str, list[object]] = {"levels": [], "instrument": [], "midi": []}
    for name in model.config.instruments:
        low, high = model.range_of(model.instrument(name))
        others = [one for one in SOURCES if one != name and recordings.unseen.get(one)]
        for source in (others[int(i)] for i in rng.permutation(len(others))[:count]):
            notes = recordings.unseen[source]
            note = notes[int(rng.integers(len(notes)))]
            octaves = round((float(np.clip(note.midi, low, high)) - note.midi) / 12)
            audio = sound(note, SECONDS, rate)
            stream = Stream(model, rate, 1, to=name, transpose=12.0 * octaves)
            output = stream.process(audio)
            described["levels"].append(compact(output, rate).tolist())
            described["instrument"].append(model.config.instruments.index(name))
            described["midi"].append(note.midi + 12.0 * octaves)
            for key, value in contours_apart(audio, output, 12.0 * octaves, rate).items():
                found[key].append(value)
    return dict(found), described


def contours_apart(
    source: np.ndarray, output: np.ndarray, semitones: float, rate: int
) -> dict[str, float]:
    """How far the contours of an output are those of its source.

    within: share of the frames with a pitch in both that lie within 20 cents; frames: how many;
    voicing: share of the source's frames with a pitch that have one in the output; loudness:
    correlation of the levels in decibels.
    """
    hop = round(rate * TRACK_HOP / TRACK_RATE)
    levels = [loudness_contour(x, hop) for x in (source, output)]
    pitch = [track_pitch(x, rate).pitch_hz for x in (source, output)]
    count = min(map(len, (*levels, *pitch)))
    audible = levels[0][:count] > levels[0].max() - _ACTIVE_DB
    voiced = [(p[:count] > 0) & audible for p in pitch]
    both = voiced[0] & voiced[1]
    cents = 1200 * np.log2(pitch[1][:count][both] / pitch[0][:count][both]) - 100 * semitones
    return {
        "within": float((np.abs(cents) <= 20).sum()),
        "frames": float(both.sum()),
        "voicing": float(both.sum() / max(voiced[0].sum(), 1)),
        "loudness": float(
            np.corrcoef(levels[0][:count][audible], levels[1][:count][audible])[0, 1]
        ),
    }


def measure_shift(
    model: OnnxSynthesiser, recordings: HeldOutNotes, count: int
) -> dict[str, list[float]]:
    """Cents off the interval, and how far the envelope has moved, in decibels.

    keep, move: through the model; plain: resampled, as a tape that runs faster.
    """
    rng = np.random.default_rng(0)
    rate = model.config.sample_rate
    found: dict[str, list[float]] = {
        "cents": [],
        "keep": [],
        "move": [],
        "plain": [],
        "refused": [],
    }
    for name in SHIFTED:
        notes: list[RecordedNote] = recordings.unseen.get(name, [])
        for index in rng.permutation(len(notes))[:count]:
            audio = sound(notes[int(index)], SECONDS, rate)
            try:
                encoding = encode_recording(audio, rate, model, name)
            except InputError:  # the tracker finds no pitch in it, or several
                found["refused"].append(1.0)
                continue
            before, envelope = steady_pitch_hz(audio, rate), envelope_db(audio, rate)
            for semitones in SEMITONES:
                ratio = 2 ** (semitones / 12)
                kept = shifted(encoding, model, semitones)
                interval = 1200 * np.log2(steady_pitch_hz(kept, rate) / before)
                found["cents"].append(abs(float(interval) - 100 * semitones))
                for way, output in (
                    ("keep", kept),
                    ("move", shifted(encoding, model, semitones, "move")),
                    ("plain", resampled(audio, ratio, round(len(audio) / max(ratio, 1)))),
                ):
                    apart = envelope_db(output, rate) - envelope
                    found[way].append(float(np.sqrt(np.mean(apart**2))))
    return found
