"""Noisy and clean pairs: for training, seeded and made on the fly, and for validation."""
