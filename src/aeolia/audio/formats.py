"""What a file's container and sample format are, and which ones an output gets.

Names are libsndfile's: a container ("WAV", "FLAC", "OGG") holds samples of a subtype ("PCM_16",
"FLOAT", "VORBIS").
"""

from __future__ import annotations

import dataclasses
import functools
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from aeolia.errors import AudioFileError

__all__ = [
    "AUDIO_SUFFIXES",
    "MAX_SAMPLE_RATE",
    "MIN_SAMPLE_RATE",
    "AudioInfo",
    "FILM_SUFFIXES",
    "LOSSY",
    "MEDIA_SUFFIXES",
    "as_written",
    "chosen_form",
    "integer_bits",
    "output_info",
    "output_suffix",
    "quantise",
    "suffix_of",
]

#: File name suffix -> containers it may hold; the first is what a new file gets.
_CONTAINERS: dict[str, tuple[str, ...]] = {
    ".wav": ("WAV", "WAVEX", "RF64"),
    ".wave": ("WAV", "WAVEX", "RF64"),
    ".bwf": ("WAV", "WAVEX", "RF64"),
    ".flac": ("FLAC",),
    ".ogg": ("OGG",),
    ".oga": ("OGG",),
    ".opus": ("OGG",),
    ".mp3": ("MP3",),
    ".aif": ("AIFF",),
    ".aiff": ("AIFF",),
    ".aifc": ("AIFF",),
    ".w64": ("W64",),
    ".caf": ("CAF",),
    ".rf64": ("RF64",),
    ".au": ("AU",),
    ".snd": ("AU",),
    ".sph": ("NIST",),
}

#: Which files of a folder are audio, by their name's ending.
AUDIO_SUFFIXES = tuple(_CONTAINERS)

#: What PyAV writes.
FILM_SUFFIXES = tuple(".mp4 .m4a .m4b .m4v .mov .3gp .3g2 .mkv .mka .webm".split())

#: What PyAV reads and nothing here writes, and what is written in its place.
_ONLY_READ = {
    **dict.fromkeys(".avi .flv .mpeg .mpg .m2ts .mts .ogv .ts .vob .wmv".split(), ".mkv"),
    ".aac": ".m4a",
    **dict.fromkeys(".ac3 .amr .ape .awb .dff .dsf .dts .eac3 .mp2 .mpc .oma".split(), ".wav"),
    **dict.fromkeys(".ra .spx .tak .tta .wma .wv".split(), ".wav"),
}

#: Which files of a folder are sound or films that need PyAV, by their name's ending.
MEDIA_SUFFIXES = (*FILM_SUFFIXES, *_ONLY_READ)

#: The lossy formats that have a bit rate to choose.
LOSSY = ("MPEG_LAYER_III", "VORBIS", "OPUS")

#: Sample rates that are processed, in Hz.
MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 8000, 192000

#: Bits per sample of the formats that hold integers, which clip beyond full scale. The
#: logarithmic and adaptive ones take 16-bit integers.
_INTEGER_BITS = {
    "PCM_S8": 8,
    "PCM_U8": 8,
    "PCM_16": 16,
    "PCM_24": 24,
    "PCM_32": 32,
    "ALAC_16": 16,
    "ALAC_20": 20,
    "ALAC_24": 24,
    "ALAC_32": 32,
    "ULAW": 16,
    "ALAW": 16,
    "IMA_ADPCM": 16,
    "MS_ADPCM": 16,
    "GSM610": 16,
}

#: Codecs of telephones and old games, which hold whole blocks only: kept where a file had them.
_BLOCK_CODED = ("IMA_", "MS_", "GSM", "G72", "VOX", "NMS", "DWVW", "DPCM")

_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_MOST_CHANNELS = {"MP3": 2, "FLAC": 8, "OGG": 255}

#: A WAV's sizes have 32 bits; this leaves room for the header and tags.
_WAV_LIMIT_BYTES = 0xFFFF_0000


@dataclass(frozen=True)
class AudioInfo:
    """What is known of an audio file, or required of one, without its samples."""

    #: For messages: the path as given, or "standard input".
    name: str
    sample_rate: int
    channels: int
    #: Samples per channel; None when the header does not tell (a live pipe).
    frames: int | None
    container: str = "WAV"
    subtype: str = "PCM_16"
    #: "FILE" (the container's own), "LITTLE" or "BIG".
    endian: str = "FILE"
    #: title, artist, ... as soundfile names them.
    tags: dict[str, str] = field(default_factory=dict)
    #: Of a lossy format, in kbit/s; None for the encoder's own.
    bitrate: float | None = None
    #: The file whose tags, pictures and chunks go along; None where there is none.
    origin: Path | None = None
    #: Which of the origin's audio tracks it is, from 1, where PyAV reads it, and when it begins in
    #: the origin's time.
    track: int | None = None
    start_seconds: float = 0.0

    @property
    def seconds(self) -> float | None:
        """Length in seconds, when known."""
        return None if self.frames is None else self.frames / self.sample_rate


def integer_bits(subtype: str) -> int | None:
    """Bits per sample of an integer format, None for floating point and lossy codecs."""
    return _INTEGER_BITS.get(subtype)


def output_suffix(path: str | Path) -> str:
    """The ending of the name of what is made of a file, where nobody chose it: the same.

    What is not written here becomes WAV, and Matroska if it is a film.
    """
    suffix = Path(path).suffix
    return _ONLY_READ.get(suffix.lower(), suffix)


def suffix_of(info: AudioInfo) -> str:
    """The usual ending of the name of a file in this format; "" where none is known."""
    if (info.container, info.subtype) == ("OGG", "OPUS"):
        return ".opus"
    return next((suffix for suffix, held in _CONTAINERS.items() if info.container in held), "")


def output_info(source: AudioInfo, path: str | Path) -> AudioInfo:
    """The format of an output at `path` made from `source`: the same wherever possible.

    A suffix that fits the source's container keeps container, subtype and byte order. Another
    suffix gets its own container, with the nearest sample format it can hold.

    Raises:
        AudioFileError: the suffix is unknown, or its format cannot hold the rate or channels.
    """
    import soundfile

    suffix = Path(path).suffix.lower()
    # What PyAV reads has containers that libsndfile does not write.
    same = suffix == Path(source.name).suffix.lower()
    same = same and source.container in soundfile.available_formats()
    if suffix not in _CONTAINERS and not same:
        raise AudioFileError(
            f"{path}: the name's ending {suffix!r} tells no audio format; use one of "
            f"{' '.join(AUDIO_SUFFIXES)}"
        )
    containers = _CONTAINERS.get(suffix, (source.container,))
    if source.container in containers or same:
        container, endian = source.container, source.endian
    else:
        container, endian = containers[0], "FILE"
    subtype = _nearest_subtype(source, container, suffix)
    _check_limits(path, source, container, subtype)
    if container in ("WAV", "WAVEX") and _size_in_bytes(source, subtype) > _WAV_LIMIT_BYTES:
        container = "RF64"
    return dataclasses.replace(
        source, name=str(path), container=container, subtype=subtype, endian=endian
    )


def chosen_form(
    source: AudioInfo, path: str | Path, subtype: str | None, bitrate: float | None
) -> AudioInfo:
    """`source` with a sample format, and a bit rate in kbit/s, that a user chose for `path`.

    Raises:
        AudioFileError: the file's container cannot hold them.
    """
    form = dataclasses.replace(source, bitrate=bitrate or source.bitrate)
    if Path(path).suffix.lower() in FILM_SUFFIXES:
        if subtype is not None:
            raise AudioFileError(f"{path}: the codec is the input's; leave the sample format out")
        return form
    name = "standard output.wav" if str(path) == "-" else path
    if subtype is not None:
        form = dataclasses.replace(form, subtype=subtype.upper())
        found = output_info(form, name)
        if found.subtype != form.subtype:
            import soundfile

            able = soundfile.available_subtypes(found.container)
            rate_and_channels = form.sample_rate, form.channels
            possible = (
                kind for kind in able if _writable(found.container, kind, *rate_and_channels)
            )
            raise AudioFileError(
                f"{path}: {found.container} cannot be written as {subtype}; choose from "
                f"{', '.join(sorted(possible))}"
            )
    if bitrate is not None and (kind := output_info(form, name).subtype) not in LOSSY:
        raise AudioFileError(
            f"{path}: {kind} has no bit rate to choose; name the output .mp3, .opus or .ogg, or "
            f"choose a sample format by its subtype"
        )
    return form


def _nearest_subtype(source: AudioInfo, container: str, suffix: str) -> str:
    """The source's subtype if the container can hold it, else the one that loses least."""
    if suffix == ".opus":
        return "OPUS"
    if container == "MP3":
        return "MPEG_LAYER_III"
    candidates = [source.subtype, *_substitutes(source.subtype)]
    if container != source.container and source.subtype.startswith(_BLOCK_CODED):
        del candidates[0]
    for candidate in candidates:
        if _writable(container, candidate, source.sample_rate, source.channels):
            return candidate
    import soundfile

    return str(soundfile.default_subtype(container))


def _substitutes(subtype: str) -> tuple[str, ...]:
    """Formats of as many bits as `subtype`, or more, then of fewer; best first.

    Lossy ones hold no more than 16 bits of what was recorded.
    """
    if subtype in ("FLOAT", "DOUBLE"):
        return ("FLOAT", "DOUBLE", "PCM_24", "PCM_32", "PCM_16")
    bits = integer_bits(subtype) or (24 if subtype.endswith("_24") else 16)
    if bits > 24:
        return ("PCM_32", "PCM_24", "PCM_16")
    return ("PCM_24", "PCM_32", "PCM_16") if bits > 16 else ("PCM_16", "PCM_S8", "PCM_U8")


@functools.lru_cache(maxsize=256)
def _writable(container: str, subtype: str, sample_rate: int, channels: int) -> bool:
    """Whether libsndfile writes it: asked by trying, for its own table also has what it reads."""
    import soundfile

    if not soundfile.check_format(container, subtype):
        return False
    form = {"format": container, "subtype": subtype}
    try:
        with soundfile.SoundFile(io.BytesIO(), "w", sample_rate, channels, **form) as file:
            file.write(np.zeros((1, channels), np.float32))
    except soundfile.SoundFileError:
        return False
    return True


def _check_limits(path: str | Path, source: AudioInfo, container: str, subtype: str) -> None:
    rates = _OPUS_RATES if subtype == "OPUS" else _MP3_RATES if container == "MP3" else None
    if rates and source.sample_rate not in rates:
        raise AudioFileError(
            f"{path}: {'Opus' if subtype == 'OPUS' else 'MP3'} cannot hold "
            f"{source.sample_rate} Hz (only {', '.join(map(str, rates))}) and the rate is never "
            f"changed; name the output .flac, .wav or .ogg"
        )
    most = _MOST_CHANNELS.get(container, 1024)
    if source.channels > most:
        raise AudioFileError(
            f"{path}: {container} holds at most {most} channels and there are "
            f"{source.channels}; name the output .wav or .caf"
        )


def _size_in_bytes(source: AudioInfo, subtype: str) -> int:
    sizes = {"DOUBLE": 8, "FLOAT": 4, "PCM_32": 4, "PCM_24": 3, "PCM_16": 2}
    return (source.frames or 0) * source.channels * sizes.get(subtype, 1)


def quantise(block: np.ndarray, bits: int) -> tuple[np.ndarray, int]:
    """Floats as left-justified integers, and how many samples were clamped to fit.

    Rounds to the nearest of 2**bits steps of the range [-1, 1): audio that came from integers of
    as many bits is returned to them exactly, which libsndfile's own conversion does not do.

    Returns:
        int16 for up to 16 bits, else int32, in the shape of `block`; the number of samples.
    """
    width = 16 if bits <= 16 else 32
    # Scaling by a power of two is exact; beyond 24 bits float32 cannot hold the limits.
    precise = block if bits <= 24 else block.astype(np.float64)
    scaled = np.rint(precise * precise.dtype.type(2.0 ** (bits - 1)))
    low, high = -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1
    n_clipped = int(np.count_nonzero((scaled < low) | (scaled > high)))
    # Multiplying by a power of two shifts to the left end of the integer.
    shifted = np.clip(scaled, low, high).astype(np.int64) * (1 << (width - bits))
    return shifted.astype(np.int16 if width == 16 else np.int32), n_clipped


def as_written(block: np.ndarray, subtype: str) -> np.ndarray:
    """What a file of `subtype` will hold of `block`: the same, rounded and clamped if integer."""
    bits = integer_bits(subtype)
    if bits is None:
        return block
    integers, _ = quantise(block, bits)
    full_scale = block.dtype.type(2.0 ** (1 - 8 * integers.itemsize))
    return np.asarray(integers.astype(block.dtype) * full_scale)
