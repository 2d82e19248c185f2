"""How notes and scores are played: pitch, onsets, joins, levels, speed, memory."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence

import numpy as np

from aeolia.audio.pitch.contour import loudness_contour
from aeolia.audio.pitch.names import hz_to_midi, midi_to_hz
from aeolia.data.heldout.synth import HeldOutNotes, sound
from aeolia.data.synth.notes import RecordedNote
from aeolia.errors import ModelError
from aeolia.metrics.pitch import steady_pitch_hz
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.keyboard import POLYPHONY, Keyboard
from aeolia.runtime.synth.patch import choose_patch
from aeolia.runtime.synth.performance import Performance, PlayedNote, touch
from aeolia.runtime.synth.single import plan_notes, play_note
from benchmarks import ROOT
from benchmarks.measure.processes import run_measured

__all__ = [
    "first_audio_ms",
    "keyboard_cost",
    "join_ratios",
    "level_rises",
    "measure_cost",
    "measure_playing",
    "onset_errors",
    "pitch_errors",
    "voice_cost",
]


#: Seconds from a note of a line to the next.
_LINE_SECONDS = 0.3123
_LINE_NOTES = 6


def measure_playing(
    model: OnnxSynthesiser, recordings: HeldOutNotes | None, step: int
) -> dict[str, dict[str, object]]:
    """All that is measured of each instrument, by its name."""
    found: dict[str, dict[str, object]] = {}
    for name in model.config.instruments:
        falls, span = level_rises(model, name)
        row: dict[str, object] = {
            "onsets_ms": onset_errors(model, name).tolist(),
            "falls": falls,
            "span_db": span,
        }
        if not model.unpitched:
            row["cents"] = pitch_errors(model, name, step).tolist()
            real = recordings.known[name] + recordings.unseen[name] if recordings else []
            row["joins"] = join_ratios(model, name, real)
        found[name] = row
    return found


def pitch_errors(model: OnnxSynthesiser, name: str, step: int) -> np.ndarray:
    """Cents off, for notes over the instrument's range."""
    low, high = model.range_of(model.instrument(name))
    rate = model.config.sample_rate
    errors = []
    for number in np.arange(np.ceil(low), high + 1, step):
        (audio,) = play_note(model, plan_notes(model, name, float(number), 100), 0.5)
        errors.append(100 * (float(hz_to_midi(steady_pitch_hz(audio, rate))) - number))
    return np.array(errors)


def onset_errors(model: OnnxSynthesiser, name: str, seed: int = 0) -> np.ndarray:
    """Milliseconds from where the score has a note to where it sounds (40 dB below its start's
    loudest sample in 30 ms), for notes at odd times."""
    rng = np.random.default_rng(seed)
    condition = model.instrument(name)
    pitch = float(np.mean(model.range_of(condition)).round())
    latent = plan_notes(model, name, pitch, 100)[0].latent
    times = 0.1 + np.arange(6) * 1.5 + rng.uniform(0, 0.3, 6)
    push = touch(100, model.config.velocity_range_db)
    audio = Performance(
        [
            PlayedNote(model, t, t + 0.2, condition, latent, pitch, push, model.unpitched)
            for t in times
        ]
    ).render()
    rate = model.config.sample_rate
    errors = []
    for onset in times:
        start = round((onset - 0.02) * rate)
        part = np.abs(audio[start : start + round(0.05 * rate)])
        floor = part[: round(0.015 * rate)].max()
        audible = int(np.argmax(part > max(0.01 * part.max(), 2 * floor)))
        errors.append(1000 * ((start + audible) / rate - onset))
    return np.array(errors)


def join_ratios(
    model: OnnxSynthesiser, name: str, real: Sequence[RecordedNote] = ()
) -> tuple[float, float | None]:
    """Largest sample step within 2 ms of the joins of a line, over the largest inside notes.

    The line plays six notes of the instrument, at the pitches and velocities of recordings where
    there are some. First over those notes played alone, then over the recordings.
    """
    condition, rate = model.instrument(name), model.config.sample_rate
    low, high = model.range_of(condition)
    chosen = sorted(real, key=lambda note: abs(note.midi - 0.5 * (low + high)))[:_LINE_NOTES]
    line = [(float(note.label_midi), note.velocity) for note in chosen] or [
        (round(0.5 * (low + high)) + step, touch(100, model.config.velocity_range_db))
        for step in (0.0, 2.0, 4.0, 5.0, 7.0, 5.0)
    ]
    notes = []
    for number, (pitch, push) in enumerate(line):
        prior = model.prior(condition[None], np.array([pitch]), np.array([push]))
        start = _LINE_SECONDS * number
        notes.append(
            PlayedNote(model, start, start + _LINE_SECONDS, condition, prior.mean[0], pitch, push)
        )
    steps = np.abs(np.diff(Performance(notes).render()))
    near = np.zeros(len(steps), bool)
    for note in notes[1:]:
        middle = note.onset_seconds * rate
        near[round(middle - 0.002 * rate) : round(middle + 0.002 * rate)] = True
    joins = steps[near].max()
    alone = max(np.abs(np.diff(Performance([note]).render())).max() for note in notes)
    inside = [np.abs(np.diff(sound(note, 3.0, rate))).max() for note in chosen]
    return float(joins / alone), float(joins / max(inside)) if inside else None


def level_rises(model: OnnxSynthesiser, name: str) -> tuple[int, float]:
    """How often a firmer key was not louder (of 7), and decibels from velocity 16 to 127."""
    levels = []
    pitch = float(np.mean(model.range_of(model.instrument(name))).round())
    for velocity in (*range(16, 113, 16), 127):
        (audio,) = play_note(model, plan_notes(model, name, pitch, velocity), 0.3)
        levels.append(float(loudness_contour(audio, model.config.hop_length).max()))
    return int((np.diff(levels) <= 0).sum()), levels[-1] - levels[0]


# --- speed and memory ---


def measure_cost(model: OnnxSynthesiser, drums: str | None) -> dict[str, float]:
    """Speed of voices; of a score of two minutes (and its memory), where drums can play along."""
    found = {
        "one": voice_cost(model, 1),
        "eight": voice_cost(model, 8),
        "first": first_audio_ms(model),
        "keyboard": keyboard_cost(model),
    }
    if drums is not None:
        found.update(_score_cost(str(model.path), drums))
    return found


def voice_cost(model: OnnxSynthesiser, voices: int, seconds: float = 2.0) -> float:
    """Processor seconds for a second of one voice, of so many together; the best of three."""
    config = model.config
    frames = round(seconds * config.frame_rate)
    latent = np.zeros((voices, config.latent_dim), np.float32)
    condition = np.eye(len(config.instruments), dtype=np.float32)[np.zeros(voices, int)]
    pitch = np.tile(midi_to_hz(np.arange(voices) + 50.0)[:, None], (1, frames))
    pitch = np.zeros_like(pitch) if model.unpitched else pitch
    loudness = np.full((voices, frames), -20.0)
    taken = []
    for _ in range(3):
        started = time.process_time()
        model.decode(latent, condition, pitch, loudness)
        taken.append(time.process_time() - started)
    return min(taken) / seconds / voices


def keyboard_cost(model: OnnxSynthesiser, keys: int = POLYPHONY, seconds: float = 2.0) -> float:
    """Processor seconds for a second of a keyboard on which so many keys are held, in blocks of a
    frame and in a room; the best of three. Of the model's first instrument that sustains.
    """
    names = model.config.instruments
    name = next((name for name in names if name in ("cello", "alto_sax")), names[0])
    taken = []
    for _ in range(3):
        keyboard = Keyboard(choose_patch(model, name))
        for key in range(36, 36 + keys):
            keyboard.message([0x90, key, 90])
        keyboard.sound()
        n_blocks = round(seconds * keyboard.sample_rate / keyboard.block)
        started = time.process_time()
        for _ in range(n_blocks):
            keyboard.sound()
        taken.append(time.process_time() - started)
        if keyboard.sounding != keys:
            raise ModelError(f"{keyboard.sounding} of {keys} keys sounded to the end")
    return min(taken) / seconds


def first_audio_ms(model: OnnxSynthesiser) -> float:
    """Processor milliseconds from a request for a note to its first block of 4 frames; median."""
    taken = []
    name = model.config.instruments[0]
    for _ in range(20):
        started = time.process_time()
        (request,) = plan_notes(model, name)
        note = PlayedNote(
            model, 0.0, 1.0, model.instrument(name), request.latent, 60.0, 0.8, model.unpitched
        )
        next(Performance([note], frames_per_block=4).blocks())
        taken.append(1000 * (time.process_time() - started))
    return float(np.median(taken))


_PLAY_TWO_MINUTES = """
import json, os, sys, tempfile, time
from dataclasses import replace
from aeolia.api.synthesis import play_score_file
from aeolia.runtime.synth.score import Score
from aeolia.runtime.synth.score_reader import read_score
once = read_score(sys.argv[1])
times = int(120 // once.seconds) + 1
notes = [replace(note, onset_seconds=note.onset_seconds + n * once.seconds,
                 release_seconds=note.release_seconds + n * once.seconds)
         for n in range(times) for note in once.notes]
score = Score(tuple(note for note in notes if note.release_seconds < 120))
target = os.path.join(tempfile.mkdtemp(), "song.wav")
started, seen = time.process_time(), time.perf_counter()
report = play_score_file(score, target, model=sys.argv[2], drums=sys.argv[3])
print(json.dumps({"song_seconds": report.seconds, "song_notes": report.notes,
                  "song_cost": time.process_time() - started,
                  "song_wall": time.perf_counter() - seen}))
"""


def _score_cost(model: str, drums: str) -> dict[str, float]:
    """A process of its own plays the bundled score over and over for two minutes."""
    score = ROOT / "examples" / "greensleeves.mid"
    command = [sys.executable, "-c", _PLAY_TWO_MINUTES, str(score), model, drums]
    done = run_measured(command)
    if done.code:
        raise ModelError(f"playing the score failed with code {done.code}: {done.stderr[-500:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found | {"memory_mb": done.peak_mb}
