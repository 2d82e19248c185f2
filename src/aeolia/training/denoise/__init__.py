"""Denoise."""
