"""Aeolia: audio autoencoders for real work."""
