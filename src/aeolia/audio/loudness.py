"""Loudness as ITU-R BS.1770-4 defines it: K-weighted power, gated, in LUFS.

    audio -> K-weighting (a shelf for the head, a high-pass for the ear) -> power of blocks of
    400 ms every 100 ms, channels weighted and summed -> gates at -70 LUFS and at 10 LU below the
    mean of what passed -> mean

A sine of 1 kHz at -23 dBFS (peak) in both channels of a stereo pair has -23.0 LUFS.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from aeolia.errors import InputError

__all__ = ["SILENCE_LUFS", "k_weighting", "loudest_moment", "loudness"]

#: Loudness of audio that has no block above the absolute gate.
SILENCE_LUFS = -math.inf

_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
_STEP_SECONDS, _STEPS_PER_BLOCK = 0.1, 4
#: Makes a sine of 997 Hz, full scale, in one front channel read -3.01 (BS.1770-4, annex 1).
_OFFSET_DB = -0.691
#: Weights by number of channels, in the order of WAV files: surrounds count 1.41 (+1.5 dB), the
#: channel of low-frequency effects not at all. Other layouts count every channel as a front one.
_CHANNEL_WEIGHTS = {
    4: (1.0, 1.0, 1.41, 1.41),
    5: (1.0, 1.0, 1.0, 1.41, 1.41),
    6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
}
#: Audio is filtered in pieces of this length, each after a run-up in which the filters' response
#: (two poles at 38 Hz) dies away to 1e-50.
_PIECE_SECONDS, _RUN_UP_SECONDS = 4.0, 0.5


def loudness(audio: np.ndarray, sample_rate: int) -> float:
    """Integrated loudness in LUFS; `SILENCE_LUFS` where nothing is louder than -70 LUFS.

    Audio shorter than one block of 400 ms counts as followed by silence up to there.

    Args:
        audio: samples, [T] or [T, C]; 4, 5 and 6 channels are L R (C) (LFE) Ls Rs.
        sample_rate: in Hz.

    Raises:
        InputError: no samples, or an array of another shape.
    """
    blocks = _weighted_powers(audio, sample_rate)
    loud = blocks[_lufs(blocks) > _ABSOLUTE_GATE]
    if not loud.size:
        return SILENCE_LUFS
    gate = float(_lufs(loud.mean())) + _RELATIVE_GATE
    return float(_lufs(loud[_lufs(loud) > gate].mean()))


def loudest_moment(audio: np.ndarray, sample_rate: int) -> float:
    """The greatest loudness of any 400 ms, in LUFS: EBU Tech 3341's maximum momentary loudness.

    Without gates, so that a hit's loudness does not depend on how long it is heard to die away.

    Args:
        audio: as for `loudness`.
        sample_rate: in Hz.

    Raises:
        InputError: no samples, or an array of another shape.
    """
    found = float(_lufs(_weighted_powers(audio, sample_rate).max()))
    return found if found > _ABSOLUTE_GATE else SILENCE_LUFS


def k_weighting(sample_rate: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Coefficients b0 b1 b2 and 1 a1 a2 of the two filters in a row, for any sample rate.

    BS.1770-4 prints them for 48 kHz alone. There they are bilinear transforms of a shelf and a
    high-pass whose frequencies, gain and quality follow from the printed numbers (B. De Man,
    Evaluation of Implementations of the EBU R128 Loudness Measurement, AES convention 2018);
    other rates get the same filters transformed for them.
    """
    k, quality = math.tan(math.pi * 1681.974450955533 / sample_rate), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416 / quality
    shelf = np.array([high + middle * k + k * k, 2 * (k * k - high), high - middle * k + k * k])
    scale = 1 + k / quality + k * k
    shelf_poles = np.array([scale, 2 * (k * k - 1), 1 - k / quality + k * k])

    k, quality = math.tan(math.pi * 38.13547087602444 / sample_rate), 0.5003270373238773
    # The printed numerator is 1, -2, 1: alone of the coefficients not divided by the scale.
    high_pass = np.array([1.0, -2.0, 1.0])
    poles = np.array([1 + k / quality + k * k, 2 * (k * k - 1), 1 - k / quality + k * k])
    return [(shelf / scale, shelf_poles / scale), (high_pass, poles / poles[0])]


def _weighted_powers(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Power of each block, channels weighted and summed, [blocks]; one block at least."""
    channels = audio[:, None] if audio.ndim == 1 else audio
    if channels.ndim != 2 or not channels.size:
        raise InputError(
            f"audio of shape {list(audio.shape)} came; loudness needs [T] or [T, C] with samples"
        )
    shortest = math.ceil(_STEPS_PER_BLOCK * _STEP_SECONDS * sample_rate)
    if len(channels) < shortest:
        channels = np.pad(channels, ((0, shortest - len(channels)), (0, 0)))
    weights = np.array(_CHANNEL_WEIGHTS.get(channels.shape[1], (1.0,) * channels.shape[1]))
    return np.asarray(_block_powers(channels, sample_rate) @ weights)


def _block_powers(channels: np.ndarray, sample_rate: int) -> np.ndarray:
    """Mean square of the K-weighted audio in each whole block and channel, [blocks, C].

    Blocks overlap by three quarters, so a block's power is the mean of four steps' powers.
    """
    n_steps = int(len(channels) / (_STEP_SECONDS * sample_rate) + 1e-9)
    edges = np.round(np.arange(n_steps + 1) * _STEP_SECONDS * sample_rate).astype(int)
    steps_per_piece = round(_PIECE_SECONDS / _STEP_SECONDS)
    run_up = math.ceil(_RUN_UP_SECONDS * sample_rate)
    longest = min(len(channels), math.ceil(_PIECE_SECONDS * sample_rate) + run_up + 1)
    response = _response(sample_rate, 1 << (longest + run_up - 1).bit_length())
    powers = np.empty((n_steps, channels.shape[1]))
    for first in range(0, n_steps, steps_per_piece):
        cut = edges[first : first + steps_per_piece + 1]
        start = max(0, int(cut[0]) - run_up)
        weighted = _filter(channels[start : cut[-1]].T, response)
        squares = np.square(weighted[:, cut[0] - start :])
        sums = np.add.reduceat(squares, cut[:-1] - cut[0], axis=1)
        powers[first : first + sums.shape[1]] = (sums / np.diff(cut)).T
    sums = np.cumsum(np.vstack([np.zeros_like(powers[:1]), powers]), axis=0)
    blocks = sums[_STEPS_PER_BLOCK:] - sums[:-_STEPS_PER_BLOCK]
    return np.asarray(np.maximum(blocks, 0) / _STEPS_PER_BLOCK)


@functools.lru_cache(maxsize=4)
def _response(sample_rate: int, n_fft: int) -> np.ndarray:
    """K-weighting at the frequencies of an FFT, [n_fft / 2 + 1] complex."""
    delay = np.exp(-2j * np.pi * np.arange(n_fft // 2 + 1) / n_fft)
    response = np.ones_like(delay)
    for zeros, poles in k_weighting(sample_rate):
        response *= np.polyval(zeros[::-1], delay) / np.polyval(poles[::-1], delay)
    return np.asarray(response)


def _filter(audio: np.ndarray, response: np.ndarray) -> np.ndarray:
    """`audio` [C, T] from rest; the FFT is longer by a run-up, so that nothing wraps around."""
    n_fft = 2 * (len(response) - 1)
    spectrum = np.fft.rfft(audio.astype(np.float64), n_fft, axis=1)
    return np.fft.irfft(spectrum * response, n_fft, axis=1)[:, : audio.shape[1]]


def _lufs(power: np.ndarray) -> np.ndarray:
    return np.asarray(_OFFSET_DB + 10 * np.log10(np.maximum(power, 1e-30)))
