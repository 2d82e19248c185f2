"""Every kind of file that a command reads: a sound one, how it is damaged, what reads it."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.audio.media import has_pyav
from aeolia.runtime.catalogue import load, released_models
from benchmarks.fuzz.archives import damaged_archive, damaged_model
from benchmarks.fuzz.mutations import BYTES, TEXT, damaged

__all__ = ["KINDS", "Kind"]

RATE = 16000
Damage = Callable[[bytes, np.random.Generator], bytes]


def _as_bytes(data: bytes, rng: np.random.Generator) -> bytes:
    return damaged(data, BYTES, rng)


def _as_text(data: bytes, rng: np.random.Generator) -> bytes:
    return damaged(data, TEXT, rng)


@dataclass(frozen=True)
class Kind:
    """A kind of file."""

    #: Its name in the folder; `{}` in names and arguments is a name of anyone's, drawn as well.
    file: str
    #: A sound one.
    make: Callable[[], bytes]
    #: The command that reads it, there.
    arguments: tuple[str, ...]
    damage: Damage = _as_bytes
    #: What else lies in the folder.
    beside: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)
    #: Whether it comes on standard input.
    piped: bool = False
    #: What the command writes.
    outputs: tuple[str, ...] = ("out.wav",)

    def named(self, name: str) -> Kind:
        """The kind with a name in the place of `{}`."""

        def fill(text: str) -> str:
            return text.replace("{}", name)

        beside = {fill(path): make for path, make in self.beside.items()}
        arguments = tuple(map(fill, self.arguments))
        return replace(self, file=fill(self.file), arguments=arguments, beside=beside)


def _sound(container: str, subtype: str | None = None, seconds: float = 0.5) -> bytes:
    import soundfile

    audio = 0.1 * np.random.default_rng(0).standard_normal(int(seconds * RATE))
    buffer = io.BytesIO()
    soundfile.write(buffer, audio, RATE, format=container, subtype=subtype)
    return buffer.getvalue()


def _media(container: str, codec: str) -> bytes:
    """Two tracks of sound, and pictures."""
    import av

    buffer = io.BytesIO()
    audio = (0.1 * np.random.default_rng(0).standard_normal((1, RATE))).astype(np.float32)
    with av.open(buffer, "w", container) as file:
        film = file.add_stream("mpeg4", rate=25)
        film.width, film.height, film.pix_fmt = 32, 32, "yuv420p"
        tracks: list[Any] = [file.add_stream(codec, rate=RATE, layout="mono") for _ in range(2)]
        for _ in range(10):
            picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))
            file.mux(film.encode(picture))
        file.mux(film.encode(None))
        for track in tracks:
            frame = av.AudioFrame.from_ndarray(audio, "fltp", "mono")
            frame.sample_rate, frame.pts = RATE, 0
            file.mux(track.encode(frame))
            file.mux(track.encode(None))
    return buffer.getvalue()


def _midi() -> bytes:
    notes = b"".join(bytes([0, 0x90, key, 90, 0x83, 0x60, 0x80, key, 0]) for key in (60, 64, 67))
    body = b"\x00\xff\x51\x03\x07\xa1\x20" + notes + b"\x00\xff\x2f\x00"
    head = b"MThd" + struct.pack(">IHHH", 6, 1, 1, 480)
    return head + b"MTrk" + struct.pack(">I", len(body)) + body


@lru_cache(maxsize=1)
def _encoding() -> bytes:
    config = load("notes", "synth").config
    frames, hop = 20, config.hop_length
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        format=1,
        latent=np.zeros((2, config.latent_dim), np.float32),
        latent_seconds=np.array([0.05, 0.15]),
        instrument=np.eye(len(config.instruments), dtype=np.float32)[0],
        pitch_hz=np.full(frames, 220.0),
        loudness_db=np.full(frames, -20.0, np.float32),
        model=config.name,
        instruments=np.array(config.instruments),
        sample_rate=config.sample_rate,
        hop_length=hop,
        n_samples=frames * hop,
        channels=1,
        original_rate=config.sample_rate,
        original_samples=frames * hop,
    )
    return buffer.getvalue()


@lru_cache(maxsize=1)
def _voice() -> bytes:
    import tempfile

    from aeolia.runtime.separate.enrolment import encoder_fingerprint
    from aeolia.runtime.separate.voice import Voice

    model = released_models()["separate-speaker"]
    size = load("separate-speaker", "separate").config.condition_dim
    vector = np.full(size, size**-0.5, np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.voice")
        Voice(vector, model.stem, encoder_fingerprint(model), "a.wav", 5.0).save(path)
        return path.read_bytes()


def _manifest() -> bytes:
    rows = (f"{n}.wav,speech,s,{n % 9},3.5,{RATE},8000,,CC0,0" for n in range(30))
    head = "path,kind,source,label,seconds,sample_rate,bandwidth_hz,split,licence,midi"
    return "\n".join([head, *rows, ""]).encode()


def _ratings() -> bytes:
    head = "test,method,rater,trial,item,position,system,role,rating"
    rows = (
        f"t1,mushra,{rater},{trial},clip{trial},{letter},{system},{role},{rating}"
        for rater in ("Ada", "Bo")
        for trial in (1, 2, 3)
        for letter, system, role, rating in (
            ("A", "ours", "system", 70 + trial),
            ("B", "reference", "reference", 100),
            ("C", "anchor", "anchor", 20),
        )
    )
    return "\n".join([head, *rows, ""]).encode()


def _recipe() -> bytes:
    recipe = {
        "task": "denoise",
        "about": "A test.",
        "model": {"like": "denoise-16k"},
        "train": {"batch_size": 8},
        "mix": {"snr_db": [-10, 20]},
        "stages": [{"name": "grow", "train": {"steps": 40}, "about": "All of it."}],
    }
    return json.dumps(recipe, indent=1).encode()


_DENOISE = ("denoise", "--model", "denoise-16k", "-o", "out.wav", "--quiet")
_PAIRS: dict[str, Callable[[], bytes]] = {
    f"{folder}/{name}.wav": lambda: _sound("WAV")
    for folder in ("pairs/noisy", "pairs/clean")
    for name in ("a", "b")
}

_MEDIA = {"mp4": "aac", "matroska": "flac", "mpegts": "mp2"} if has_pyav() else {}

KINDS: dict[str, Kind] = {
    **{
        name: Kind(f"in.{name}", lambda c=c, s=s: _sound(c, s), (*_DENOISE, f"in.{name}"))  # type: ignore[misc]
        for name, c, s in (
            ("wav", "WAV", "PCM_16"),
            ("w64", "W64", "PCM_24"),
            ("flac", "FLAC", "PCM_16"),
            ("ogg", "OGG", "VORBIS"),
            ("opus", "OGG", "OPUS"),
            ("mp3", "MP3", None),
            ("aiff", "AIFF", "PCM_16"),
            ("caf", "CAF", "FLOAT"),
        )
    },
    **{
        name: Kind(
            "in.film",
            lambda n=name, c=codec: _media(n, c),  # type: ignore[misc]
            ("denoise", "--model", "denoise-16k", "in.film", "-o", "out.mkv", "--quiet"),
            outputs=("out.mkv",),
        )
        for name, codec in _MEDIA.items()
    },
    "pipe": Kind("in.pipe", lambda: _sound("WAV", "PCM_16"), (*_DENOISE, "-"), piped=True),
    "midi": Kind("in.mid", _midi, ("synth", "--midi", "in.mid", "-o", "out.wav", "--quiet")),
    "npz": Kind("in.npz", _encoding, ("decode", "in.npz", "-o", "out.wav"), damaged_archive),
    "voice": Kind(
        "a.voice",
        _voice,
        ("separate", "in.wav", "--speaker", "a.voice", "-o", "parts", "--quiet"),
        _as_text,
        {"in.wav": lambda: _sound("WAV")},
        outputs=("parts",),
    ),
    "onnx": Kind(
        "model.onnx",
        lambda: released_models()["denoise-16k"].read_bytes(),
        ("denoise", "in.wav", "--model", "model.onnx", "-o", "out.wav", "--quiet"),
        beside={"in.wav": lambda: _sound("WAV")},
    ),
    "card": Kind(
        "model.onnx",
        lambda: released_models()["denoise-16k"].read_bytes(),
        ("models", "show", "model.onnx"),
        damaged_model,
        outputs=(),
    ),
    "name": Kind(
        "in/{}.wav",
        lambda: _sound("WAV"),
        ("denoise", "--model", "denoise-16k", "in", "-o", "out", "--compare", "page.html"),
        lambda data, rng: data,
        outputs=("out", "page.html"),
    ),
    "table of names": Kind(
        "pairs/noisy/{}.wav",
        lambda: _sound("WAV"),
        ("evaluate", "noisy", "pairs", "--out", "report", "--metrics", "si_sdr"),
        lambda data, rng: data,
        {**_PAIRS, "pairs/clean/{}.wav": lambda: _sound("WAV")},
        outputs=("report",),
    ),
    "manifest": Kind(
        "m.csv",
        _manifest,
        ("data", "split", "m.csv", "-o", "out.csv"),
        _as_text,
        outputs=("out.csv",),
    ),
    "pairs": Kind(
        "pairs/pairs.csv",
        lambda: b"name,snr_db,room,speaker\na,5,hall,p1\nb,-2.5,,p2\n",
        ("evaluate", "noisy", "pairs", "--out", "report", "--metrics", "si_sdr", "--quiet"),
        _as_text,
        _PAIRS,
        outputs=("report",),
    ),
    "ratings": Kind("r.csv", _ratings, ("listen-test", "analyse", "r.csv"), _as_text, outputs=()),
    "recipe": Kind("r.json", _recipe, ("recipes", "show", "r.json"), _as_text, outputs=()),
}
