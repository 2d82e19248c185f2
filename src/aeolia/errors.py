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
    """Base of all errors that a user can cause and mend."""


class InputError(AeoliaError, ValueError):
    """An argument, array or file cannot be used as it came."""


class AudioFileError(InputError):
    """An audio file cannot be read or written."""


class ConfigError(AeoliaError, ValueError):
    """A configuration holds an unknown key or an impossible value."""


class ModelError(AeoliaError):
    """A model file is missing, corrupt, of another version, or of another task."""


class DataError(AeoliaError):
    """Training or evaluation data cannot be used."""


class TrainingError(AeoliaError):
    """Training cannot start, go on, or resume."""


class TrainingStoppedError(TrainingError):
    """A signal stopped training; what was done is kept, and the run can go on."""

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message, signal)
        #: Number of the signal; a command ends with 128 and this.
        self.signal = signal

    def __str__(self) -> str:
        return str(self.args[0])


class MissingExtraError(AeoliaError, ImportError):
    """An optional dependency is needed; the message names the pip extra that brings it."""
