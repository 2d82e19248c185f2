"""The folder of a training run: configs, logs, the last exact state, the best weights.

RUN/train.json           configs of model, run and mixtures, and where the data lies
RUN/model.safetensors    averaged weights of the last good checkpoint: what `export` takes
RUN/card.md              what the model is, what it was trained on, how it does
RUN/state.pt             everything that an exact resume needs
RUN/log.csv              one line per `log_every` steps
RUN/validation.csv       one line per validation
RUN/left_out.csv         recordings that were found and are not learned from, where there are any
RUN/base.md              card of the model that the run began with, where it did
RUN/tensorboard/         the logs for TensorBoard, with sounds and spectrograms of validations
"""

from __future__ import annotations

import csv
import functools
import inspect
import io
import json
import os
import pickle
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import torch

from aeolia.config.strict import read_object
from aeolia.data.corpus.left_out import LeftOut, as_table
from aeolia.errors import ConfigError, TrainingError
from aeolia.files import claimed, not_written, read_rows, read_text, write_atomically
from aeolia.pictures.spectrogram import spectrogram_db, spectrogram_picture
from aeolia.training.processes import Processes

__all__ = ["LEFT_OUT_FILE", "SHOWN", "RunFolder", "Sound", "only_one_writes"]

Given = ParamSpec("Given")
Result = TypeVar("Result")

LEFT_OUT_FILE = "left_out.csv"
_LOGS = ("log", "validation")

#: Clips of a validation that are shown.
SHOWN = 3

#: What reading a file that torch.save did not finish, or that is something else, may raise.
_DAMAGED = (
    RuntimeError,
    ValueError,
    KeyError,
    AttributeError,
    OSError,
    EOFError,
    pickle.UnpicklingError,
)


def _first_words(error: Exception) -> str:
    """The gist of an error whose message goes on for many lines."""
    return (str(error).splitlines() or [type(error).__name__])[0][:100].rstrip(". ")


@dataclass(frozen=True)
class Sound:
    """What is to be heard of a validation."""

    #: Such as "clip 0/estimate".
    name: str
    #: [T].
    audio: np.ndarray
    sample_rate: int


def only_one_writes(train: Callable[Given, Result]) -> Callable[Given, Result]:
    """A function whose argument `out` is a folder that no other process shall write meanwhile.

    Raises:
        InputError: one does.
    """
    signature = inspect.signature(train)

    @functools.wraps(train)
    def alone(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        out = Path(signature.bind(*args, **kwargs).arguments["out"])
        # Of several processes that train together the first one writes.
        with nullcontext() if Processes.from_environment().rank else claimed(out):
            return train(*args, **kwargs)

    return alone


class RunFolder:
    """Reads and writes the files of one run; only the first process writes."""

    def __init__(self, path: Path, writes: bool = True) -> None:
        self.path = Path(path)
        self.writes = writes
        self._board: Any = None

    def create(self) -> None:
        """Make the folder.

        Raises:
            TrainingError: it cannot be made or written to.
        """
        if not self.writes:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TrainingError(
                f"cannot make the folder {self.path} ({error.strerror}); choose another --out"
            ) from error
        if not os.access(self.path, os.W_OK):
            raise TrainingError(f"{self.path} cannot be written to; choose another --out")

    @property
    def state_path(self) -> Path:
        return self.path / "state.pt"

    def write_settings(self, settings: dict[str, Any]) -> None:
        if self.writes:
            self._write("train.json", json.dumps(settings, indent=2).encode())

    def read_settings(self) -> dict[str, Any]:
        """What `write_settings` wrote.

        Raises:
            TrainingError: the folder holds no run, or its train.json is damaged.
        """
        path = self.path / "train.json"
        if not path.is_file():
            raise TrainingError(
                f"{self.path} holds no training run (no train.json); "
                "give the --out folder of an earlier aeolia train, or leave --resume out"
            )
        try:
            settings = read_object(read_text(path, "record of a run", TrainingError), "it")
            if "loss" not in settings and "train" in settings:
                raise TrainingError(
                    f"{self.path} is a run of an earlier version; go on from its weights in a new "
                    f"one with --from {self.path}"
                )
            found = {name: settings[name] for name in ("model", "train", "loss", "mix", "data")}
            if "data_hash" in settings:  # runs of earlier versions have none
                found["data_hash"] = settings["data_hash"]
            return found
        except (ConfigError, KeyError) as error:
            raise TrainingError(
                f"{path} is damaged ({error}); start again with another --out"
            ) from error

    def write_base(self, text: str) -> None:
        """Keep the card of the model that the run began with, if there is one."""
        if self.writes and text:
            self._write("base.md", text.encode())

    def _write(self, name: str, data: bytes) -> None:
        write_atomically(self.path / name, data, error=TrainingError)

    def read_base(self) -> str:
        """What `write_base` wrote; "" where the run began from nothing."""
        path = self.path / "base.md"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def write_left_out(self, left_out: Sequence[LeftOut]) -> None:
        """Keep the list of what is not learned from, where there is any."""
        if self.writes and left_out:
            self._write(LEFT_OUT_FILE, as_table(left_out).encode())

    def write_card(self, text: str) -> None:
        if self.writes:
            self._write("card.md", text.encode())

    def last_line(self, file: str) -> dict[str, str]:
        """Last line of RUN/`file`.csv by column, or nothing."""
        return (self._lines(file) or [{}])[-1]

    def first_line(self, file: str) -> dict[str, str]:
        """First line of RUN/`file`.csv by column, or nothing."""
        return (self._lines(file) or [{}])[0]

    def _lines(self, file: str) -> list[dict[str, str]]:
        path = self.path / f"{file}.csv"
        return read_rows(path, "log of a run", TrainingError)[1] if path.is_file() else []

    def last_step(self, file: str) -> int:
        """The step of the last line of RUN/`file`.csv; -1 where there is none."""
        return int(self.last_line(file).get("step") or -1)

    def save_state(self, state: dict[str, Any]) -> None:
        """Write the exact state beside and rename it over the last one."""
        if self.writes:
            buffer = io.BytesIO()
            torch.save(state, buffer)
            self._write(self.state_path.name, buffer.getvalue())

    def load_state(self) -> dict[str, Any]:
        """The last exact state, tensors on the CPU.

        Raises:
            TrainingError: there is none, or it is damaged.
        """
        if not self.state_path.is_file():
            raise TrainingError(f"{self.path} holds no state.pt yet; start without --resume")
        try:
            state: dict[str, Any] = torch.load(
                self.state_path, map_location="cpu", weights_only=True
            )
            return state
        except _DAMAGED as error:
            raise TrainingError(
                f"{self.state_path} is damaged ({_first_words(error)}); delete it and start again "
                f"without --resume, or from its weights with --from {self.path}"
            ) from error

    def log(self, file: str, step: int, values: dict[str, float]) -> None:
        """Append a line to RUN/`file`.csv and to TensorBoard."""
        if not self.writes:
            return
        path = self.path / f"{file}.csv"
        columns = ["step", *values]
        if path.exists():
            # A run may go on where another set of metrics is installed.
            with path.open(newline="") as stream:
                columns = next(csv.reader(stream), columns)
        fresh = not path.exists()
        line = {name: f"{value:.6g}" for name, value in values.items()}
        try:
            with path.open("a", newline="") as stream:
                writer = csv.DictWriter(stream, columns, extrasaction="ignore")
                if fresh:
                    writer.writeheader()
                writer.writerow({"step": step, **line})
            board = self._tensorboard()
            for name, value in values.items():
                board.add_scalar(f"{file}/{name}", value, step)
        except OSError as error:
            raise TrainingError(not_written(path, error)) from error

    def show(self, sounds: Iterable[Sound], step: int) -> None:
        """Let TensorBoard have sounds and their spectrograms, at one scale all of them."""
        if not self.writes:
            return
        board = self._tensorboard()
        for sound in sounds:
            name = f"validation/{sound.name}"
            audio = np.clip(sound.audio, -1.0, 1.0)
            board.add_audio(name, audio[None], step, sound.sample_rate)
            picture = spectrogram_picture(spectrogram_db(sound.audio, sound.sample_rate))
            board.add_image(name, picture, step, dataformats="HWC")

    def forget_after(self, step: int) -> None:
        """Drop log lines after `step`, which a resumed run writes again; -1 drops all."""
        if not self.writes:
            return
        for path in (self.path / f"{log}.csv" for log in _LOGS):
            if not path.is_file():
                continue
            # A line that a kill cut short has no end.
            with path.open(newline="") as stream:
                whole = [line for line in stream if line.endswith("\n")]
            kept = [line for line in whole[1:] if int(line.split(",")[0]) <= step]
            if kept:
                self._write(path.name, "".join(whole[:1] + kept).encode())
            else:
                path.unlink()

    def close(self) -> None:
        if self._board is not None:
            self._board.close()
            self._board = None

    def _tensorboard(self) -> Any:
        if self._board is None:
            # TensorBoard's import of TensorFlow, where that is installed, is slow and loud.
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(self.path / "tensorboard"))
        return self._board
