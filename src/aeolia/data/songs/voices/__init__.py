"""Voices of songs, made of speech: sung with the vocoder WORLD, rapped or spoken without it."""
