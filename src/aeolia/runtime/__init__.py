"""Running released models on NumPy and ONNX Runtime, block by block."""

from __future__ import annotations
