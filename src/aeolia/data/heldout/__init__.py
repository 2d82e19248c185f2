"""Heldout."""
