"""scores.md: General MIDI scores as our instruments and as FluidSynth's soundfonts play them."""
