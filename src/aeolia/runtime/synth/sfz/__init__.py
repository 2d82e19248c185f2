"""Instruments for samplers: SFZ files with FLAC samples."""
