"""What a mixing engineer does to a track: tone, compression, saturation, width, echo, chorus.

Audio is [T, 2] float32. Effects that are linear, or are a gain over time that several tracks share,
keep sums what they are: (a + b) * gain == a * gain + b * gain. The others are for single tracks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aeolia.audio.resample import resample

__all__ = [
    "Band",
    "chorus",
    "compressor_gain",
    "convolved",
    "draw_bands",
    "echo",
    "equalised",
    "limiter_gain",
    "panned",
    "power_of",
    "reverberated",
    "saturated",
    "with_gain",
    "with_width",
]

#: (kind, frequency in Hz, gain in dB, quality); kinds: low and high (shelves), peak, cut (below).
Band = tuple[str, float, float, float]

#: An equaliser's response has died away after so many samples.
_EQUALISER_TAPS = 4096
#: Gains are computed once a block of so many seconds, and lie on lines between.
_BLOCK_SECONDS = 0.002


def draw_bands(rng: np.random.Generator, reach_db: float = 6.0) -> list[Band]:
    """A shelf at either end and up to three peaks between, each within `reach_db`."""
    bands: list[Band] = []
    if rng.random() < 0.6:
        bands.append(("low", _between(rng, 60, 250), float(rng.uniform(-1, 1)) * reach_db, 0.7))
    for _ in range(int(rng.integers(0, 4))):
        hz, quality = _between(rng, 120, 9000), _between(rng, 0.5, 3.0)
        bands.append(("peak", hz, float(rng.uniform(-1, 1)) * reach_db, quality))
    if rng.random() < 0.6:
        bands.append(
            ("high", _between(rng, 2500, 10000), float(rng.uniform(-1, 1)) * reach_db, 0.7)
        )
    return bands


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """Log-uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def equalised(audio: np.ndarray, sample_rate: int, bands: Sequence[Band]) -> np.ndarray:
    """Audio through second-order filters in a row (R. Bristow-Johnson, Audio EQ Cookbook).

    What rings on for longer than a tenth of a second is cut off.
    """
    if not bands:
        return audio
    delay = np.exp(-2j * np.pi * np.arange(_EQUALISER_TAPS // 2 + 1) / _EQUALISER_TAPS)
    response = np.ones(len(delay), np.complex128)
    for band in bands:
        zeros, poles = _biquad(band, sample_rate)
        response *= np.polyval(zeros[::-1], delay) / np.polyval(poles[::-1], delay)
    return convolved(audio, np.fft.irfft(response, _EQUALISER_TAPS).astype(np.float32)[None])


def _biquad(band: Band, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    kind, hz, gain_db, quality = band
    w = 2.0 * np.pi * min(hz, 0.45 * sample_rate) / sample_rate
    a, alpha, cosine = 10.0 ** (gain_db / 40.0), np.sin(w) / (2.0 * quality), np.cos(w)
    if kind == "peak":
        zeros = (1 + alpha * a, -2 * cosine, 1 - alpha * a)
        poles = (1 + alpha / a, -2 * cosine, 1 - alpha / a)
    elif kind == "cut":
        zeros = ((1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2)
        poles = (1 + alpha, -2 * cosine, 1 - alpha)
    else:
        sign = 1.0 if kind == "low" else -1.0  # the high shelf is the low one, mirrored
        root = 2.0 * np.sqrt(a) * alpha
        plus, minus = a + 1, a - 1
        zeros = (
            a * (plus - sign * minus * cosine + root),
            sign * 2 * a * (minus - sign * plus * cosine),
            a * (plus - sign * minus * cosine - root),
        )
        poles = (
            plus + sign * minus * cosine + root,
            -sign * 2 * (minus + sign * plus * cosine),
            plus + sign * minus * cosine - root,
        )
    return np.array(zeros), np.array(poles)


def convolved(audio: np.ndarray, impulses: np.ndarray) -> np.ndarray:
    """Audio [T, C] through an impulse response a channel, or one for all [C or 1, N]; [T, C].

    In blocks that overlap by the response, which fit into caches as the whole would not.
    """
    size, taps = len(audio), impulses.shape[1]
    n_fft = 1 << max(13, (4 * taps - 1).bit_length())
    step = n_fft - taps + 1
    count = -(-size // step)
    responses = np.fft.rfft(impulses, n_fft)
    out = np.zeros((audio.shape[1], count * step + taps), np.float32)
    for block in range(count):
        part = audio[block * step : (block + 1) * step].T
        there = slice(block * step, block * step + n_fft)
        out[:, there] += np.fft.irfft(np.fft.rfft(part, n_fft) * responses, n_fft)[
            :, : out.shape[1] - block * step
        ]
    return np.ascontiguousarray(out[:, :size].T)


def power_of(audio: np.ndarray) -> np.ndarray:
    """Power of each moment [T], the mean over channels."""
    # Much faster than a mean over an axis of two.
    return np.asarray(np.einsum("tc,tc->t", audio, audio) / audio.shape[1])


def compressor_gain(
    audio: np.ndarray,
    sample_rate: int,
    threshold_db: float,
    ratio: float,
    attack_ms: float = 5.0,
    release_ms: float = 120.0,
) -> np.ndarray:
    """Gain over time [T] that holds down what is louder than a threshold.

    Args:
        threshold_db: above the mean power of the audio.
        ratio: of level in to level out above the threshold.
    """
    block = max(1, round(_BLOCK_SECONDS * sample_rate))
    power = _block_means(power_of(audio), block)
    level_db = 10.0 * np.log10(power + 1e-10)
    limit = 10.0 * np.log10(float(power.mean()) + 1e-10) + threshold_db
    wanted = np.maximum(0.0, level_db - limit) * (1.0 / ratio - 1.0)
    steps = np.exp(-1000.0 * _BLOCK_SECONDS / np.array([attack_ms, release_ms]))
    attack, release = float(steps[0]), float(steps[1])
    gains, state = [], 0.0
    for value in wanted.tolist():
        keep = attack if value < state else release
        state = value + keep * (state - value)
        gains.append(state)
    return _over_time(10.0 ** (np.array(gains) / 20.0), block, len(audio))


def limiter_gain(audio: np.ndarray, sample_rate: int, ceiling: float) -> np.ndarray:
    """Gain over time [T], at most 1, under which no sample is above the ceiling.

    It falls ahead of a peak and rises within a tenth of a second after it.
    """
    block = max(1, round(_BLOCK_SECONDS * sample_rate))
    count = -(-len(audio) // block)
    size = np.abs(audio)
    padded = np.pad(np.maximum(size[:, 0], size[:, 1]), (0, count * block - len(audio)))
    needed = np.minimum(1.0, ceiling / np.maximum(padded.reshape(count, block).max(1), 1e-9))
    # A line between two blocks' gains is below both: let each gain hold for its neighbours too.
    held = np.pad(needed, 1, constant_values=1.0)
    needed = np.minimum(np.minimum(held[:-2], held[2:]), needed)
    rise = 1.0 - np.exp(-_BLOCK_SECONDS / 0.03)
    gains, state = [], 1.0
    for value in needed.tolist():
        state = min(value, state + rise * (1.0 - state))
        gains.append(state)
    # Minima of neighbours once more, as the rise is late, not early.
    return _over_time(np.array(gains), block, len(audio))


def _block_means(values: np.ndarray, block: int) -> np.ndarray:
    count = -(-len(values) // block)
    padded = np.pad(values, (0, count * block - len(values)))
    return np.asarray(padded.reshape(count, block).mean(1))


def _over_time(gains: np.ndarray, block: int, size: int) -> np.ndarray:
    """Values at the middles of blocks -> one a sample [T] float32."""
    middles = (np.arange(len(gains)) + 0.5) * block
    return np.asarray(np.interp(np.arange(size), middles, gains), np.float32)


def with_gain(audio: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Audio times a gain over time."""
    return np.asarray(audio * gain[:, None])


def saturated(audio: np.ndarray, drive: float, bias: float = 0.0) -> np.ndarray:
    """Bent as by a tube, its peak kept; `bias` brings even harmonics.

    At twice the sample rate, or harmonics beyond half of it would come back as other tones.
    """
    peak = float(np.abs(audio).max())
    if peak == 0.0:
        return audio
    wide = resample(audio, 1, 2, "MQ")
    bent = np.tanh(wide * np.float32(drive / peak) + np.float32(bias)) - np.float32(np.tanh(bias))
    narrow = resample(bent, 2, 1, "MQ")[: len(audio)]
    return np.asarray(narrow * (peak / max(float(np.abs(narrow).max()), 1e-9)), np.float32)


def with_width(audio: np.ndarray, width: float) -> np.ndarray:
    """Audio whose sides are `width` times as loud against its middle: 0 is mono."""
    middle = np.float32(0.5) * (audio[:, :1] + audio[:, 1:])
    return np.asarray(middle + np.float32(width) * (audio - middle), np.float32)


def panned(audio: np.ndarray, place: float) -> np.ndarray:
    """Audio moved to the left (-1) or right (1), at one power."""
    angle = (place + 1.0) * np.pi / 4.0
    gains = np.sqrt(2.0) * np.array([np.cos(angle), np.sin(angle)], np.float32)
    return np.stack([audio[:, 0] * gains[0], audio[:, 1] * gains[1]], 1)


def chorus(audio: np.ndarray, sample_rate: int, depth_ms: float, rate_hz: float) -> np.ndarray:
    """Audio and a copy whose delay swings, against each other left and right."""
    size = len(audio)
    times = np.arange(size)
    swing = np.sin(2.0 * np.pi * rate_hz * times / sample_rate)
    sides = []
    for channel, sign in ((0, 1.0), (1, -1.0)):
        delay = (12.0 + depth_ms * sign * swing) * sample_rate / 1000.0
        sides.append(np.interp(times - delay, times, audio[:, channel], left=0.0))
    return np.asarray(0.7 * (audio + np.stack(sides, 1)), np.float32)


def echo(
    audio: np.ndarray, sample_rate: int, seconds: float, feedback: float, share: float
) -> np.ndarray:
    """Audio and what comes back of it every so many seconds, from side to side."""
    delay = max(1, round(seconds * sample_rate))
    mixed, back = audio.copy(), audio
    level = share
    while level > 0.01 and delay < len(audio):
        back = np.pad(back, ((delay, 0), (0, 0)))[: len(audio), ::-1]
        mixed += level * back
        level *= feedback
    return mixed


def reverberated(
    audio: np.ndarray,
    sample_rate: int,
    rng: np.random.Generator,
    rt60_seconds: float,
    share: float,
    bright_hz: float = 6000.0,
) -> np.ndarray:
    """Audio in a room made of noise that dies away, another one left and right.

    Args:
        rt60_seconds: after which it is 60 dB down.
        share: level of the room against the audio itself.
        bright_hz: above this the room swallows treble.
    """
    count = round(rt60_seconds * sample_rate)
    times = np.arange(count) / sample_rate
    decay = np.exp(-np.log(1000.0) * times / rt60_seconds) * np.minimum(1.0, times / 0.004)
    noise = rng.standard_normal((2, count)) * decay
    spectrum = np.fft.rfft(noise)
    frequencies = np.fft.rfftfreq(count, 1.0 / sample_rate)
    spectrum *= 1.0 / np.sqrt(1.0 + np.square(frequencies / bright_hz))
    spectrum *= np.minimum(1.0, frequencies / 150.0)  # rooms of records are cut below
    room = np.fft.irfft(spectrum, count)
    room *= share / max(float(np.sqrt(np.square(noise).sum() / 2.0)), 1e-9)
    return np.asarray(audio + convolved(audio, room.astype(np.float32)))
