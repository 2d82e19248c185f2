"""The voice of a song, if it has one: sung, rapped or spoken."""

from __future__ import annotations

import numpy as np

from aeolia.data.songs.composing.score import Composition
from aeolia.data.songs.tracks import WHOLE, Track
from aeolia.data.songs.voices.rapping import rapped, spoken
from aeolia.data.songs.voices.singers import Singer
from aeolia.data.songs.voices.singing import sung
from aeolia.data.songs.voices.speech import read_speech

__all__ = ["voice_of"]

#: Seconds of speech that a voice is made of.
_SUNG_SECONDS, _SPOKEN_SECONDS = 10.0, 25.0
#: Sung lines are doubled by a second take so often.
_DOUBLED = 0.2


def voice_of(
    singer: Singer,
    manner: str,
    composition: Composition,
    sample_rate: int,
    rng: np.random.Generator,
) -> Track | None:
    """A track of vocals; None where the singer's speech does not serve.

    Raises:
        AudioFileError: the speech cannot be read.
        MissingExtraError: the voice shall sing, and the vocoder is not installed.
    """
    seconds = _SUNG_SECONDS if manner == "sung" else _SPOKEN_SECONDS
    speech = read_speech(singer, seconds, sample_rate, rng)
    outline = composition.outline
    try:
        if manner == "sung":
            sound = sung(outline, composition.melody, speech, sample_rate, rng)
        else:
            over = rapped if manner == "rapped" else spoken
            sound = over(outline, speech, sample_rate, rng)
    except ValueError:
        return None
    stereo = np.stack([sound, sound], 1)
    if rng.random() < _DOUBLED:  # a second take: a little later, on one side each
        late = round(float(rng.uniform(0.012, 0.035)) * sample_rate)
        stereo[late:, 0] += 0.6 * sound[:-late]
        stereo[2 * late :, 1] += 0.6 * sound[: -2 * late]
    return Track("voice", "vocals", {WHOLE: stereo}, treatment={})
