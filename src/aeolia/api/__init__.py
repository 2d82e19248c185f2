"""The package in Python: open a model, denoise and separate arrays, files and streams,
and make sound.

Arrays are [T] (one channel) or [T, C], float, full scale 1.0, as soundfile reads and writes
them. What comes back has the same length, rate and channels, aligned to the sample, as float32.
The public names are those of `aeolia`; each module here imports only what its own task needs.
"""
