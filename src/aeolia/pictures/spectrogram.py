"""Spectrogram pictures: short-time power in decibels, in colours of even perceptual steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aeolia.pictures.png import encode_png

__all__ = ["colours", "spectrogram_db", "spectrogram_png", "spectrogram_picture"]

_WINDOW_SECONDS = 0.032
_LOWEST_HZ = 50.0  # bottom of the logarithmic axis
#: From silence to the loudest bin in OKLCH: lightness, chroma, hue in degrees. Lightness rises
#: evenly, so that equal steps in decibels look equally large, in grey print too.
_PATH = (
    (0.10, 0.02, 285.0),
    (0.27, 0.11, 292.0),
    (0.45, 0.17, 330.0),
    (0.62, 0.19, 375.0),
    (0.79, 0.15, 415.0),
    (0.97, 0.07, 460.0),
)


def spectrogram_db(
    audio: np.ndarray,
    sample_rate: float,
    *,
    width: int = 640,
    height: int = 240,
    frequency: str = "linear",
) -> np.ndarray:
    """Power of each pixel in dB, [height, width], highest frequency first.

    0 dB is a DFT bin that holds a sine of full scale, and a row wider than a bin averages its
    bins' power; silence is -200 dB. Channels are averaged in power.

    Args:
        audio: samples, [T] or [T, C].
        sample_rate: in Hz.
        width: pixels along time; each shows the mean power of its stretch.
        height: pixels along frequency.
        frequency: "linear" (0 Hz to Nyquist) or "log" (50 Hz to Nyquist).
    """
    channels = audio[:, None] if audio.ndim == 1 else audio
    win_length = max(16, 1 << round(np.log2(_WINDOW_SECONDS * sample_rate)))
    centres = _row_frequencies(sample_rate, height, frequency)
    bands = _bands(centres * win_length / sample_rate, win_length // 2 + 1)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(win_length) / win_length)
    padded = np.pad(channels.astype(np.float64), ((win_length // 2, win_length // 2), (0, 0)))
    picture = np.zeros((height, width))
    hop = win_length // 4
    frames_per_pixel = max(1, int(np.ceil(len(channels) / (hop * width))))
    for pixel in range(width):
        centre = (pixel + 0.5) * len(channels) / width
        for frame in range(frames_per_pixel):
            offset = (frame + 0.5 - frames_per_pixel / 2) * hop
            start = int(np.clip(centre + offset, 0, len(channels)))
            spectrum = np.fft.rfft(padded[start : start + win_length].T * window)
            picture[:, pixel] += bands @ np.mean(np.abs(spectrum) ** 2, axis=0)
    power = picture / frames_per_pixel / (window.sum() / 2) ** 2
    return np.asarray(10 * np.log10(np.maximum(power, 1e-20))[::-1])


def spectrogram_png(levels_db: np.ndarray, *, top_db: float = 0.0, range_db: float = 80.0) -> bytes:
    """The picture of `spectrogram_db` as a PNG file; see `spectrogram_picture`."""
    return encode_png(_indices(levels_db, top_db, range_db), colours())


def spectrogram_picture(
    levels_db: np.ndarray, *, top_db: float = 0.0, range_db: float = 80.0
) -> np.ndarray:
    """The picture of `spectrogram_db` in red, green and blue, [height, width, 3] uint8.

    Args:
        levels_db: [height, width].
        top_db: level of the brightest colour; give the same to pictures that are compared.
        range_db: decibels from the brightest colour down to the darkest.
    """
    return np.asarray(colours()[_indices(levels_db, top_db, range_db)])


def _indices(levels_db: np.ndarray, top_db: float, range_db: float) -> np.ndarray:
    """Row of the colour table for each pixel, uint8."""
    scaled = np.clip((levels_db - top_db) / range_db + 1, 0, 1)
    return np.asarray(np.round(scaled * 255).astype(np.uint8))


def colours(path: Sequence[tuple[float, float, float]] = _PATH) -> np.ndarray:
    """The colour table, [256, 3] uint8: `path` interpolated in OKLCH, then turned into sRGB.

    The matrices are those of Björn Ottosson, A perceptual color space for image processing (2020).
    """
    points = np.array(path)
    steps = np.linspace(0, len(points) - 1, 256)
    lightness, chroma, hue = (
        np.interp(steps, np.arange(len(points)), column) for column in points.T
    )
    # Knots are not evenly spaced in lightness by hand; make the steps so.
    lightness = np.linspace(lightness[0], lightness[-1], 256)
    angle = np.deg2rad(hue)
    lab = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])
    cones = (
        np.array(
            [
                [1.0, 0.3963377774, 0.2158037573],
                [1.0, -0.1055613458, -0.0638541728],
                [1.0, -0.0894841775, -1.2914855480],
            ]
        )
        @ lab
    )
    linear = (
        np.array(
            [
                [4.0767416621, -3.3077115913, 0.2309699292],
                [-1.2684380046, 2.6097574011, -0.3413193965],
                [-0.0041960863, -0.7034186147, 1.7076147010],
            ]
        )
        @ cones**3
    )
    linear = np.clip(linear, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(255 * encoded.T).astype(np.uint8))


def _row_frequencies(sample_rate: float, height: int, frequency: str) -> np.ndarray:
    """Frequency of each row's centre in Hz, lowest first."""
    positions = (np.arange(height) + 0.5) / height
    nyquist = sample_rate / 2
    if frequency == "linear":
        return positions * nyquist
    if frequency == "log":
        return _LOWEST_HZ * (nyquist / _LOWEST_HZ) ** positions
    raise ValueError(f"frequency is {frequency!r}; it must be 'linear' or 'log'")


def _bands(centres: np.ndarray, n_bins: int) -> np.ndarray:
    """Weights [rows, bins]: a triangle around each centre, at least one bin to either side.

    Where rows are closer than bins this interpolates; where they are wider it averages.
    """
    widths = np.maximum(np.gradient(centres), 1.0)
    distances = np.abs(np.arange(n_bins) - centres[:, None]) / widths[:, None]
    weights = np.maximum(1 - distances, 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
