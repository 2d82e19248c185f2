"""Recordings sounded again by a synthesiser, with another pitch or on the way to each other."""

from __future__ import annotations

import dataclasses

import numpy as np

from aeolia.audio.resample import resample
from aeolia.errors import InputError
from aeolia.runtime.synth.encoding import Encoding
from aeolia.runtime.synth.instrument import OnnxSynthesiser

__all__ = ["check_shift", "FORMANTS", "MOST_SEMITONES", "fitted", "glide", "morph_steps", "shifted"]

FORMANTS = ("keep", "move")

#: How far a recording can be shifted, up or down.
MOST_SEMITONES = 36.0


def check_shift(semitones: float, formants: str) -> None:
    """Refuse what no recording can be shifted by.

    Raises:
        InputError: an impossible argument.
    """
    if formants not in FORMANTS:
        raise InputError(f"formants is {formants!r}; choose keep or move")
    if not abs(semitones) <= MOST_SEMITONES:
        raise InputError(
            f"semitones is {semitones:g}; -{MOST_SEMITONES:g} to {MOST_SEMITONES:g} is possible"
        )


def shifted(
    encoding: Encoding,
    model: OnnxSynthesiser,
    semitones: float,
    formants: str = "keep",
    *,
    seed: int = 0,
) -> np.ndarray:
    """The recording at another pitch, [T] at the model's rate and of its own length.

    Args:
        formants: "keep": only the pitch of the source changes, and the resonances that make a
            voice or a body stay; "move": they move with it, as when a tape runs faster.

    Raises:
        InputError: an impossible argument.
    """
    check_shift(semitones, formants)
    ratio = 2.0 ** (semitones / 12.0)
    if formants == "keep":
        higher = dataclasses.replace(encoding, pitch_hz=encoding.pitch_hz * np.float32(ratio))
        return higher.sound(model, seed=seed)
    # Slower by the ratio at the old pitch, then played faster by it: the length is the same, and
    # pitch and formants have moved together.
    slow = _stretched(encoding, round(encoding.n_samples * ratio))
    audio = slow.sound(model, seed=seed)
    faster = resample(audio, round(model.config.sample_rate * ratio), model.config.sample_rate)
    return fitted(faster, encoding.n_samples)


def morph_steps(
    a: Encoding, b: Encoding, model: OnnxSynthesiser, steps: int, *, seed: int = 0
) -> list[np.ndarray]:
    """From one recording to another in so many steps, each [T]; the first is a, the last b.

    Timbre and instrument move on a straight line in the latent, loudness in decibels, pitch in
    semitones, and the length between the two.

    Raises:
        InputError: fewer than two steps.
    """
    if steps < 2:
        raise InputError(f"steps is {steps}; at least 2 are needed: from one end to the other")
    return [_between(a, b, share).sound(model, seed=seed) for share in np.linspace(0, 1, steps)]


def glide(a: Encoding, b: Encoding, model: OnnxSynthesiser, *, seed: int = 0) -> np.ndarray:
    """One recording [T], as long as the longer one, that begins as a and ends as b."""
    n_samples = max(a.n_samples, b.n_samples)
    first, last = _stretched(a, n_samples), _stretched(b, n_samples)
    count = len(first.pitch_hz)
    # A tenth at either end is the recording itself.
    share = np.clip((np.linspace(0, 1, count) - 0.1) / 0.8, 0.0, 1.0)
    pitch, loudness = _contours(first, last, share)
    weights = share[:, None]
    latent = (1 - weights) * first.latent_frames() + weights * last.latent_frames()
    pieces = []
    # The instrument moves in steps too short to hear, because a decoder's step has one.
    state = model.initial_state(1)
    generator = np.random.default_rng((seed, 0))
    for start in range(0, count, 4):
        part = slice(start, min(start + 4, count))
        middle = share[(part.start + part.stop) // 2]
        instrument = (1 - middle) * a.instrument + middle * b.instrument
        noise = generator.standard_normal(
            (1, (part.stop - part.start) * model.config.hop_length), np.float32
        )
        audio, state = model.step(
            latent[(part.start + part.stop) // 2][None].astype(np.float32),
            instrument[None].astype(np.float32),
            pitch[None, part],
            loudness[None, part],
            noise,
            state,
        )
        pieces.append(audio[0])
    return np.concatenate(pieces)[:n_samples]


def fitted(audio: np.ndarray, length: int) -> np.ndarray:
    """Audio [T] cut or filled with silence to a length."""
    return np.pad(audio[:length], (0, max(0, length - len(audio))))


def _between(a: Encoding, b: Encoding, share: float) -> Encoding:
    n_samples = round((1 - share) * a.n_samples + share * b.n_samples)
    first, last = _stretched(a, n_samples), _stretched(b, n_samples)
    pitch, loudness = _contours(first, last, np.full(len(first.pitch_hz), share))
    weight = np.float32(share)
    if len(a.latent) == len(b.latent) == 1:
        latent, seconds = (1 - weight) * a.latent + weight * b.latent, first.latent_seconds
    else:
        latent = (1 - weight) * first.latent_frames() + weight * last.latent_frames()
        seconds = (np.arange(len(latent)) + 0.5) * a.hop_length / a.sample_rate
    return dataclasses.replace(
        first,
        latent=latent,
        latent_seconds=seconds,
        pitch_hz=pitch,
        loudness_db=loudness,
        instrument=(1 - weight) * a.instrument + weight * b.instrument,
    )


def _contours(a: Encoding, b: Encoding, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pitch and loudness [F] between two encodings of the same length, at shares [F]."""
    both = (a.pitch_hz > 0) & (b.pitch_hz > 0)
    first, last = (np.log2(np.where(both, e.pitch_hz, 1.0)) for e in (a, b))
    between = np.exp2((1 - share) * first + share * last)
    # Where only one has a pitch, the nearer of the two decides.
    single = np.where(share < 0.5, a.pitch_hz, b.pitch_hz)
    loudness = (1 - share) * a.loudness_db + share * b.loudness_db
    return np.where(both, between, single).astype(np.float32), loudness.astype(np.float32)


def _stretched(encoding: Encoding, n_samples: int) -> Encoding:
    """The same contours over another length."""
    if n_samples == encoding.n_samples:
        return encoding
    n_frames = -(-n_samples // encoding.hop_length)
    ratio = encoding.n_samples / n_samples
    position = np.clip((np.arange(n_frames) + 0.5) * ratio - 0.5, 0, len(encoding.pitch_hz) - 1)
    loudness = np.interp(position, np.arange(len(encoding.loudness_db)), encoding.loudness_db)
    left = np.floor(position).astype(int)
    right = np.minimum(left + 1, len(encoding.pitch_hz) - 1)
    low, high, part = encoding.pitch_hz[left], encoding.pitch_hz[right], position - left
    both = (low > 0) & (high > 0)
    line = np.where(both, low, 1.0) ** (1 - part) * np.where(both, high, 1.0) ** part
    pitch = np.where(both, line, np.where(part < 0.5, low, high))
    return dataclasses.replace(
        encoding,
        pitch_hz=pitch.astype(np.float32),
        loudness_db=loudness.astype(np.float32),
        latent_seconds=encoding.latent_seconds / ratio,
        n_samples=n_samples,
    )
