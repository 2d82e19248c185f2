"""Recordings into training material, and into the sets that models are judged by.

corpus/     what a folder holds: scanned, split, listed in a manifest
cache, decoding, pool      recordings decoded once, resident as one array
crops, corruptions, rooms, acoustics, mixing      what all mixtures are made with
denoise/  separate/  synth/      the mixtures of each task
heldout/    evaluation sets, made apart from the mixers
"""

from __future__ import annotations
