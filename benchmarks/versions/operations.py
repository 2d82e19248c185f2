"""The operations that two versions are compared by; runs under the version to be measured.

    PYTHONPATH=CHECKOUT/src python operations.py EXAMPLES OUT

A line on standard input names an operation. It is run once on recordings of the folder EXAMPLES;
its arrays go to OUT/NAME.npz the first time, and a line of JSON comes back: the processor seconds
that it took and the units (files, or hops of a stream) that it did, or why it failed. Only names
that both versions have are used, and nothing of this repository but the package itself.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import soundfile

import aeolia

__all__ = ["OPERATIONS", "Arrays", "Found", "serve"]

#: What an operation gave, by name.
Arrays: TypeAlias = Mapping[str, np.ndarray]
#: Arrays, the units of work in them, and the processor seconds these took.
Found: TypeAlias = tuple[Arrays, int, float]


def _file(operation: Callable[[], Arrays]) -> Found:
    started = time.process_time()
    arrays = operation()
    return arrays, 1, time.process_time() - started


def _live(stream: Any, audio: np.ndarray, hop_length: int) -> Found:
    """Push a recording hop by hop; what `push` and `flush` return is one array or one a source."""
    blocks = [audio[start : start + hop_length] for start in range(0, len(audio), hop_length)]
    started = time.process_time()
    returned = [stream.push(block) for block in blocks]
    seconds = time.process_time() - started
    returned.append(stream.flush())
    if not isinstance(returned[0], dict):
        return {"output": np.concatenate(returned)}, len(blocks), seconds
    names = returned[0]
    joined = {name: np.concatenate([each[name] for each in returned]) for name in names}
    return joined, len(blocks), seconds


def _read(path: Path) -> tuple[np.ndarray, int]:
    audio, sample_rate = soundfile.read(path, dtype="float32")
    return audio, int(sample_rate)


def _denoise(examples: Path, _: Path) -> Found:
    return _file(lambda: {"output": aeolia.denoise(examples / "street.noisy.wav")})


def _denoise_16k(examples: Path, _: Path) -> Found:
    return _file(
        lambda: {
            "output": aeolia.denoise(
                examples / "cafe.noisy.wav", model="denoise-16k", attenuation_limit_db=12.0
            )
        }
    )


def _separate(examples: Path, _: Path) -> Found:
    mixture = examples / "street.noisy.wav"
    return _file(lambda: aeolia.separate(mixture, sources=["speech", "music"], rest=True))


def _separate_speaker(examples: Path, _: Path) -> Found:
    mixture, clip = examples / "duet.wav", examples / "fan.clean.wav"
    return _file(lambda: aeolia.separate(mixture, speaker=clip, rest=True))


def _note(_: Path, __: Path) -> Found:
    return _file(
        lambda: {
            "usual": aeolia.synthesise("alto_sax", "A4")[0],
            "drawn": aeolia.synthesise("piano", 60, velocity=100, seed=3)[0],
            "text": aeolia.synthesise(text="bright plucked low", seconds=1.0)[0],
        }
    )


def _score(examples: Path, _: Path) -> Found:
    return _file(lambda: {"output": aeolia.play_score(examples / "greensleeves.mid")[0]})


def _transfer(examples: Path, _: Path) -> Found:
    return _file(lambda: {"output": aeolia.transfer(examples / "fan.clean.wav", to="cello")})


def _shift(examples: Path, _: Path) -> Found:
    voice = examples / "duet.first.wav"
    return _file(
        lambda: {
            formants: aeolia.shift(voice, semitones=4.0, formants=formants, instrument="voice")
            for formants in ("keep", "move")
        }
    )


def _morph(examples: Path, _: Path) -> Found:
    ends = examples / "duet.first.wav", examples / "cafe.clean.wav"
    return _file(
        lambda: {f"step {k}": audio for k, audio in enumerate(aeolia.morph(*ends, steps=3)[0])}
    )


def _encode(examples: Path, out: Path) -> Found:
    def encode_and_decode() -> Arrays:
        encoding = aeolia.encode(examples / "duet.first.wav")
        saved = out / "encoding.npz"
        saved.unlink(missing_ok=True)
        encoding.save(saved)
        with np.load(saved) as kept:
            numbers = {name: kept[name] for name in kept if kept[name].dtype.kind in "fiu"}
        return {**numbers, "decoded": aeolia.decode(saved)[0]}

    return _file(encode_and_decode)


def _live_denoise(examples: Path, _: Path) -> Found:
    audio, rate = _read(examples / "fan.noisy.wav")
    return _live(aeolia.Stream("denoise", rate), audio, 480)


def _live_separate(examples: Path, _: Path) -> Found:
    audio, rate = _read(examples / "street.noisy.wav")
    stream = aeolia.Stream("separate", rate, 2, sources=["speech", "noise"])
    return _live(stream, audio, 512)


def _live_speaker(examples: Path, _: Path) -> Found:
    audio, rate = _read(examples / "duet.wav")
    voice = aeolia.enrol(examples / "fan.clean.wav")
    return _live(aeolia.Stream("separate-speaker", rate, speaker=voice), audio, 256)


def _live_transfer(examples: Path, _: Path) -> Found:
    audio, rate = _read(examples / "fan.clean.wav")
    return _live(aeolia.Stream("transfer", rate, to="cello"), audio[: 3 * rate], 480)


#: Name -> (folder of examples, folder of outputs) -> what came of it.
OPERATIONS: dict[str, Callable[[Path, Path], Found]] = {
    "denoise": _denoise,
    "denoise-16k": _denoise_16k,
    "separate": _separate,
    "separate-speaker": _separate_speaker,
    "note": _note,
    "score": _score,
    "transfer": _transfer,
    "shift": _shift,
    "morph": _morph,
    "encode": _encode,
    "live denoise": _live_denoise,
    "live separate": _live_separate,
    "live speaker": _live_speaker,
    "live transfer": _live_transfer,
}


def serve(examples: Path, out: Path) -> None:
    """Answer operations named on standard input until it ends."""
    print(json.dumps({"package": str(Path(aeolia.__file__).parent)}), flush=True)
    for line in sys.stdin:
        name = line.strip()
        try:
            arrays, units, seconds = OPERATIONS[name](examples, out)
        except Exception as error:  # of a version under test: said in the table, not raised here
            answer: dict[str, object] = {"failed": f"{type(error).__name__}: {error}"}
        else:
            answer = {"seconds": seconds, "units": units}
            kept = out / f"{name}.npz"
            if not kept.exists():
                arguments: dict[str, Any] = dict(arrays)
                np.savez(kept, **arguments)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
