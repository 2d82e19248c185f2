"""Who shifts: ours as the commands do it, WORLD, and Rubber Band; and ours that play by a voice."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import soundfile

import aeolia
from aeolia.audio.pitch import vocoder
from aeolia.errors import MissingExtraError, ModelError
from aeolia.runtime.catalogue import load
from aeolia.runtime.synth.resynthesis import fitted
from benchmarks.reshaping.scores import judged_pitch
from benchmarks.results import Entry, digest_of

__all__ = ["TOLD", "Shifter", "rubber_band", "shifters", "world_alone", "world_told"]

#: The row that says what shares can be reached at all.
TOLD = "WORLD, told the judge's pitch"
#: Between WORLD's frames, as it has them itself.
_FRAME_SECONDS = 0.005

#: (audio [T], sample rate, semitones) to [T].
Shift = Callable[[np.ndarray, int, float], np.ndarray]


@dataclass(frozen=True)
class Shifter:
    """A way to another pitch, and whether it means to leave formants where they are."""

    entry: Entry
    keeps_formants: bool
    shift: Shift


def shifters(rate: int, model: str) -> list[Shifter]:
    """All of them, ours first.

    Args:
        rate: of what they will get.
        model: name or file of the synthesiser.

    Raises:
        MissingExtraError: WORLD or Rubber Band is not installed.
        InputError, ModelError: there is no such model.
    """
    package = f"pyworld-prebuilt {version('pyworld-prebuilt')}"
    voice = digest_of(Path(vocoder.__file__).read_bytes() + package.encode())
    instrument = digest_of(load(model, "synth").path.read_bytes())
    band = digest_of(_rubber_band_version().encode())
    found = []
    for formants in ("keep", "move"):
        added = "" if formants == "keep" else " --formants move"
        shift = partial(_ours, formants=formants, voice=True, model=model)
        entry = Entry(f"aeolia shift --voice{added}", rate, voice, ours=True)
        found.append(Shifter(entry, formants == "keep", shift))
    shift = partial(_ours, formants="keep", voice=False, model=model)
    found.append(Shifter(Entry("aeolia shift", rate, instrument, ours=True), True, shift))
    found.append(Shifter(Entry("WORLD", rate, digest_of(package.encode())), True, world_alone))
    found.append(Shifter(Entry(TOLD, rate, digest_of(package.encode())), True, world_told))
    for option in ("-F", ""):
        entry = Entry(f"rubberband -3 {option}".strip(), rate, band)
        found.append(Shifter(entry, bool(option), partial(rubber_band, formants=bool(option))))
    return found


def _ours(
    audio: np.ndarray, rate: int, semitones: float, *, formants: str, voice: bool, model: str
) -> np.ndarray:
    """`aeolia shift`."""
    return aeolia.shift(
        audio, rate, semitones=semitones, formants=formants, voice=voice, model=model
    )


def world_alone(audio: np.ndarray, rate: int, semitones: float) -> np.ndarray:
    """WORLD as pyworld's README uses it: `wav2world` (DIO, StoneMask, CheapTrick, D4C), all at
    their own settings, the pitch times the interval, `synthesize`.

    Raises:
        MissingExtraError: it is not installed.
    """
    pyworld = vocoder.world("the comparison")
    pitch, envelope, aperiodicity = pyworld.wav2world(np.asarray(audio, np.float64), rate)
    sound = pyworld.synthesize(pitch * 2 ** (semitones / 12), envelope, aperiodicity, rate)
    return fitted(np.asarray(sound, np.float32), len(audio))


def world_told(audio: np.ndarray, rate: int, semitones: float) -> np.ndarray:
    """WORLD that is told the pitch that the judge hears: what its synthesis can reach.

    Raises:
        MissingExtraError: it is not installed.
    """
    pyworld = vocoder.world("the comparison")
    signal = np.asarray(audio, np.float64)
    pitch = judged_pitch(audio, rate, step_seconds=_FRAME_SECONDS)
    times = np.arange(len(pitch)) * _FRAME_SECONDS
    parts = [of(signal, pitch, times, rate) for of in (pyworld.cheaptrick, pyworld.d4c)]
    sound = pyworld.synthesize(pitch * 2 ** (semitones / 12), *parts, rate)
    return fitted(np.asarray(sound, np.float32), len(audio))


def rubber_band(audio: np.ndarray, rate: int, semitones: float, *, formants: bool) -> np.ndarray:
    """The command `rubberband` with its finer engine (R3).

    Raises:
        MissingExtraError: it is not installed.
        ModelError: it failed.
    """
    with tempfile.TemporaryDirectory(prefix="aeolia-") as folder:
        source, target = Path(folder) / "in.wav", Path(folder) / "out.wav"
        soundfile.write(source, audio, rate, subtype="FLOAT")
        options = ["-q", "-3", *(["-F"] if formants else []), "-p", f"{semitones:g}"]
        command = [_rubber_band(), *options, str(source), str(target)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise ModelError(f"rubberband ended with code {done.returncode}: {done.stderr}")
        shifted, _ = soundfile.read(target, dtype="float32")
    return fitted(shifted, len(audio))


def _rubber_band() -> str:
    found = shutil.which("rubberband")
    if found is None:
        raise MissingExtraError(
            "the program rubberband is not installed; `apt-get install rubberband-cli`, "
            "`brew install rubberband`, or see breakfastquay.com/rubberband"
        )
    return found


def _rubber_band_version() -> str:
    done = subprocess.run([_rubber_band(), "--version"], capture_output=True, text=True)
    return (done.stdout + done.stderr).strip()
