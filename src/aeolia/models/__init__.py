"""The autoencoders: encoder, decoder, their step; checkpoints; export to ONNX."""

from __future__ import annotations
