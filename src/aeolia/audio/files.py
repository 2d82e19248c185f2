"""Audio files block by block, of any length: one module to import reading and writing from.

Samples are float32 arrays [T, C], full scale 1.0. "-" is a WAV pipe: standard input when
reading, standard output when writing. Outputs are written beside their path and renamed when
complete, so that an error or an interrupt leaves nothing behind.
"""

from __future__ import annotations

from aeolia.audio.formats import AUDIO_SUFFIXES, AudioInfo
from aeolia.audio.outputs import Outputs, output_writer
from aeolia.audio.reader import PIPE, AudioReader, read_audio, read_samples
from aeolia.audio.writer import AudioWriter, write_audio

__all__ = [
    "AUDIO_SUFFIXES",
    "PIPE",
    "AudioInfo",
    "AudioReader",
    "AudioWriter",
    "Outputs",
    "output_writer",
    "read_audio",
    "read_samples",
    "write_audio",
]
