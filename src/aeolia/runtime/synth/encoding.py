"""A recording as a synthesiser's input: timbres, pitch and loudness; saved as .npz.

latent [N, D], latent_seconds [N]   timbre in windows of 3 s, and where their middles are
instrument [I]                      the most similar instrument, as a condition
pitch_hz [F], loudness_db [F]       contours, a value for every hop of the model
model, instruments, sample_rate, hop_length, n_samples   the model's; samples at its rate
original_rate, original_samples, channels, format        the recording's; samples a channel
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aeolia.audio.levels import without_offset
from aeolia.audio.mono import mono
from aeolia.audio.pitch.contour import loudness_contour
from aeolia.audio.pitch.polyphony import POLYPHONIC_SHARE, polyphonic_share
from aeolia.audio.pitch.tracker import PitchTrack, track_pitch
from aeolia.audio.resample import resample
from aeolia.errors import InputError
from aeolia.files import Paths, PendingFile, writing
from aeolia.runtime.synth.encoding_file import ENCODING_FORMAT, MOST_MINUTES, read_encoding
from aeolia.runtime.synth.follower import LoudnessFollower
from aeolia.runtime.synth.instrument import OnnxSynthesiser

__all__ = ["Encoding", "check_monophonic", "encode_recording", "nearest_instrument", "new_encoding"]

_WINDOW_SECONDS, _STEP_SECONDS = 3.0, 1.5
#: What of a recording is compared with each instrument.
_COMPARED_SECONDS = 2.0
_LEAST_VOICED_SECONDS = 0.08


@dataclass(frozen=True)
class Encoding:
    """What `decode` needs to sound a recording again; shapes are in the module's text.

    >>> note, sample_rate = aeolia.synthesise("flute", "A4", seconds=1.0)
    >>> aeolia.encode(note, sample_rate).save("flute.npz")
    >>> encoding = aeolia.Encoding.load("flute.npz")
    >>> round(float(encoding.pitch_hz[50]))
    440
    """

    latent: np.ndarray
    latent_seconds: np.ndarray
    instrument: np.ndarray
    pitch_hz: np.ndarray
    loudness_db: np.ndarray
    model: str
    instruments: tuple[str, ...]
    sample_rate: int
    hop_length: int
    n_samples: int
    channels: int
    original_rate: int
    original_samples: int

    def latent_frames(self) -> np.ndarray:
        """The timbre at every frame [F, D], straight lines between the windows' middles."""
        times = (np.arange(len(self.pitch_hz)) + 0.5) * self.hop_length / self.sample_rate
        columns = [np.interp(times, self.latent_seconds, column) for column in self.latent.T]
        return np.stack(columns, axis=1).astype(np.float32)

    def sound(self, model: OnnxSynthesiser, *, seed: int = 0) -> np.ndarray:
        """Audio [T] at the model's rate, `n_samples` long."""
        self.check_fits(model)
        if len(self.latent) > 1:
            latent = self.latent_frames()[None]
        else:
            latent = self.latent
        audio = model.decode(latent, self.instrument, self.pitch_hz, self.loudness_db, seed=seed)
        followed = LoudnessFollower(self.hop_length).whole(audio[0], self.loudness_db)
        return followed[: self.n_samples]

    def check_fits(self, model: OnnxSynthesiser) -> None:
        """Raise an InputError unless the encoding was made by this model, or an identical one."""
        config = model.config
        ours = (self.sample_rate, self.hop_length, self.latent.shape[1], self.instruments)
        theirs = (config.sample_rate, config.hop_length, config.latent_dim, config.instruments)
        if ours != theirs:
            raise InputError(
                f"the encoding is {self.model!r}'s, whose latent or instruments differ from those "
                f"of {config.name!r}; decode it with the model that encoded it"
            )

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the .npz, all or nothing.

        Raises:
            InputError: it exists, or cannot be written.
        """
        with new_encoding(path, overwrite=overwrite) as file:
            self.write(file)

    def write(self, file: PendingFile) -> None:
        """Write the .npz into an open file."""
        np.savez_compressed(file, allow_pickle=False, format=ENCODING_FORMAT, **vars(self))

    @classmethod
    def load(cls, path: str | Path) -> Encoding:
        """Read what `save` wrote.

        Raises:
            InputError: the file is missing, damaged, or no encoding of this format.
        """
        return cls(**read_encoding(path))


@contextmanager
def new_encoding(
    path: str | Path, *, overwrite: bool = False, inputs: Paths = ()
) -> Iterator[PendingFile]:
    """A file for an encoding to `write`, there when the block ends well; see `aeolia.files`.

    Raises:
        InputError: its name ends otherwise than in .npz, it exists, or it cannot be written.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path}: a folder; name the .npz file to write")
    if path.suffix.lower() != ".npz":
        raise InputError(f"{path}: an encoding is a file of NumPy; give it a name ending in .npz")
    if path.exists() and not overwrite:
        raise InputError(f"{path}: already exists; add --overwrite, or name another output")
    with writing(path, overwrite=overwrite, inputs=inputs) as file:
        yield file


def check_monophonic(audio: np.ndarray, sample_rate: int, track: PitchTrack, name: str) -> None:
    """Raise an InputError unless a recording [T] has a pitch, and one at a time."""
    # Chords first: the tracker gives up on many of them, and finds no pitch either.
    share = polyphonic_share(audio, sample_rate, track)
    if share > POLYPHONIC_SHARE:
        raise InputError(
            f"{name}: several pitches sound at the same time ({100 * share:.0f} % of it); a "
            f"recording of one voice or instrument alone is needed: take it apart first, such as "
            f"with `aeolia separate`"
        )
    if track.voiced.sum() * 0.016 < _LEAST_VOICED_SECONDS:
        raise InputError(
            f"{name}: no pitch was found in it; a recording of one voice or instrument is needed, "
            f"louder than its noise"
        )


def encode_recording(
    audio: np.ndarray,
    sample_rate: int,
    model: OnnxSynthesiser,
    instrument: str | None = None,
    *,
    name: str = "the recording",
) -> Encoding:
    """Encode a monophonic recording [T] or [T, C] of at most half an hour.

    Args:
        instrument: its name; otherwise the one that sounds most similar.
        name: of the recording, in messages.

    Raises:
        InputError: empty, too long, without pitch, or of several pitches at once.
    """
    sound = mono(without_offset(audio)[0])
    if not len(sound):
        raise InputError(f"{name}: empty; a recording of one voice or instrument is needed")
    if len(sound) > MOST_MINUTES * 60 * sample_rate:
        raise InputError(
            f"{name}: {len(sound) / sample_rate / 60:.0f} minutes long; at most "
            f"{MOST_MINUTES:.0f} can be encoded at once: cut it"
        )
    config = model.config
    track = track_pitch(sound, sample_rate)
    check_monophonic(sound, sample_rate, track, name)
    samples = np.asarray(resample(sound.astype(np.float32), sample_rate, config.sample_rate))
    n_frames = -(-len(samples) // config.hop_length)
    loudness = loudness_contour(samples, config.hop_length, n_frames)
    pitch = track.at(np.arange(1, n_frames + 1) * config.hop_length / config.sample_rate)
    latent, seconds = _timbres(samples, pitch, loudness, model)
    condition = (
        model.instrument(instrument)
        if instrument
        else nearest_instrument(samples, pitch, loudness, latent, model)
    )
    return Encoding(
        latent,
        seconds,
        condition,
        pitch,
        loudness,
        config.name,
        config.instruments,
        config.sample_rate,
        config.hop_length,
        len(samples),
        1 if audio.ndim == 1 else audio.shape[1],
        sample_rate,
        len(sound),
    )


def _timbres(
    samples: np.ndarray, pitch_hz: np.ndarray, loudness_db: np.ndarray, model: OnnxSynthesiser
) -> tuple[np.ndarray, np.ndarray]:
    """The posterior's mean in overlapping windows, [N, D], and their middles in seconds [N]."""
    hop, rate = model.config.hop_length, model.config.sample_rate
    size, step = (round(s * rate / hop) for s in (_WINDOW_SECONDS, _STEP_SECONDS))
    latents: list[np.ndarray] = []
    seconds: list[float] = []
    loudest = loudness_db.max()
    for start in range(0, max(1, len(pitch_hz) - size // 2), step):
        stop = min(start + size, len(pitch_hz))
        # Silence has no timbre; the windows beside it stand in.
        if latents and loudness_db[start:stop].max() < loudest - 40:
            continue
        posterior = model.encode(samples[start * hop : stop * hop], pitch_hz[start:stop])
        latents.append(posterior.mean[0])
        seconds.append(0.5 * (start + stop) * hop / rate)
    return np.stack(latents).astype(np.float32), np.array(seconds)


def nearest_instrument(
    samples: np.ndarray,
    pitch_hz: np.ndarray,
    loudness_db: np.ndarray,
    latent: np.ndarray,
    model: OnnxSynthesiser,
) -> np.ndarray:
    """The instrument [I] that sounds most similar in the recording's loudest seconds."""
    config = model.config
    n_frames = min(len(pitch_hz), round(_COMPARED_SECONDS * config.sample_rate / config.hop_length))
    power = np.cumsum(np.concatenate([[0.0], 10 ** (loudness_db / 10) * (pitch_hz > 0)]))
    start = int(np.argmax(power[n_frames:] - power[: len(power) - n_frames]))
    part = slice(start, start + n_frames)
    part_audio = samples[start * config.hop_length : (start + n_frames) * config.hop_length]
    part_audio = np.pad(part_audio, (0, n_frames * config.hop_length - len(part_audio)))
    middle = (start + 0.5 * n_frames) * config.hop_length / config.sample_rate
    timbre = latent[int(np.argmin(np.abs(middle - np.arange(len(latent)) * _STEP_SECONDS)))]
    count = len(config.instruments)
    target = _bands(part_audio, config.sample_rate)
    distances = []
    for condition in np.eye(count, dtype=np.float32):
        tried = model.decode(timbre, condition, pitch_hz[part], loudness_db[part])[0]
        distances.append(float(np.abs(_bands(tried, config.sample_rate) - target).mean()))
    return np.asarray(np.eye(count, dtype=np.float32)[int(np.argmin(distances))])


def _bands(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Levels [F, 48] in dB of bands evenly spaced in log frequency, 60 Hz to 12 kHz."""
    size = 2048
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(audio, (0, size)), size)[:: size // 2]
    power = np.abs(np.fft.rfft(windows * np.hanning(size), axis=1)) ** 2
    edges = np.geomspace(60.0, 12000.0, 49) * size / sample_rate
    # Low bands may be narrower than a bin; each takes at least the bin that it lies in.
    low = np.floor(edges[:-1]).astype(int)
    high = np.maximum(np.ceil(edges[1:]).astype(int), low + 1)
    total = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1)], axis=1)
    return np.asarray(10 * np.log10(total[:, high] - total[:, low] + 1e-7))
