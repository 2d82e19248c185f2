"""PNG pictures of at most 256 colours, written with zlib alone.

    signature | IHDR size and type | PLTE 256 colours | IDAT zlib(rows) | IEND

Each chunk is length, kind, data, CRC-32 (PNG specification, second edition, 5.3). A palette
keeps a spectrogram at one byte per pixel before compression.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

__all__ = ["encode_png"]


def encode_png(indices: np.ndarray, palette: np.ndarray) -> bytes:
    """A PNG file of colour type 3 (indexed).

    Args:
        indices: row of the palette for each pixel, [height, width], uint8, top row first.
        palette: red, green and blue of each index, [colours <= 256, 3], uint8.
    """
    height, width = indices.shape
    if indices.dtype != np.uint8 or palette.dtype != np.uint8:
        raise ValueError("indices and palette must be of type uint8")
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    # Filter type 0 ("none") before each row: filters do not help indexed pictures.
    rows = np.concatenate([np.zeros((height, 1), np.uint8), indices], axis=1)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", np.ascontiguousarray(palette).tobytes()),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
