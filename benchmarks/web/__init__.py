"""The page of `aeolia web`: how soon it is there, and how it answers while it works."""
