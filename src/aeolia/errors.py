"""Every error a user can meet, in one tree.

    AeoliaError              catch this one: something about the input, not a bug
    ├── InputError           a file, array or argument cannot be used as it came
    │   └── AudioFileError   an audio file cannot be read or written
    ├── ConfigError          a configuration names an unknown key or an impossible value
    ├── ModelError           a model file is missing, corrupt, of another version or task
    ├── DataError            a folder of training or evaluation data cannot be used
    ├── TrainingError        training stopped: divergence, or a run that cannot resume
    │   └── TrainingStoppedError  a signal stopped it, and its state is written
    └── MissingExtraError    an optional dependency is not installed

Messages say what came, what is needed, and what to do, in one line. The command line prints
the message and exits with code 2; nothing else in the package catches these.
"""

from __future__ import annotations

__all__ = [
    "AeoliaError",
    "AudioFileError",
    "ConfigError",
    "DataError",
    "InputError",
    "MissingExtraError",
    "ModelError",
    "TrainingError",
    "TrainingStoppedError",
]


class AeoliaError(Exception):
    """Base of all errors that a user can cause and mend.

    >>> try:
    ...     aeolia.denoise_file("talk.wav", "clean.wav")
    ... except aeolia.AeoliaError as error:
    ...     print(error)
    talk.wav: no such file; check the path
    """


class InputError(AeoliaError, ValueError):
    """An argument, array or file cannot be used as it came.

    >>> import numpy
    >>> aeolia.denoise(numpy.zeros(16000))
    Traceback (most recent call last):
        ...
    aeolia.errors.InputError: sample_rate is missing: denoise(audio, sample_rate) for an array
    """


class AudioFileError(InputError):
    """An audio file cannot be read or written.

    >>> aeolia.denoise("talk.wav")
    Traceback (most recent call last):
        ...
    aeolia.errors.AudioFileError: talk.wav: no such file; check the path
    """


class ConfigError(AeoliaError, ValueError):
    """A configuration holds an unknown key or an impossible value.

    >>> aeolia.Denoise(attenuation_limit_db=-3)
    Traceback (most recent call last):
        ...
    aeolia.errors.ConfigError: attenuation_limit_db is -3; it must be at least 0
    """


class ModelError(AeoliaError):
    """A model file is missing, corrupt, of another version, or of another task.

    >>> aeolia.load("denoise-17k")
    Traceback (most recent call last):
        ...
    aeolia.errors.ModelError: no model is named 'denoise-17k'; did you mean 'denoise-16k'? ...
    """


class DataError(AeoliaError):
    """Training or evaluation data cannot be used.

    >>> from aeolia.data.corpus.manifest import read_manifest
    >>> read_manifest("recordings.csv")
    Traceback (most recent call last):
        ...
    aeolia.errors.DataError: ...recordings.csv...
    """


class TrainingError(AeoliaError):
    """Training cannot start, go on, or resume.

    >>> from aeolia.training.stages.folder import RecipeFolder
    >>> RecipeFolder("run").recipe()
    Traceback (most recent call last):
        ...
    aeolia.errors.TrainingError: run holds no run of a recipe (no recipe.json); ...
    """


class TrainingStoppedError(TrainingError):
    """A signal stopped training; what was done is kept, and the run can go on.

    >>> stopped = aeolia.TrainingStoppedError("stopped after step 120; go on with ...", signal=15)
    >>> print(stopped, 128 + stopped.signal)
    stopped after step 120; go on with ... 143
    """

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message, signal)
        #: Number of the signal; a command ends with 128 and this.
        self.signal = signal

    def __str__(self) -> str:
        return str(self.args[0])


class MissingExtraError(AeoliaError, ImportError):
    """An optional dependency is needed; the message names the pip extra that brings it.

    >>> import sys
    >>> sys.modules["pyworld"] = None  # as if the vocoder were not installed
    >>> aeolia.shift("examples/fan.clean.wav", semitones=4, voice=True)
    Traceback (most recent call last):
        ...
    aeolia.errors.MissingExtraError: ... 'aeolia[voice]'...
    """
