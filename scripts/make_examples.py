"""Make the clips of examples/: noisy ones, two voices at once, and their clean references.

    sudo apt-get install flite        # the voices
    python scripts/make_examples.py [FOLDER]

Every clip is speech from flite's recorded voices plus generated noise, so that nothing here
carries anybody's recording rights. Same flite version and seed: same bytes. The noise recipes are
written apart from `aeolia.data.corruptions` on purpose: the examples shall not be drawn from the
very distribution that the models were trained on.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import soxr

SEED = 2
SPEECH_LEVEL_DB = -25.0
SPEED_OF_SOUND = 343.0  # metres per second


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "examples")
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in (("fan", make_fan), ("street", make_street), ("cafe", make_cafe)):
        clean, noisy, sample_rate = make(np.random.default_rng((SEED, len(name))))
        for kind, audio in (("clean", clean), ("noisy", noisy)):
            soundfile.write(folder / f"{name}.{kind}.wav", audio, sample_rate, subtype="PCM_16")
        peak_db = 20 * np.log10(np.abs(noisy).max())
        snr_db = level_db(clean) - level_db(noisy - clean)
        print(
            f"{name}: {len(clean) / sample_rate:.1f} s, {sample_rate} Hz, "
            f"SNR {snr_db:.1f} dB, peak {peak_db:.1f} dBFS"
        )
    first, both, sample_rate = make_duet()
    soundfile.write(folder / "duet.wav", both, sample_rate, subtype="PCM_16")
    soundfile.write(folder / "duet.first.wav", first, sample_rate, subtype="PCM_16")


# --- the clips --------------------------------------------------------------------------------


def make_fan(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int]:
    """48 kHz mono: a voice beside a desk fan, with mains hum."""
    sample_rate = 48000
    words = (
        "The kettle is on, the window is open, and the old fan on my desk "
        "is doing its best to be heard."
    )
    clean = spoken("slt", words, sample_rate, rng)
    fan = fan_noise(len(clean), sample_rate, rng)
    hum = mains_hum(len(clean), sample_rate, rng)
    noise = at_level(fan, 0.0) + at_level(hum, -9.0)
    return clean, clean + at_snr(noise, clean, 3.0), sample_rate


def make_street(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int]:
    """44.1 kHz stereo: a voice a little left of the middle, cars passing behind it."""
    sample_rate = 44100
    words = (
        "I am down at the harbour now. If the traffic is too loud, "
        "I will call again from the station."
    )
    mono = spoken("rms", words, sample_rate, rng)
    clean = np.stack([mono, 0.8 * mono], axis=1)
    noise = street_noise(len(mono), sample_rate, rng)
    return clean, clean + at_snr(noise, clean, 1.0), sample_rate


def make_cafe(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int]:
    """16 kHz mono: a voice in a small room, five others talking farther off.

    The clean reference is the voice with the room's first 50 ms, as it sounds close by.
    """
    sample_rate = 16000
    speech = say(
        "awb",
        "The meeting starts at half past nine. Please bring the drawings, "
        "and a pencil for everyone.",
        sample_rate,
    )
    speech = padded(with_sibilance(speech, sample_rate, rng), sample_rate)
    size, ear = (6.0, 4.6, 2.8), (2.1, 2.4, 1.2)
    near = room_response(size, (2.9, 2.9, 1.5), ear, 0.4, sample_rate, rng)
    first = int(np.argmax(np.abs(near)))
    early = near[: first + int(0.05 * sample_rate)]
    distant, clean = (
        convolve(speech, response)[first:][: len(speech)] for response in (near, early)
    )
    gain = 10 ** ((SPEECH_LEVEL_DB - level_db(clean)) / 20)
    distant, clean = gain * distant, gain * clean

    babble = np.zeros(len(speech))
    for index, (voice, text) in enumerate(OTHERS):
        talk = np.resize(say(voice, text, sample_rate), len(speech))
        talk = np.roll(at_level(talk, 0.0), int(rng.integers(len(talk))))
        position = (rng.uniform(0.5, 5.5), rng.uniform(0.4, 4.2), rng.uniform(1.1, 1.7))
        response = room_response(size, position, ear, 0.5, sample_rate, rng)
        away = convolve(talk, response / np.linalg.norm(response))[: len(speech)]
        babble += away * 10 ** (-1.0 * index / 20)
    clatter = shaped_noise(len(speech), sample_rate, rng, lambda f: 1 / (1 + (f / 400) ** 1.5))
    noise = at_level(babble, 0.0) + at_level(clatter, -10.0)
    return clean, distant + at_snr(noise, clean, 4.0), sample_rate


def make_duet() -> tuple[np.ndarray, np.ndarray, int]:
    """16 kHz mono: the voice of `fan` and that of `street` at once, equally loud."""
    sample_rate = 16000
    texts = {
        "slt": "Once the rain is over, we could take the small boat across the lake and have "
        "our lunch on the other side.",
        "rms": "Nobody told me that the museum closes on Mondays, so I walked along the river "
        "until the evening instead.",
    }
    voices = [
        at_level(say(voice, text, sample_rate), SPEECH_LEVEL_DB) for voice, text in texts.items()
    ]
    length = min(len(voice) for voice in voices)
    first, second = (padded(voice[:length], sample_rate) for voice in voices)
    return first, first + second, sample_rate


OTHERS = (
    ("slt", "and then she said that the whole train had been full since the early morning"),
    ("rms", "two coffees and one slice of the apple cake for the table at the window please"),
    ("kal16", "no I do not think that we have seen the second part of that film together"),
    ("slt", "well it depends on how much of the garden you would like to keep for the children"),
    ("kal16", "ask him whether the blue one is still on sale and what it costs without the box"),
)


# --- voices and noises -------------------------------------------------------------------------


def spoken(voice: str, text: str, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """The text in one of flite's voices, with sibilants, at its level, silence around it."""
    speech = at_level(say(voice, text, sample_rate), SPEECH_LEVEL_DB)
    return padded(with_sibilance(speech, sample_rate, rng), sample_rate)


def say(voice: str, text: str, sample_rate: int) -> np.ndarray:
    """The text in one of flite's voices (16 kHz), without silence around it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        try:
            subprocess.run(["flite", "-voice", voice, "-t", text, "-o", path], check=True)
        except FileNotFoundError:
            sys.exit("flite is not installed; on Debian or Ubuntu: sudo apt-get install flite")
        audio, rate = soundfile.read(path)
    loud = np.flatnonzero(np.abs(audio) > 0.02 * np.abs(audio).max())
    return np.asarray(soxr.resample(audio[loud[0] : loud[-1]], rate, sample_rate, quality="VHQ"))


def with_sibilance(speech: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Give the voice a band above 6.4 kHz, where flite has little but its vocoder's whistle.

    Up there speech is mostly the noise of its sibilants, so noise serves: it follows the voice's
    own level at 4.8 to 6.2 kHz and falls by 12 dB per octave.
    """
    size, hop = 1024, 256
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size))
    frequency = np.fft.rfftfreq(size, 1 / sample_rate)
    edge = (frequency > 4800) & (frequency < 6200)
    above = np.clip((frequency - 6200) / 400, 0, 1)
    slope = above * (6000 / np.maximum(frequency, 6000)) ** 2
    source = np.concatenate([np.zeros(size), speech, np.zeros(2 * size)])
    result = source.copy()
    for start in range(0, len(source) - size, hop):
        spectrum = np.fft.rfft(window * source[start : start + size])
        level = np.sqrt(np.mean(np.abs(spectrum[edge]) ** 2))
        noise = rng.standard_normal((2, len(frequency))) / np.sqrt(2)
        change = level * slope * (noise[0] + 1j * noise[1]) - above * spectrum
        # The squared windows overlap to size / hop / 2.
        result[start : start + size] += window * np.fft.irfft(change) * 2 * hop / size
    return result[size : size + len(speech)]


def fan_noise(length: int, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Air (noise falling above 500 Hz, a little beating) and the blades' tones."""
    time = np.arange(length) / sample_rate
    air = shaped_noise(length, sample_rate, rng, lambda f: (f / (f + 60)) / (1 + (f / 500) ** 1.5))
    speed = 1 + 0.004 * np.cumsum(shaped_noise(length, sample_rate, rng, lambda f: f < 2)) / 2e4
    turns = np.cumsum(23.5 * speed) / sample_rate  # revolutions; five blades
    beating = 1 + 0.15 * np.sin(2 * np.pi * turns)
    tones = sum(
        np.sin(2 * np.pi * 5 * k * turns + rng.uniform(0, 2 * np.pi)) / k**1.2 for k in range(1, 9)
    )
    rattle = shaped_noise(length, sample_rate, rng, lambda f: (f > 2500) & (f < 14000))
    rattle *= np.maximum(0, np.sin(2 * np.pi * 2 * turns)) ** 8
    swing = 1 + 0.3 * np.sin(2 * np.pi * 0.15 * time)
    return np.asarray(air * beating * swing + 0.35 * tones + 0.12 * rattle)


def mains_hum(length: int, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """50 Hz and its harmonics, the odd ones stronger."""
    phase = 2 * np.pi * 50 * np.arange(length) / sample_rate
    harmonics = [
        (1.0 if k % 2 else 0.4) / k**0.9 * np.sin(k * phase + rng.uniform(0, 2 * np.pi))
        for k in range(1, 25)
    ]
    return np.asarray(np.sum(harmonics, axis=0))


def street_noise(length: int, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """[length, 2]: the town's rumble on both sides and three cars that pass from side to side."""
    time = np.arange(length) / sample_rate
    sides = [
        shaped_noise(length, sample_rate, rng, lambda f: (f / (f + 30)) / (1 + (f / 150) ** 1.1))
        for _ in range(2)
    ]
    noise = 0.6 * np.stack(sides, axis=1)
    for passes_at, speed, distance in ((0.9, 13.0, 6.0), (3.2, -16.0, 9.0), (5.3, 11.0, 5.0)):
        along = speed * (time - passes_at)  # metres
        away = np.hypot(along, distance)
        tyres = shaped_noise(length, sample_rate, rng, band_around(900, 0.9))
        engine = shaped_noise(length, sample_rate, rng, band_around(90, 0.5))
        hiss = shaped_noise(length, sample_rate, rng, band_around(5000, 0.7))
        # Air and distance take the high frequencies first.
        car = (tyres + 0.9 * engine) / away + 1.8 * hiss / away**1.7
        pan = 0.5 + 0.5 * along / away  # 0 left, 1 right
        noise += 7.0 * car[:, None] * np.sqrt(np.stack([1 - 0.9 * pan, 0.1 + 0.9 * pan], axis=1))
    return noise


def band_around(centre_hz: float, width_octaves: float) -> Callable[[np.ndarray], np.ndarray]:
    """A bell over log frequency."""
    return lambda f: np.exp(-0.5 * (np.log2(np.maximum(f, 1) / centre_hz) / width_octaves) ** 2)


def shaped_noise(
    length: int,
    sample_rate: int,
    rng: np.random.Generator,
    gain: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Gaussian noise of unit level whose spectrum follows `gain(frequency in Hz)`."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    spectrum *= gain(np.fft.rfftfreq(length, 1 / sample_rate))
    return at_level(np.fft.irfft(spectrum, length), 0.0)


def room_response(
    size: tuple[float, float, float],
    source: tuple[float, float, float],
    ear: tuple[float, float, float],
    rt60_seconds: float,
    sample_rate: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Impulse response of a shoebox room by the image source method (Allen and Berkley, 1979).

    All walls absorb equally, as much as Sabine's formula asks for the reverberation time. Images
    are moved by up to 8 cm, which keeps a rectangular room from ringing in step.
    """
    volume = size[0] * size[1] * size[2]
    surface = 2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    absorption = min(0.95, 0.161 * volume / (surface * rt60_seconds))
    reflection = np.sqrt(1 - absorption)

    axes, bounces = [], []
    for length, position in zip(size, source, strict=True):
        reach = int(np.ceil(rt60_seconds * SPEED_OF_SOUND / (2 * length)))
        n = np.arange(-reach, reach + 1)
        axes.append(np.concatenate([2 * n * length + position, 2 * n * length - position]))
        bounces.append(np.concatenate([2 * np.abs(n), np.abs(2 * n - 1)]))
    images = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=1)
    count = sum(b.ravel() for b in np.meshgrid(*bounces, indexing="ij"))
    images += rng.uniform(-0.08, 0.08, images.shape) * (count > 0)[:, None]
    distance = np.linalg.norm(images - np.array(ear), axis=1)

    arrival = np.round(distance / SPEED_OF_SOUND * sample_rate).astype(int)
    response = np.zeros(int(rt60_seconds * sample_rate))
    inside = arrival < len(response)
    np.add.at(response, arrival[inside], (reflection**count / distance)[inside])
    # Walls that all reflect in phase pile up pressure at the lowest frequencies, as no room does.
    frequency = np.fft.rfftfreq(2 * len(response), 1 / sample_rate)
    rumble_free = np.fft.rfft(response, 2 * len(response)) / (1 + (100 / (frequency + 1)) ** 4)
    return np.fft.irfft(rumble_free)[: len(response)]


# --- levels -----------------------------------------------------------------------------------


def convolve(audio: np.ndarray, response: np.ndarray) -> np.ndarray:
    size = len(audio) + len(response) - 1
    return np.fft.irfft(np.fft.rfft(audio, size) * np.fft.rfft(response, size), size)


def padded(speech: np.ndarray, sample_rate: int) -> np.ndarray:
    """A breath of noise alone before the first word and after the last."""
    return np.pad(speech, (int(0.5 * sample_rate), int(0.4 * sample_rate)))


def level_db(audio: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(audio**2)))


def at_level(audio: np.ndarray, wanted_db: float) -> np.ndarray:
    return audio * 10 ** ((wanted_db - level_db(audio)) / 20)


def at_snr(noise: np.ndarray, clean: np.ndarray, snr_db: float) -> np.ndarray:
    return at_level(noise, level_db(clean) - snr_db)


if __name__ == "__main__":
    main()
