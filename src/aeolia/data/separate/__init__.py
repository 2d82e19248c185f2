"""Mixtures of sound classes and of speakers, and the music that is arranged for them."""
