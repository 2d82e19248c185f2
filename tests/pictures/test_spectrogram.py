"""PNG files that an independent reader accepts, and spectrograms that show what is there."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from aeolia.evaluation import spectrogram_db, spectrogram_png
from aeolia.pictures.png import encode_png
from aeolia.pictures.spectrogram import colours


def _read_png(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Indices and palette of an unfiltered indexed PNG, with every checksum verified."""
    assert data[:8] == bytes([137, 80, 78, 71, 13, 10, 26, 10])
    chunks, position = {}, 8
    while position < len(data):
        (size,) = struct.unpack(">I", data[position : position + 4])
        kind, body = data[position + 4 : position + 8], data[position + 8 : position + 8 + size]
        (checksum,) = struct.unpack(">I", data[position + 8 + size : position + 12 + size])
        assert checksum == zlib.crc32(kind + body)
        chunks[kind] = body
        position += 12 + size
    assert kind == b"IEND"
    width, height, depth, colour_type = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour_type) == (8, 3)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    return rows[:, 1:], np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)


def test_png_reads_back() -> None:
    rng = np.random.default_rng(0)
    indices = rng.integers(0, 256, (7, 13), dtype=np.uint8)
    read, palette = _read_png(encode_png(indices, colours()))
    assert np.array_equal(read, indices)
    assert np.array_equal(palette, colours())


def test_png_opens_in_another_library() -> None:
    image = pytest.importorskip("PIL.Image")
    import io

    indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
    opened = image.open(io.BytesIO(encode_png(indices, colours())))
    assert opened.size == (16, 16)
    assert np.array_equal(np.asarray(opened.convert("RGB")).reshape(256, 3), colours())


def test_colours_grow_evenly_brighter() -> None:
    encoded = colours() / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert np.all(np.diff(np.convolve(luminance, np.ones(8) / 8, "valid")) > 0)
    assert luminance[0] < 0.01
    assert luminance[-1] > 0.85


@pytest.mark.parametrize("frequency", ["linear", "log"])
@pytest.mark.parametrize("rate", [8000, 48000])
def test_a_tone_is_a_line_at_its_frequency(frequency: str, rate: int) -> None:
    tone_hz, height = 2000.0, 240
    tone = np.sin(2 * np.pi * tone_hz * np.arange(rate) / rate)
    picture = spectrogram_db(tone, rate, width=50, height=height, frequency=frequency)
    nyquist = rate / 2
    position = (
        tone_hz / nyquist if frequency == "linear" else np.log(tone_hz / 50) / np.log(nyquist / 50)
    )
    rows = np.argmax(picture[:, 5:-5], axis=0)
    assert np.all(np.abs(rows - (1 - position) * height) <= 2)
    # Full scale is 0 dB, less what a row several bins wide takes off a single bin.
    assert -8.0 < picture[:, 25].max() < 1.0


def test_time_runs_from_left_to_right_over_any_length() -> None:
    noise = np.random.default_rng(0).standard_normal(200000)
    noise[:100000] = 0.0
    picture = spectrogram_db(noise, 16000, width=100, height=20)
    assert np.all(picture[:, :48] == -200.0)
    assert np.all(picture[:, 52:] > -80.0)
    short = spectrogram_db(noise[100000:100003], 16000, width=10, height=5)
    assert short.shape == (5, 10) and np.all(np.isfinite(short))


def test_channels_are_averaged_in_power() -> None:
    left = np.random.default_rng(0).standard_normal(8000)
    both = spectrogram_db(np.stack([left, -left], axis=1), 16000, width=20, height=20)
    assert np.allclose(both, spectrogram_db(left, 16000, width=20, height=20))


def test_levels_become_colours_over_the_range() -> None:
    levels = np.array([[-10.0, -50.0, -90.0, -200.0, 5.0]])
    indices, _ = _read_png(spectrogram_png(levels, top_db=-10.0, range_db=80.0))
    assert indices.tolist() == [[255, 128, 0, 0, 255]]
