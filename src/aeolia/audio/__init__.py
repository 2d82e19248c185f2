"""Audio files in and out in blocks, resampling, levels."""

from __future__ import annotations
