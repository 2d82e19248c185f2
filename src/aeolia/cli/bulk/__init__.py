"""`aeolia bulk`: files by the million."""
