"""Layers that the models are built of: spectra, convolutions, recurrent layers."""

from __future__ import annotations
