"""Separate."""
