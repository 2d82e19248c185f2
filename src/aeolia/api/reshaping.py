"""Recordings of one voice or instrument at another pitch, and on the way to each other."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from aeolia.api.encoding import as_recorded, encoded
from aeolia.api.instruments import NOTES_MODEL, Synthesiser, open_synthesiser
from aeolia.api.recordings import Recording, whole_recording
from aeolia.api.reports.sounds import MorphReport, ShiftReport
from aeolia.audio.files import AUDIO_SUFFIXES, PIPE, AudioInfo, AudioReader, Outputs, output_writer
from aeolia.audio.formats import FILM_SUFFIXES
from aeolia.audio.pitch.speech import is_speech
from aeolia.audio.pitch.vocoder import shifted_voice
from aeolia.errors import InputError
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.resynthesis import check_shift, glide, morph_steps, shifted

__all__ = ["MOST_STEPS", "morph", "morph_file", "shift", "shift_file"]

#: Their numbers stand in the names of files.
MOST_STEPS = 999

_SHIFTED_SPEECH = (
    "sounds like speech, whose words are lost: the model knows instruments only; --voice keeps them"
)
_MORPHED_SPEECH = "sounds like speech, whose words are lost: the model knows instruments only"


def shift(
    audio: np.ndarray | str | Path,
    sample_rate: int | None = None,
    *,
    semitones: float,
    formants: str = "keep",
    voice: bool = False,
    instrument: str | None = None,
    seed: int = 0,
    model: Synthesiser = NOTES_MODEL,
) -> np.ndarray:
    """Another pitch for a monophonic recording, through the model's own resynthesis.

    The model knows no words: speech and song need `voice`.

    Args:
        voice: through the vocoder WORLD in place of the model, which keeps the words; needs
            `aeolia[voice]`, takes five minutes at most, and reads nothing of what follows.
        formants: "keep" leaves the resonances where they are; "move" takes them along.
        instrument: the one that was recorded; otherwise the most similar one is taken.

    Returns:
        float32 array of the input's shape and rate.

    Raises:
        InputError: no pitch was found, several sound at once, or an impossible argument.

    >>> note, sample_rate = aeolia.synthesise("cello", "C3", seconds=1.0)
    >>> higher = aeolia.shift(note, sample_rate, semitones=4)
    >>> higher.shape == note.shape
    True
    """
    recording = whole_recording(audio, sample_rate, "shift")
    if voice:
        return _voice(recording, semitones, formants)
    return _played(recording, semitones, formants, instrument, seed, open_synthesiser(model))


def _played(
    recording: Recording,
    semitones: float,
    formants: str,
    instrument: str | None,
    seed: int,
    model: OnnxSynthesiser,
) -> np.ndarray:
    encoding = encoded(recording, model, instrument)
    sound = shifted(encoding, model, semitones, formants, seed=seed)
    return as_recorded(sound, encoding).reshape(recording.samples.shape)


def _voice(recording: Recording, semitones: float, formants: str) -> np.ndarray:
    check_shift(semitones, formants)
    sound = shifted_voice(
        recording.mono, recording.sample_rate, semitones, move_formants=formants == "move"
    )
    if recording.samples.ndim == 2:
        sound = np.tile(sound[:, None], (1, recording.channels))
    return sound


def shift_file(
    source: str | Path,
    target: str | Path,
    *,
    semitones: float,
    formants: str = "keep",
    voice: bool = False,
    instrument: str | None = None,
    seed: int = 0,
    model: Synthesiser = NOTES_MODEL,
    overwrite: bool = False,
) -> ShiftReport:
    """`shift` from file to file, of at most half an hour.

    What sounds like speech, and was not said to be a `voice`, is warned of in the report.

    Raises:
        InputError, ModelError: with one line on what is wrong; nothing is left at `target`.

    >>> report = aeolia.PlayNote("cello", "C3", seconds=1).run(None, "cello.wav")
    >>> print(aeolia.shift_file("cello.wav", "higher.wav", semitones=4))
    cello.wav -> higher.wav: +4 semitones, formants keep
    """
    started = time.perf_counter()
    opened = None if voice else open_synthesiser(model)
    # The output is opened first: one that cannot be written is an error before the work.
    with (
        AudioReader(source) as reader,
        output_writer(target, reader.info, overwrite=overwrite) as writer,
    ):
        info = reader.info
        samples = np.concatenate(list(reader.blocks(1 << 16)))
        recording = Recording(samples, info.sample_rate, str(source))
        sound = (
            _played(recording, semitones, formants, instrument, seed, opened)
            if opened
            else _voice(recording, semitones, formants)
        )
        writer.write(sound.reshape(samples.shape))
    lost = () if voice or not _speaks(recording) else (_SHIFTED_SPEECH,)
    shifts = {"semitones": semitones, "formants": formants, "voice": voice}
    return ShiftReport.since(
        started, source, target, info, len(samples), writer.n_clipped, warnings=lost, **shifts
    )


def _speaks(recording: Recording) -> bool:
    return is_speech(recording.mono, recording.sample_rate)


def morph(
    a: np.ndarray | str | Path,
    b: np.ndarray | str | Path,
    sample_rate: int | None = None,
    *,
    steps: int | None = 7,
    seed: int = 0,
    model: Synthesiser = NOTES_MODEL,
) -> tuple[list[np.ndarray], int]:
    """From one monophonic recording to another, on a straight line in the latent.

    Args:
        a, b: arrays [T] or [T, C] at `sample_rate`, or files.
        steps: recordings to make, the first like a, the last like b; None for a single one that
            glides from a to b.

    Returns:
        float32 arrays [T] and their rate, the model's.

    Raises:
        InputError: no pitch was found, several sound at once, or fewer than two steps.

    >>> flute, sample_rate = aeolia.synthesise("flute", "A4", seconds=1.0)
    >>> cello, sample_rate = aeolia.synthesise("cello", "A3", seconds=1.0)
    >>> between, sample_rate = aeolia.morph(flute, cello, sample_rate, steps=3)
    >>> len(between), between[1].shape
    (3, (48000,))
    """
    first, last = (whole_recording(one, sample_rate, "morph") for one in (a, b))
    return _morphed(first, last, steps, seed, open_synthesiser(model))


def _morphed(
    a: Recording, b: Recording, steps: int | None, seed: int, model: OnnxSynthesiser
) -> tuple[list[np.ndarray], int]:
    first, last = encoded(a, model, None), encoded(b, model, None)
    rate = model.config.sample_rate
    if steps is None:
        return [glide(first, last, model, seed=seed)], rate
    return morph_steps(first, last, model, steps, seed=seed), rate


def morph_file(
    source: str | Path,
    target: str | Path,
    *,
    to: str | Path,
    steps: int = 7,
    seed: int = 0,
    model: Synthesiser = NOTES_MODEL,
    overwrite: bool = False,
) -> MorphReport:
    """`morph` from `source` to `to`, into the folder `target`: morph-1.wav, morph-2.wav, ...

    A `target` that is "-" or ends as an audio file does gets one sound that glides from one
    recording to the other, and `steps` is not read. Speech is warned of in the report.

    Raises:
        InputError, ModelError: with one line on what is wrong; nothing is left at `target`.
    """
    started = time.perf_counter()
    path = Path(target)
    single = str(target) == PIPE or path.suffix.lower() in (*AUDIO_SUFFIXES, *FILM_SUFFIXES)
    if not single and path.is_file():
        raise InputError(f"{target} is a file; name a folder, or an audio file for a glide")
    if not single and not 2 <= steps <= MOST_STEPS:
        raise InputError(
            f"steps is {steps}; at least 2, from one end to the other, and at most {MOST_STEPS} "
            f"are possible"
        )
    names = [f"morph-{n:0{len(str(steps))}d}.wav" for n in range(1, steps + 1)]
    paths = [str(target)] if single else [str(path / name) for name in names]
    opened = open_synthesiser(model)
    info = AudioInfo("morph", opened.config.sample_rate, 1, None, "WAV", "PCM_24")
    both = source, to
    # All outputs before any work: the encodings take long.
    with Outputs({p: p for p in paths}, info, overwrite=overwrite, inputs=both) as outputs:
        first, last = (whole_recording(one, None, "morph") for one in both)
        sounds, _ = _morphed(first, last, None if single else steps, seed, opened)
        outputs.write({path: sound[:, None] for path, sound in zip(paths, sounds, strict=True)})
    frames, clipped = sum(map(len, sounds)), sum(outputs.n_clipped.values())
    warnings = tuple(
        f"{prefix}{_MORPHED_SPEECH}"
        for one, prefix in ((first, ""), (last, f"{to} "))
        if _speaks(one)
    )
    written = {"to": str(to), "outputs": tuple(paths), "warnings": warnings}
    return MorphReport.since(started, source, target, info, frames, clipped, **written)
