"""Songs made by rule, with their stems: as many as there is time to render.

composing/ -> notes by part -> midi -> fluidsynth (and voices) -> effects, mixing -> stems, manifest
"""
