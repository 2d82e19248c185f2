"""The package in Python: open a model, denoise and separate arrays, files and streams.

Arrays are [T] (one channel) or [T, C], float, full scale 1.0, as soundfile reads and writes
them. What comes back has the same length, rate and channels, aligned to the sample, as float32.
"""

from aeolia.api.denoising import FileReport, denoise, denoise_file
from aeolia.api.separation import OutputReport, SeparationReport, enrol, separate, separate_file
from aeolia.api.streams import Stream
from aeolia.runtime.catalogue import load, released_models
from aeolia.runtime.voice import Voice

__all__ = [
    "FileReport",
    "OutputReport",
    "SeparationReport",
    "Stream",
    "Voice",
    "denoise",
    "denoise_file",
    "enrol",
    "load",
    "released_models",
    "separate",
    "separate_file",
]
