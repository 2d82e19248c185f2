"""Pitch: its names, its tracking, contours, and whether several sound at once."""
