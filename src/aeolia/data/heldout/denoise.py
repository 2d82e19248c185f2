"""The held-out sets: pairs of (noisy, reference) from speakers and noises that training never met.

Everything is drawn with fixed seeds from one split of what training holds out, at 48 kHz, and
mixed here in NumPy, apart from the training mixer, so that neither a change nor an error there can
move the benchmark. Speech without a speaker's name is left out: its speakers might be among those
trained on.

    mixtures  200 clips of 4 s: -5, 0, 5, 10, 15 dB, half of them in rooms of RT60 0.2 to 0.6 s
    fullband   40 clips whose speech reaches beyond 16 kHz, for what happens above 8 kHz
    rooms      40 clips in rooms of RT60 0.3 to 0.9 s, without noise
    clean      clean speech, one clip a speaker, and the full-band ones
    noises     noise alone, one clip a recording
    silence    digital silence, and white noise at -90 dBFS
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from aeolia.audio.levels import gain_below, peak
from aeolia.audio.mono import mono
from aeolia.audio.sound_file import sound_file_path
from aeolia.data.corpus.manifest import (
    Row,
    read_manifest,
    recording_of,
    trainable,
    with_splits,
)
from aeolia.data.heldout.rooms import reverberate, shoebox
from aeolia.errors import DataError

__all__ = [
    "CLIP_SECONDS",
    "SAMPLE_RATE",
    "SNRS_DB",
    "HeldOutPair",
    "draw",
    "pair_hash",
    "set_hash",
]

SAMPLE_RATE = 48000
CLIP_SECONDS = 4.0
SNRS_DB = (-5, 0, 5, 10, 15)
_LENGTH = int(CLIP_SECONDS * SAMPLE_RATE)
#: Every seventh mixture has babble of other held-out voices in place of a recording.
_BABBLE_EVERY = 7
_FULL_BAND_HZ = 16000
#: Voices in babble, besides the speaker.
_MOST_BABBLE = 6


@dataclass(frozen=True)
class HeldOutPair:
    """One clip: `noisy` and `reference` [T] float32 at 48 kHz, and how it was made."""

    name: str
    noisy: np.ndarray
    reference: np.ndarray
    snr_db: int | None
    rt60_seconds: float | None
    speaker: str
    noise: str


class HeldOut:
    """Speech by speaker and noise by recording of a split, decoded as needed.

    Raises:
        DataError: the split has too few speakers or noises, or shares one with training.
    """

    def __init__(self, manifest: Path, split: str = "report") -> None:
        # As `aeolia train denoise` does: kind by kind, recordings of unfit licence left out.
        everything = [row for row in read_manifest(manifest) if trainable(row)]
        rows = [
            row
            for kind in ("speech", "noise")
            for row in with_splits([one for one in everything if one.kind == kind])
        ]
        held_out = [row for row in rows if row.split == split]
        trained = {(row.kind, recording_of(row)) for row in rows if row.split == "train"}
        paths = {row.path for row in rows if row.split == "train"}
        for row in held_out:
            if row.path in paths or (row.kind, recording_of(row)) in trained:
                raise DataError(
                    f"{row.path} is held out and yet shares its origin with training; correct the "
                    "manifest's labels or splits"
                )
        self.speakers = _grouped(r for r in held_out if r.kind == "speech" and r.label)
        self.noises = _grouped(r for r in held_out if r.kind == "noise" and r.seconds >= 0.8)
        if len(self.speakers) <= _MOST_BABBLE or not self.noises:
            raise DataError(
                f"{len(self.speakers)} named speakers and {len(self.noises)} noise recordings are "
                f"held out as {split!r}; {_MOST_BABBLE + 1} and 1 are needed: give recordings of "
                "more of them, or split the manifest anew with `aeolia data split`"
            )
        self._decoded: dict[str, np.ndarray] = {}

    def speakers_with(self, chosen: Callable[[Row], bool]) -> list[str]:
        """Speakers of whose first recording `chosen` holds."""
        return [name for name, rows in self.speakers.items() if chosen(rows[0])]

    def _read(self, row: Row) -> np.ndarray:
        if row.path not in self._decoded:
            audio, rate = soundfile.read(sound_file_path(row.path), dtype="float32", always_2d=True)
            sound = mono(audio)
            if rate != SAMPLE_RATE:
                sound = soxr.resample(sound, rate, SAMPLE_RATE)
            self._decoded[row.path] = _without_rumble(sound) if row.kind == "speech" else sound
        return self._decoded[row.path]

    def speech(self, rng: np.random.Generator, speaker: str) -> np.ndarray:
        """Four seconds [T] of a speaker at active level 1; short recordings follow each other."""
        rows = self.speakers[speaker]
        weights = np.array([row.seconds for row in rows])
        audio = np.zeros(0, np.float32)
        while len(audio) < _LENGTH:
            row = rows[rng.choice(len(rows), p=weights / weights.sum())]
            one = self._read(row)
            if len(one) > _LENGTH:
                start = rng.integers(len(one) - _LENGTH + 1)
                one = one[start : start + _LENGTH]
            audio = np.concatenate([audio, one / active_level(one)])
        return audio[:_LENGTH].astype(np.float32)

    def noise(
        self, rng: np.random.Generator, recording: str, length: int | None = None
    ) -> np.ndarray:
        """`length` samples [T], or four seconds, of a recording (a piece, looped) at level 1."""
        length = _LENGTH if length is None else length
        rows = self.noises[recording]
        audio = self._read(rows[rng.integers(len(rows))])
        start = rng.integers(len(audio))
        looped = np.roll(audio, -start)
        if len(looped) < length:
            looped = _loop(looped, length)
        return (looped[:length] / active_level(looped[:length])).astype(np.float32)

    def babble(self, rng: np.random.Generator, target: str) -> np.ndarray:
        """Four to six other voices [T] at active level 1."""
        others = [name for name in self.speakers if name != target]
        voices = rng.choice(others, int(rng.integers(4, _MOST_BABBLE + 1)), replace=False)
        total = np.sum([self.speech(rng, str(name)) for name in voices], axis=0)
        return np.asarray(total / active_level(total), np.float32)


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda r: r.path):
        groups.setdefault(recording_of(row), []).append(row)
    return groups


def _without_rumble(speech: np.ndarray) -> np.ndarray:
    """Speech [T], high-passed at 80 Hz where over 2 % of its power lies below 60 Hz.

    In some readings handling noise or hum is as strong as the voice. Left in a reference it would
    count against whoever removes it.
    """
    n_fft = 1 << len(speech).bit_length()
    spectrum = np.fft.rfft(speech, n_fft)
    frequencies = np.fft.rfftfreq(n_fft, 1 / SAMPLE_RATE)
    power = np.abs(spectrum) ** 2
    if power[frequencies < 60].sum() <= 0.02 * power.sum():
        return speech
    # The magnitude of a Butterworth high-pass of fourth order, without its phase.
    gain = 1 / np.sqrt(1 + (80 / np.maximum(frequencies, 1e-3)) ** 8)
    return np.fft.irfft(spectrum * gain, n_fft)[: len(speech)].astype(np.float32)


def _loop(audio: np.ndarray, length: int) -> np.ndarray:
    """Repeat to a length with 20 ms cross-fades."""
    fade = min(SAMPLE_RATE // 50, len(audio) // 2)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    piece = audio[:-fade].copy()
    piece[:fade] = piece[:fade] * ramp + audio[-fade:] * (1 - ramp)
    return np.tile(piece, -(-length // len(piece)))


def active_level(audio: np.ndarray) -> float:
    """RMS over the 20 ms frames that lie within 30 dB of the loudest one."""
    frames = audio[: len(audio) // 960 * 960].reshape(-1, 960)
    power = (frames.astype(np.float64) ** 2).mean(axis=1)
    loud = power >= max(power.max(initial=0.0) * 1e-3, 1e-14)
    return float(np.sqrt(power[loud].mean())) if loud.any() else 1e-7


def _pair(
    held: HeldOut,
    seed: tuple[int, ...],
    name: str,
    speaker: str,
    noise: str,
    snr_db: int | None,
    rt60_range: tuple[float, float] | None,
) -> HeldOutPair:
    """Speech (in a room) plus noise at an SNR of active levels, at a drawn overall level.

    The SNR is that of the reference (after the early reflections) to the noise.
    """
    rng = np.random.default_rng(seed)
    wet = reference = held.speech(rng, speaker)
    rt60 = float(rng.uniform(*rt60_range)) if rt60_range else None
    if rt60 is not None:
        wet, reference = reverberate(wet, shoebox(rng, rt60, SAMPLE_RATE), SAMPLE_RATE)
    noisy = wet
    if snr_db is not None:
        other = held.babble(rng, speaker) if noise == "babble" else held.noise(rng, noise)
        noisy = wet + other * np.float32(active_level(reference) * 10 ** (-snr_db / 20))
    level = 10 ** (rng.uniform(-35, -18) / 20) / active_level(noisy)
    level = gain_below(0.95, max(peak(noisy), peak(reference)), level)
    scale = np.float32(level)
    return HeldOutPair(name, noisy * scale, reference * scale, snr_db, rt60, speaker, noise)


def _mixtures(
    held: HeldOut, kind: str, count: int, speakers: list[str], seed: int
) -> list[HeldOutPair]:
    """`count` pairs; SNRs, rooms, speakers and recordings are each used evenly."""
    rng = np.random.default_rng(seed)
    recordings = list(held.noises)
    order, voices = _in_turn(rng, recordings, count), _in_turn(rng, speakers, count)
    pairs = []
    for k in range(count):
        noise = "babble" if k % _BABBLE_EVERY == _BABBLE_EVERY - 1 else order[k]
        snr_db = SNRS_DB[k % len(SNRS_DB)]
        room = (0.2, 0.6) if (k // len(SNRS_DB)) % 2 else None
        name = f"{kind}-{k:03d}"
        pairs.append(_pair(held, (seed, k), name, voices[k], noise, snr_db, room))
    return pairs


def _in_turn(rng: np.random.Generator, names: Sequence[str], count: int) -> list[str]:
    """`count` names, all used equally often but for one, in random order."""
    rounds = -(-count // len(names))
    return [str(name) for _ in range(rounds) for name in rng.permutation(names)][:count]


def draw(data: Path, split: str = "report", *, clips: int = 200) -> dict[str, list[HeldOutPair]]:
    """All sets by name.

    Args:
        data: a folder with manifest.csv.
        split: "report", or "choose" to compare candidates.
        clips: mixtures; the other sets have a fifth of it at most.

    Raises:
        DataError: a folder that is no data, or too little held out.
    """
    held = HeldOut(data / "manifest.csv", split)
    everyone = list(held.speakers)
    wide = held.speakers_with(lambda row: row.bandwidth_hz > _FULL_BAND_HZ)
    few = max(1, clips // 5)
    rooms = [
        _pair(held, (3, k), f"rooms-{k:03d}", everyone[k % len(everyone)], "", None, (0.3, 0.9))
        for k in range(few)
    ]
    clean_voices = everyone + wide * 4
    clean = [
        _pair(held, (4, k), f"clean-{k:03d}", speaker, "", None, None)
        for k, speaker in enumerate(clean_voices[:few])
    ]
    noises = []
    for k, recording in enumerate(list(held.noises)[:: max(1, len(held.noises) // few)][:few]):
        rng = np.random.default_rng((5, k))
        audio = held.noise(rng, recording)
        audio *= np.float32(gain_below(0.95, peak(audio), 0.05))
        silent = np.zeros_like(audio)
        noises.append(HeldOutPair(f"noises-{k:03d}", audio, silent, None, None, "", recording))
    return {
        "mixtures": _mixtures(held, "mixtures", clips, everyone, 1),
        "fullband": _mixtures(held, "fullband", few, wide or everyone, 2),
        "rooms": rooms,
        "clean": clean,
        "noises": noises,
        "silence": _silence(),
    }


def _silence() -> list[HeldOutPair]:
    nothing = np.zeros(_LENGTH, np.float32)
    hiss = np.random.default_rng(6).standard_normal(_LENGTH).astype(np.float32)
    return [
        HeldOutPair("silence-000", nothing, nothing, None, None, "", "none"),
        HeldOutPair("silence-001", hiss * np.float32(10**-4.5), nothing, None, None, "", "hiss"),
    ]


def pair_hash(pair: HeldOutPair) -> str:
    """A name that changes with any sample of the pair, rounded to 16 bits."""
    digest = hashlib.sha256()
    for audio in (pair.noisy, pair.reference):
        digest.update(np.round(audio * 32767).astype("<i2").tobytes())
    return digest.hexdigest()[:16]


def set_hash(pairs: list[HeldOutPair]) -> str:
    """A short name that changes with any pair of the set."""
    return hashlib.sha256(" ".join(map(pair_hash, pairs)).encode()).hexdigest()[:8]
