"""Voices at another pitch and by other instruments, beside WORLD and Rubber Band: reshaping.md."""
