"""Make sounds to learn with: voices, noises, songs with stems, and notes, all of them computed.

    python scripts/make_sounds.py made

    made/speech/NAME/      twelve voices of three readings each: vowels and hisses, no words. 16 kHz
    made/noise/NAME/       sixteen noises: fans, engines, rain, hum, wind, traffic. 16 kHz
    made/songs/NAME/       eight songs: vocals.wav, drums.wav, bass.wav, other.wav. 48 kHz
    made/mixtures/         the same songs, mixed
    made/notes/NAME/       four instruments, every other semitone, soft and loud. 48 kHz

Two minutes of the tutorials' training learn from them what real recordings teach in hours: enough
to see each autoencoder work, not enough to use it. Same bytes on every run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

SPEECH_RATE = 16000
MUSIC_RATE = 48000
#: First formants in Hz of vowels: a, e, i, o, u, schwa (after Peterson and Barney, 1952).
VOWELS = (
    (730, 1090, 2440),
    (530, 1840, 2480),
    (270, 2290, 3010),
    (570, 840, 2410),
    (300, 870, 2240),
    (500, 1500, 2500),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="new folder for the sounds")
    parser.add_argument("--only", nargs="+", choices=KINDS, help="some of the folders only")
    arguments = parser.parse_args()
    folder = arguments.folder
    if folder.exists():
        sys.exit(f"{folder} is there already: delete it, or name another folder")
    count = seconds = 0.0
    kinds = arguments.only or list(KINDS)
    for name, audio, sample_rate in (sound for kind in kinds for sound in KINDS[kind]()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, audio, sample_rate, subtype="PCM_16")
        count, seconds = count + 1, seconds + len(audio) / sample_rate
    print(f"{folder}: {count:.0f} files, {seconds / 60:.0f} minutes of sound")


#: Relative path, samples [T] and sample rate of a file.
Sounds = Iterator[tuple[str, np.ndarray, int]]


def all_speech() -> Sounds:
    for voice in range(12):
        for reading in range(3):
            rng = np.random.default_rng((1, voice, reading))
            name = f"speech/voice{voice:02d}/reading{reading}.wav"
            yield name, level(speech(6.0, 95.0 * 1.08**voice, rng), -26.0), SPEECH_RATE


def all_noise() -> Sounds:
    for number in range(16):
        noise, rng = NOISES[number % len(NOISES)], np.random.default_rng((2, number))
        name = f"noise/{noise.__name__}{number:02d}/take.wav"
        yield name, level(noise(10.0, rng), -26.0), SPEECH_RATE


def all_songs() -> Sounds:
    for number in range(8):
        stems = song(10.0, np.random.default_rng((3, number)))
        for stem, audio in stems.items():
            yield f"songs/song{number:02d}/{stem}.wav", audio, MUSIC_RATE
        mixture = np.sum(list(stems.values()), axis=0)
        peak = max(1.0, float(np.abs(mixture).max()))
        yield f"mixtures/song{number:02d}.wav", mixture / peak, MUSIC_RATE


def all_notes() -> Sounds:
    for instrument in INSTRUMENTS:
        for midi in range(48, 73, 2):
            for strength, gain in (("p", 0.3), ("f", 1.0)):
                rng = np.random.default_rng((4, midi))
                audio = gain * note(instrument, midi, 1.5, rng, brightness=0.5 + gain / 2)
                yield f"notes/{instrument}/{instrument}_{midi}_{strength}.wav", audio, MUSIC_RATE


KINDS = {"speech": all_speech, "noise": all_noise, "songs": all_songs, "notes": all_notes}


# --- voices ------------------------------------------------------------------------------------


def speech(seconds: float, pitch_hz: float, rng: np.random.Generator) -> np.ndarray:
    """Syllables: a hiss or none, then a vowel that glides to the next; pauses between phrases."""
    length = int(seconds * SPEECH_RATE)
    time = np.arange(length) / SPEECH_RATE
    loud, hiss = np.zeros(length), np.zeros(length)
    which: np.ndarray = np.zeros(length, int)
    at = 0.1
    while at < seconds - 0.5:
        consonant, vowel = rng.uniform(0.04, 0.12), rng.uniform(0.12, 0.28)
        stretch = slice(int(at * SPEECH_RATE), int((at + consonant) * SPEECH_RATE))
        hiss[stretch] = rng.choice([0.0, 0.15, 0.4])
        at += consonant
        stretch = slice(int(at * SPEECH_RATE), int((at + vowel) * SPEECH_RATE))
        loud[stretch] = rng.uniform(0.5, 1.0)
        which[int(at * SPEECH_RATE) :] = rng.integers(len(VOWELS))
        at += vowel + (rng.uniform(0.3, 0.6) if rng.random() < 0.12 else 0.0)
    loud, hiss = smooth(loud, 0.02), smooth(hiss, 0.01)
    # Longer throats have lower formants, and lower voices: both grow with the pitch here.
    formants = np.array(VOWELS, float)[which].T * (pitch_hz / 150.0) ** 0.25  # [3, T]
    formants = np.stack([smooth(track, 0.04) for track in formants])
    melody = pitch_hz * 2 ** (smooth(rng.standard_normal(length) * 25.0, 0.3) * (1 / 12))
    phase = 2 * np.pi * np.cumsum(melody) / SPEECH_RATE
    voice = np.zeros(length)
    # Loudness of harmonics changes slowly: every 80th sample, and lines between.
    coarse, formants, slow = np.arange(0, length, 80), formants[:, ::80], melody[::80]
    for harmonic in range(1, int(5000 / pitch_hz)):
        hz = harmonic * slow
        gain = sum(
            weight / (1.0 + ((hz - formant) / width) ** 2)
            for formant, width, weight in zip(
                formants, (80, 100, 140), (1.0, 0.5, 0.25), strict=True
            )
        )
        gain = np.interp(np.arange(length), coarse, gain) / harmonic**0.5
        voice += gain * np.sin(harmonic * phase)
    breath = shaped(length, SPEECH_RATE, rng, lambda f: (f / 4500) ** 2 / (1 + (f / 4500) ** 6))
    flutter = 0.01 * loud * breath * np.sin(2 * np.pi * 3 * time)
    return np.asarray(loud * voice + hiss * breath + flutter)


# --- noises ------------------------------------------------------------------------------------


def fan(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Air, and the tones of blades."""
    length = int(seconds * SPEECH_RATE)
    air = shaped(length, SPEECH_RATE, rng, lambda f: 1 / (1 + (f / 500) ** 1.5))
    blades = rng.uniform(60, 140) * np.arange(length) / SPEECH_RATE
    tones = sum(np.sin(2 * np.pi * k * blades + rng.uniform(0, 6)) / k for k in range(1, 8))
    return np.asarray(air + 0.3 * tones)


def engine(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A row of harmonics whose speed drifts, over rumble."""
    length = int(seconds * SPEECH_RATE)
    drift = smooth(rng.standard_normal(length) * 60.0, 0.8)
    phase = np.cumsum(rng.uniform(25, 60) * 2 ** (drift / 12)) / SPEECH_RATE
    tones = sum(np.sin(2 * np.pi * k * phase + rng.uniform(0, 6)) / k**0.8 for k in range(1, 30))
    return np.asarray(tones + shaped(length, SPEECH_RATE, rng, lambda f: 1 / (1 + (f / 200) ** 2)))


def rain(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Drops: short clicks at random times, over a hiss."""
    length = int(seconds * SPEECH_RATE)
    drops = np.zeros(length)
    times = rng.integers(0, length, int(seconds * rng.uniform(100, 400)))
    np.add.at(drops, times, rng.exponential(1.0, len(times)) * rng.choice([-1, 1], len(times)))
    ring = np.exp(-np.arange(64) / 8) * np.sin(2 * np.pi * np.arange(64) * rng.uniform(0.1, 0.3))
    hiss = shaped(length, SPEECH_RATE, rng, lambda f: f / (f + 2000))
    return np.asarray(6.0 * np.convolve(drops, ring)[:length] + 0.5 * hiss)


def hum(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Mains hum and its harmonics, with a little hiss."""
    length = int(seconds * SPEECH_RATE)
    phase = rng.choice([50.0, 60.0]) * np.arange(length) / SPEECH_RATE
    tones = sum(
        (1.0 if k % 2 else 0.4) / k * np.sin(2 * np.pi * k * phase + rng.uniform(0, 6))
        for k in range(1, 24)
    )
    return np.asarray(tones + 0.3 * rng.standard_normal(length))


def wind(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Low noise that swells."""
    length = int(seconds * SPEECH_RATE)
    swell = np.exp(smooth(rng.standard_normal(length) * 40.0, 0.7))
    return np.asarray(swell * shaped(length, SPEECH_RATE, rng, lambda f: 1 / (1 + (f / 150) ** 2)))


def traffic(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Cars that pass, over rumble."""
    length = int(seconds * SPEECH_RATE)
    time = np.arange(length) / SPEECH_RATE
    noise = 0.5 * shaped(length, SPEECH_RATE, rng, lambda f: 1 / (1 + (f / 120) ** 1.2))
    for _ in range(5):
        near = 1 / (1 + ((time - rng.uniform(0, seconds)) / 0.5) ** 2)
        noise += near * shaped(length, SPEECH_RATE, rng, lambda f: f / (f + 600) / (1 + f / 1500))
    return np.asarray(noise)


NOISES = (fan, engine, rain, hum, wind, traffic)


# --- notes and songs ---------------------------------------------------------------------------

#: Partials' slope, odd ones only, decay per second, attack in seconds, noise.
INSTRUMENTS = {
    "bell": (0.6, False, 3.0, 0.002, 0.0),
    "reed": (0.9, True, 0.0, 0.03, 0.02),
    "string": (1.1, False, 0.2, 0.08, 0.03),
    "pluck": (1.3, False, 5.0, 0.003, 0.01),
}


def note(
    instrument: str, midi: float, seconds: float, rng: np.random.Generator, brightness: float = 1.0
) -> np.ndarray:
    """One note of `INSTRUMENTS` in `MUSIC_RATE`, released 0.1 s before its end."""
    slope, odd, decay, attack, noise = INSTRUMENTS[instrument]
    length = int(seconds * MUSIC_RATE)
    time = np.arange(length) / MUSIC_RATE
    hz = 440.0 * 2 ** ((midi - 69) / 12)
    sound = noise * rng.standard_normal(length)
    for partial in range(1, 40):
        if partial * hz > 0.4 * MUSIC_RATE or (odd and partial % 2 == 0):
            continue
        fall = np.exp(-decay * time * (1 + 0.15 * partial))
        gain = partial ** -(slope / brightness)
        sound += gain * fall * np.sin(2 * np.pi * partial * hz * time + rng.uniform(0, 6))
    released = np.clip((seconds - 0.02 - time) / 0.08, 0, 1)
    return np.asarray(0.1 * sound * np.minimum(1.0, time / attack) * released)


def song(seconds: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Four stems of a song in one key and one beat."""
    length, beat = int(seconds * MUSIC_RATE), 60.0 / rng.uniform(90, 140)
    key, chords = int(rng.integers(48, 56)), rng.permutation([0, 5, 7, 9])
    parts = {name: np.zeros(length) for name in ("vocals", "drums", "bass", "other")}

    def add(name: str, at: float, sound: np.ndarray) -> None:
        start = int(at * MUSIC_RATE)
        end = min(length, start + len(sound))
        parts[name][start:end] += sound[: max(0, end - start)]

    for count in range(int(seconds / beat)):
        at, root = count * beat, key + int(chords[(count // 4) % 4])
        add("bass", at, 1.5 * note("string", root - 12, 0.9 * beat, rng, 0.6))
        if count % 4 == 0:
            for step in (0, 4, 7):
                add("other", at, note("pluck", root + 12 + step, 3 * beat, rng))
        add("drums", at, drum("kick" if count % 2 == 0 else "snare", rng))
        for half in (0.0, 0.5):
            add("drums", at + half * beat, drum("hat", rng))
        if count % 8 < 6:
            midi = root + int(rng.choice([12, 14, 16, 19]))
            add("vocals", at, sung(midi, 0.85 * beat, rng))
    return {name: level(audio, -24.0) for name, audio in parts.items()}


def sung(midi: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A vowel with vibrato."""
    length = int(seconds * MUSIC_RATE)
    time = np.arange(length) / MUSIC_RATE
    hz = 440.0 * 2 ** ((midi - 69 + 0.3 * np.sin(2 * np.pi * 5.5 * time)) / 12)
    phase = 2 * np.pi * np.cumsum(hz) / MUSIC_RATE
    vowel = VOWELS[int(rng.integers(len(VOWELS)))]
    sound = np.zeros(length)
    for harmonic in range(1, int(6000 / hz.mean())):
        gain = sum(
            weight / (1.0 + ((harmonic * hz - formant) / 120.0) ** 2)
            for formant, weight in zip(vowel, (1.0, 0.5, 0.25), strict=True)
        )
        sound += (0.02 / harmonic + gain) * np.sin(harmonic * phase)
    swell = np.minimum(1, np.minimum(time / 0.04, (time[-1] - time) / 0.06))
    return np.asarray(0.2 * sound * swell)


def drum(kind: str, rng: np.random.Generator) -> np.ndarray:
    """A kick, snare or hat of 0.25 s."""
    time = np.arange(MUSIC_RATE // 4) / MUSIC_RATE
    noise = rng.standard_normal(len(time))
    if kind == "kick":
        return np.asarray(
            np.sin(2 * np.pi * (45 * time - 6 * np.exp(-30 * time))) * np.exp(-12 * time)
        )
    if kind == "snare":
        return np.asarray(0.4 * (noise + np.sin(2 * np.pi * 190 * time)) * np.exp(-18 * time))
    return np.asarray(0.25 * np.diff(noise, append=0.0) * np.exp(-60 * time))


# --- signals -----------------------------------------------------------------------------------


def level(audio: np.ndarray, rms_db: float) -> np.ndarray:
    """Audio at an RMS level in dBFS, lower where its peak would pass 0.9."""
    gain = 10 ** (rms_db / 20) / np.sqrt(np.mean(audio**2))
    return np.asarray(audio * min(gain, 0.9 / np.abs(audio).max()))


def smooth(track: np.ndarray, seconds: float) -> np.ndarray:
    """A track at `SPEECH_RATE`, averaged twice over a stretch of time."""
    width = max(1, int(seconds * SPEECH_RATE / 2))
    for _ in range(2):
        padded = np.pad(track, (width, width), mode="edge")
        total = np.cumsum(np.concatenate([[0.0], padded]))
        track = (total[2 * width :] - total[: -2 * width])[: len(track)] / (2 * width)
    return track


def shaped(
    length: int,
    sample_rate: int,
    rng: np.random.Generator,
    gain: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Noise of unit level whose spectrum follows `gain(frequency in Hz)`."""
    spectrum = np.fft.rfft(rng.standard_normal(length)) * gain(
        np.fft.rfftfreq(length, 1 / sample_rate)
    )
    audio = np.fft.irfft(spectrum, length)
    return np.asarray(np.asarray(audio / np.sqrt(np.mean(audio**2))))


if __name__ == "__main__":
    main()
