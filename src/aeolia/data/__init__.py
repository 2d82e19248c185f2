"""Recordings into training material: scanning, splitting, corruptions, seeded mixtures."""

from __future__ import annotations
