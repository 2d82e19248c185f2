"""Sound in the containers of phones, cameras and films, made by PyAV."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

__all__ = ["bursts", "make_media"]


def bursts(seconds: float, sample_rate: int) -> np.ndarray:
    """[T] float32: a rising tone in bursts, so that any shift shows."""
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    envelope = np.clip(np.sin(2 * np.pi * 2.7 * time), 0, 1) ** 2
    return (0.4 * envelope * np.sin(2 * np.pi * (300 + 200 * time) * time)).astype(np.float32)


def make_media(
    path: Path,
    tracks: list[np.ndarray],
    sample_rate: int,
    codec: str,
    *,
    pictures: int = 0,
    gap_seconds: float = 0.0,
) -> Path:
    """A file with audio tracks [T], and a film of so many pictures at 25 a second.

    Half-way through each track lies a gap in the timestamps.
    """
    import av

    with av.open(str(path), "w") as container:
        video = None
        if pictures:
            video = container.add_stream("mpeg4", rate=25)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        streams = [container.add_stream(codec, rate=sample_rate, layout="mono") for _ in tracks]
        for stream in streams:
            stream.bit_rate = 96_000
        if video is not None:
            for number in range(pictures):
                picture = np.full((48, 64, 3), number % 256, np.uint8)
                container.mux(video.encode(av.VideoFrame.from_ndarray(picture)))
            container.mux(video.encode(None))
        for stream, audio in zip(streams, tracks, strict=True):
            if not stream.codec_context.is_open:
                stream.codec_context.open()
            resampler = av.AudioResampler(stream.codec_context.format, "mono", sample_rate)
            half = len(audio) // 2048 * 1024
            for start in range(0, len(audio), 1024):
                block = np.ascontiguousarray(audio[None, start : start + 1024])
                frame = av.AudioFrame.from_ndarray(block, "fltp", "mono")
                frame.sample_rate = sample_rate
                late = round(gap_seconds * sample_rate) if start >= half else 0
                for made in resampler.resample(frame):
                    made.pts, made.time_base = start + late, Fraction(1, sample_rate)
                    container.mux(stream.encode(made))
            container.mux(stream.encode(None))
    return path
