"""Other denoisers behind one call."""
