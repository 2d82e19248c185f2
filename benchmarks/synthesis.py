"""How well released synthesisers play: pitch, onsets, levels, joins, speed; and unseen notes.

    python benchmarks/synthesis.py [--model notes] [--data ../shared/data] [--notes 3]

Prints Markdown tables. The first needs nothing but the model; the second, with --data, resounds
notes whose pitches training held out, beside two other ways to get them: the nearest training note
of the same instrument resampled to the pitch, and a phase vocoder over the same. Times are
processor time on one thread, so that a busy machine changes little.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from tables import estimate, markdown

from aeolia.audio.contour import loudness_contour
from aeolia.audio.pitch_names import hz, midi
from aeolia.runtime.catalogue import load
from aeolia.runtime.instrument import OnnxSynthesiser
from aeolia.runtime.performance import Performance, PlayedNote, touch
from aeolia.runtime.single import plan_notes, play_note

ROOT = Path(__file__).parents[1]


# --- an independent ear ---


def heard_hz(audio: np.ndarray, rate: int) -> float:
    """Pitch of a steady note [T] without being told what to expect: YIN, refined by phase.

    YIN (de Cheveigne and Kawahara 2002) gives the period. The phase that each low harmonic gains
    in a few milliseconds then gives the frequency to a fraction of a cent.
    """
    size = 8192
    start = max(0, len(audio) // 3 - size // 2)
    part = audio[start : start + 2 * size].astype(np.float64)
    if len(part) < 2 * size:
        part = np.pad(part, (0, 2 * size - len(part)))
    spectrum = np.fft.rfft(part, 4 * size)
    fixed = np.fft.rfft(part[:size], 4 * size)
    match = np.fft.irfft(spectrum * np.conj(fixed))[: size // 2]
    energy = np.concatenate([[0.0], np.cumsum(part**2)])
    lags = np.arange(size // 2)
    difference = energy[size] + (energy[lags + size] - energy[lags]) - 2 * match
    mean = np.cumsum(difference[1:]) / lags[1:]
    normal = np.concatenate([[1.0], difference[1:] / np.maximum(mean, 1e-12)])
    first = int(rate / 5000)
    dips = [
        lag
        for lag in range(first, size // 2 - 1)
        if normal[lag] < 0.15 and normal[lag] <= normal[lag - 1] and normal[lag] < normal[lag + 1]
    ]
    lag = dips[0] if dips else first + int(np.argmin(normal[first:]))
    a, b, c = normal[lag - 1 : lag + 2] if lag + 1 < len(normal) else (0.0, 0.0, 0.0)
    bend = a - 2 * b + c
    coarse = rate / (lag + (0.5 * (a - c) / bend if bend > 0 else 0.0))
    return _refined(part, coarse, rate)


def _refined(part: np.ndarray, coarse: float, rate: int) -> float:
    window, step = np.hanning(8192), 128
    size = len(window)
    early = np.fft.rfft(part[:size] * window)
    late = np.fft.rfft(part[step : step + size] * window)
    found, weights = [], []
    for number in range(1, 7):
        place = round(number * coarse * size / rate)
        if place + 2 >= len(early) or number * coarse > 6000:
            break
        place += int(np.argmax(np.abs(early[place - 1 : place + 2]))) - 1
        expected = 2 * np.pi * place * step / size
        gained = np.angle(late[place] / (early[place] + 1e-20)) - expected
        gained = (gained + np.pi) % (2 * np.pi) - np.pi
        found.append((expected + gained) / step * rate / (2 * np.pi) / number)
        weights.append(abs(early[place]) ** 2 * number)
    if not found:
        return coarse
    close = [n for n, value in enumerate(found) if abs(np.log2(value / coarse)) < 1 / 24]
    if not close:
        return coarse
    return float(np.average([found[n] for n in close], weights=[weights[n] for n in close]))


# --- what is measured ---


def pitch_errors(model: OnnxSynthesiser, name: str, step: int) -> np.ndarray:
    """Cents off, for notes over the instrument's range."""
    low, high = model.range_of(model.instrument(name))
    rate = model.config.sample_rate
    errors = []
    for number in np.arange(np.ceil(low), high + 1, step):
        (audio,) = play_note(model, plan_notes(model, name, float(number), 100), 0.7)
        errors.append(100 * (float(midi(heard_hz(audio, rate))) - number))
    return np.array(errors)


def onset_errors(model: OnnxSynthesiser, name: str, seed: int = 0) -> np.ndarray:
    """Milliseconds from where the score has a note to where it is heard (40 dB below its start's
    loudest sample in 30 ms), for notes at odd times."""
    rng = np.random.default_rng(seed)
    condition = model.instrument(name)
    pitch = float(np.mean(model.range_of(condition)).round())
    latent = plan_notes(model, name, pitch, 100)[0].latent
    times = 0.1 + np.arange(6) * 1.5 + rng.uniform(0, 0.3, 6)
    push = touch(100, model.config.velocity_range_db)
    audio = Performance(
        [PlayedNote(model, t, t + 0.2, condition, latent, pitch, push, model.unpitched)
         for t in times]
    ).render()  # fmt: skip
    rate = model.config.sample_rate
    errors = []
    for onset in times:
        start = round((onset - 0.02) * rate)
        part = np.abs(audio[start : start + round(0.05 * rate)])
        floor = part[: round(0.015 * rate)].max()
        heard = int(np.argmax(part > max(0.01 * part.max(), 2 * floor)))
        errors.append(1000 * ((start + heard) / rate - onset))
    return np.array(errors)


def join_ratio(model: OnnxSynthesiser, name: str) -> float:
    """Largest sample step within 2 ms of the joins of a line, over the largest in its notes, each
    alone: 1 or less says that joins add nothing."""
    condition = model.instrument(name)
    low, high = model.range_of(condition)
    middle = round(0.5 * (low + high))
    push = touch(100, model.config.velocity_range_db)
    notes, times = [], []
    for number in range(8):
        pitch = float(middle + (0, 2, 4, 5, 7, 5, 4, 2)[number])
        latent = plan_notes(model, name, pitch, 100)[0].latent
        start = 0.3123 * number
        times.append(start)
        notes.append(PlayedNote(model, start, start + 0.3123, condition, latent, pitch, push))
    audio = Performance(notes).render()
    rate = model.config.sample_rate
    steps = np.abs(np.diff(audio))
    near = np.zeros(len(steps), bool)
    for onset in times[1:]:
        near[round((onset - 0.002) * rate) : round((onset + 0.002) * rate)] = True
    alone = [np.abs(np.diff(Performance([note], seed=0).render())).max() for note in notes]
    return float(steps[near].max() / max(alone))


def level_rises(model: OnnxSynthesiser, name: str) -> tuple[int, float]:
    """How often a firmer key was not louder (of 15), and decibels from velocity 16 to 127."""
    levels = []
    pitch = float(np.mean(model.range_of(model.instrument(name))).round())
    for velocity in range(8, 128, 8):
        (audio,) = play_note(model, plan_notes(model, name, pitch, velocity), 0.4)
        levels.append(float(loudness_contour(audio, model.config.hop_length).max()))
    return int((np.diff(levels) <= 0).sum()), levels[-1] - levels[1]


def voice_cost(model: OnnxSynthesiser, voices: int, seconds: float = 5.0) -> float:
    """Processor seconds for a second of one voice, of so many together; the best of three."""
    config = model.config
    frames = round(seconds * config.frame_rate)
    latent = np.zeros((voices, config.latent_dim), np.float32)
    condition = np.eye(len(config.instruments), dtype=np.float32)[np.zeros(voices, int)]
    pitch = np.tile(hz(np.arange(voices) + 50.0)[:, None], (1, frames))
    loudness = np.full((voices, frames), -20.0)
    taken = []
    for _ in range(3):
        started = time.process_time()
        for _ in model.decode_blocks(latent, condition, pitch, loudness):
            pass
        taken.append(time.process_time() - started)
    return min(taken) / seconds / voices


def first_audio_ms(model: OnnxSynthesiser) -> float:
    """Processor milliseconds from a request for a note to its first block of 4 frames; median."""
    taken = []
    name = model.config.instruments[0]
    for _ in range(20):
        started = time.process_time()
        (request,) = plan_notes(model, name)
        note = PlayedNote(model, 0.0, 1.0, model.instrument(name), request.latent, 60.0, 0.8)
        next(Performance([note], frames_per_block=4).blocks())
        taken.append(1000 * (time.process_time() - started))
    return float(np.median(taken))


def score_cost(model: str, drums: str) -> tuple[float, float, float]:
    """(seconds of the bundled score, processor seconds to render it, peak memory in MB)."""
    code = (
        "import resource, sys, time, tempfile, os;"
        "from aeolia.api.synthesis import play_score_file;"
        "d = tempfile.mkdtemp(); t = time.process_time();"
        "r = play_score_file(sys.argv[1], os.path.join(d, 'x.wav'), model=sys.argv[2],"
        " drums=sys.argv[3]); t = time.process_time() - t;"
        "print(r.seconds, t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "examples/greensleeves.mid"), model, drums],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    seconds, taken, memory = map(float, done.stdout.split())
    return seconds, taken, memory


# --- unseen notes ---


def spectral_distances(
    reference: np.ndarray, estimate: np.ndarray, rate: int
) -> tuple[float, float]:
    """(multi-resolution log-spectral distance, mel distance), both in decibels, RMS over bins.

    Levels are aligned first, and what lies 80 dB below the loudest bin counts as that.
    """
    length = min(len(reference), len(estimate))
    reference, estimate = reference[:length], estimate[:length]
    scale = np.sqrt(np.mean(reference**2) / max(np.mean(estimate**2), 1e-20))
    total = []
    for size in (512, 1024, 2048, 4096):
        logs = [_log_spectrum(x, size) for x in (reference, scale * estimate)]
        total.append(_apart(*logs))
    mels = [_mel(x, rate) for x in (reference, scale * estimate)]
    return float(np.mean(total)), _apart(*mels)


def _apart(reference: np.ndarray, estimate: np.ndarray) -> float:
    floor = reference.max() - 80
    difference = np.maximum(reference, floor) - np.maximum(estimate, floor)
    return float(np.sqrt(np.mean(difference**2)))


def _power(audio: np.ndarray, size: int) -> np.ndarray:
    padded = np.pad(audio, (size // 2, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 4]
    return np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2


def _log_spectrum(audio: np.ndarray, size: int) -> np.ndarray:
    return 10 * np.log10(_power(audio, size) + 1e-12)


def _mel(audio: np.ndarray, rate: int, count: int = 80) -> np.ndarray:
    size = 2048
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, count + 2) / 2595) - 1)
    bins = np.arange(size // 2 + 1) * rate / size
    rise = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.clip(np.minimum(rise, fall), 0, None)
    return 10 * np.log10(_power(audio, size) @ weights.T + 1e-12)


def resampled(audio: np.ndarray, ratio: float, length: int) -> np.ndarray:
    """Played faster by a ratio: pitch and formants move, and so does the time."""
    places = np.arange(length) * ratio
    return np.interp(places, np.arange(len(audio)), audio, right=0.0)


def vocoded(audio: np.ndarray, ratio: float, length: int) -> np.ndarray:
    """A plain phase vocoder: stretched by the ratio, then resampled by it; the time stays."""
    size, hop = 2048, 512
    padded = np.pad(audio, (size // 2, 2 * size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    spectra = np.fft.rfft(frames * np.hanning(size), axis=1)
    places = np.arange(0, len(spectra) - 1, 1 / ratio)
    phase = np.angle(spectra[0])
    advance = 2 * np.pi * hop * np.arange(size // 2 + 1) / size
    output = np.zeros(len(places) * hop + size)
    for number, place in enumerate(places):
        left = int(place)
        share = place - left
        size_now = (1 - share) * np.abs(spectra[left]) + share * np.abs(spectra[left + 1])
        frame = np.fft.irfft(size_now * np.exp(1j * phase)) * np.hanning(size)
        output[number * hop : number * hop + size] += frame / 1.5
        turned = np.angle(spectra[left + 1]) - np.angle(spectra[left]) - advance
        phase = phase + advance + (turned + np.pi) % (2 * np.pi) - np.pi
    return resampled(output[size // 2 :], ratio, length)


def unseen_notes(model: OnnxSynthesiser, data: str, per_instrument: int) -> list[list[str]]:
    """Rows of the table of held-out notes: for each way, its two distances with intervals."""
    from aeolia.data.note_files import find_notes
    from aeolia.data.notes import hold_out, read_notes

    pool = hold_out(read_notes(find_notes(Path(data) / "notes"), model.config))
    rate = model.config.sample_rate
    ways: dict[str, list[tuple[float, float]]] = {}
    rng = np.random.default_rng(0)
    for name in model.config.instruments:
        own = [note for note in pool.notes if note.file.instrument == name]
        known = [note for note in own if note.split == "train"]
        unseen = [note for note in own if note.split != "train"]
        if not known or not unseen:
            continue
        for index in rng.permutation(len(unseen))[:per_instrument]:
            note = unseen[index]
            audio = note.audio * 10 ** (note.gain_db / 20)
            near = min(known, key=lambda other: (abs(other.midi - note.midi),
                                                 abs(other.velocity - note.velocity)))  # fmt: skip
            other = near.audio * 10 ** (near.gain_db / 20)
            ratio = 2 ** ((note.midi - near.midi) / 12)
            posterior = model.encode(audio.astype(np.float32), note.pitch_hz)
            condition = model.instrument(name)
            prior = model.prior(
                condition[None], np.array([note.midi]), np.array([note.velocity])
            )
            sounds = {
                "encoded and decoded": model.decode(
                    posterior.mean, condition, note.pitch_hz, note.loudness_db)[0],
                "prior's mean, its own contours": model.decode(
                    prior.mean, condition, note.pitch_hz, note.loudness_db)[0],
                "nearest training note, resampled": resampled(other, ratio, len(audio)),
                "nearest training note, phase vocoder": vocoded(other, ratio, len(audio)),
            }  # fmt: skip
            for way, sound in sounds.items():
                ways.setdefault(way, []).append(spectral_distances(audio, sound, rate))
    return [
        [way, *(estimate([v[i] for v in values]).text(1) for i in (0, 1)), str(len(values))]
        for way, values in ways.items()
    ]


# --- tables ---


def playing_table(model: OnnxSynthesiser, step: int) -> str:
    """A row an instrument."""
    rows, everything = [], []
    for name in model.config.instruments:
        onsets = onset_errors(model, name)
        falls, span = level_rises(model, name)
        if model.unpitched:
            pitch, joins = "", ""
        else:
            cents = np.abs(pitch_errors(model, name, step))
            everything.append(cents)
            pitch = f"{np.median(cents):.1f} / {np.percentile(cents, 95):.1f} ({len(cents)})"
            joins = f"{join_ratio(model, name):.2f}"
        rows.append([name, pitch, f"{np.median(onsets):+.1f} / {np.abs(onsets).max():.1f}", joins,
                     str(falls), f"{span:.0f}"])  # fmt: skip
    if everything:
        cents = np.concatenate(everything)
        summary = f"{np.median(cents):.1f} / {np.percentile(cents, 95):.1f} ({len(cents)})"
        rows.append(["**all**", summary, "", "", "", ""])
    head = ["instrument", "cents off, median / 95 % (notes)", "onset ms, median / largest",
            "step at joins / in notes", "velocities not rising", "dB, 16 to 127"]  # fmt: skip
    return markdown(head, rows)


def cost_table(model: OnnxSynthesiser, name: str, drums: str) -> str:
    """Speed and memory."""
    seconds, taken, memory = score_cost(name, drums)
    rows = [
        ["one voice, of real time", f"{voice_cost(model, 1):.4f}"],
        ["one of eight voices, of real time", f"{voice_cost(model, 8):.4f}"],
        ["first audio of a note, ms", f"{first_audio_ms(model):.1f}"],
        [f"bundled score ({seconds:.0f} s), of real time", f"{taken / seconds:.3f}"],
        ["peak memory while it plays, MB", f"{memory:.0f}"],
    ]
    return markdown(["one thread", "processor time"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="notes")
    parser.add_argument("--drums", default="drums")
    parser.add_argument("--data", help="folder with notes/ as training had it")
    parser.add_argument("--notes", type=int, default=3, help="unseen notes of each instrument")
    parser.add_argument("--step", type=int, default=3, help="semitones between notes for pitch")
    parser.add_argument("--only", choices=["cost", "playing", "unseen"])
    options = parser.parse_args()
    model = load(options.model, "synthesise")
    if options.only in (None, "cost"):
        print(cost_table(model, options.model, options.drums), flush=True)
    if options.only in (None, "playing"):
        print(playing_table(model, options.step), flush=True)
    if options.data and options.only in (None, "unseen"):
        head = ["unseen notes", "log-spectral dB", "mel dB", "N"]
        print(markdown(head, unseen_notes(model, options.data, options.notes)))


if __name__ == "__main__":
    main()
