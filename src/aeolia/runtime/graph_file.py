"""An ONNX file's bytes, read so that it can refer to no other file.

ONNX lets a tensor's values lie in another file, by a path that versions of ONNX Runtime before
1.24 follow out of the model's folder: a model could read what it likes of its user's. A released
model is whole, so any such reference is refused before ONNX Runtime sees the file. The `onnx`
package is not needed to play: what has to be known of the format is in the few numbers below, the
field numbers of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from aeolia.errors import ModelError
from aeolia.files import in_words
from aeolia.runtime.checksums import check_as_released

__all__ = ["metadata_apart", "read_graph", "with_metadata"]

#: A model larger than this is none of ours: they have a few megabytes.
_MOST_BYTES = 1 << 29
#: Fields of all messages that are looked into: ours have some ten thousand.
_MOST_FIELDS = 4_000_000
#: Messages within messages, as protobuf's own readers bound them.
_MOST_DEPTH = 100

#: Message -> number of a field -> message that it holds; other fields hold no tensor.
_INSIDE = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
#: Of a model, and of what is in it: a key and its value.
_METADATA, _KEY, _VALUE = 14, 1, 2
#: How protobuf writes a field.
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5


def read_graph(path: Path) -> bytes:
    """The file's bytes, once it is known that they refer to no other file.

    Raises:
        ModelError: it is missing, too large, no ONNX file, refers to another file, or is a
            released model's that is not as it was released.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such model file; name a released model or an .onnx file")
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ModelError(
                f"{path}: {path.stat().st_size / 2**20:.0f} MB; a model has {_MOST_BYTES >> 20} MB "
                f"at most: name an .onnx file that `aeolia export` wrote"
            )
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {in_words(error, 'model file')}") from error
    check_as_released(path, data)
    try:
        external = _refers_elsewhere(data)
    except ValueError as error:
        raise ModelError(
            f"{path}: not a readable ONNX model ({error}); the file may be damaged: copy it "
            f"again, or export it again with `aeolia export`"
        ) from error
    if external:
        raise ModelError(
            f"{path}: keeps tensors in another file (ONNX external data), which is refused: a "
            f"model must not read files; use a model written by `aeolia export`"
        )
    return data


def _refers_elsewhere(data: bytes) -> bool:
    """Whether any tensor of an ONNX model, wherever it stands, has its values in another file.

    Raises:
        ValueError: these bytes are no such model.
    """
    if data[4:8] == b"ORTM":  # ONNX Runtime's own format, which it would know by these four
        raise ValueError("ONNX Runtime's format, not ONNX")
    waiting = [("model", 0, len(data), 0)]
    n_fields, has_graph = 0, False
    while waiting:
        message, at, end, depth = waiting.pop()
        inside = _INSIDE[message]
        if depth > _MOST_DEPTH:
            raise ValueError("nested too deep")
        while at < end:
            n_fields += 1
            if n_fields > _MOST_FIELDS:
                raise ValueError("too many parts")
            tag, at = _varint(data, at, end)
            number, kind = tag >> 3, tag & 7
            if kind == _VARINT:
                value, at = _varint(data, at, end)
                if message == "tensor" and number == _DATA_LOCATION and value:
                    return True
                continue
            if kind == _BYTES:
                length, at = _varint(data, at, end)
                if message == "tensor" and number == _EXTERNAL_DATA:
                    return True
                if number in inside and at + length <= end:
                    waiting.append((inside[number], at, at + length, depth + 1))
                    has_graph |= message == "model" and inside[number] == "graph"
            elif kind in (_FIXED_64, _FIXED_32):
                length = 8 if kind == _FIXED_64 else 4
            else:
                raise ValueError("damaged")
            at += length
            if at > end:
                raise ValueError("it ends too early")
    if not has_graph:
        raise ValueError("it holds no graph")
    return False


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The number at a position, seven bits a byte, and the position behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise ValueError("it ends too early")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
    raise ValueError("damaged")


def metadata_apart(data: bytes) -> tuple[bytes, dict[str, str]]:
    """A model that `read_graph` read without what it says of itself, and that."""
    rest, metadata = [], {}
    for number, start, inside, end in _fields(data):
        if number != _METADATA:
            rest.append(data[start:end])
            continue
        entry = data[inside:end]
        pair = {number: entry[at:stop].decode("utf-8") for number, _, at, stop in _fields(entry)}
        metadata[pair.get(_KEY, "")] = pair.get(_VALUE, "")
    return b"".join(rest), metadata


def with_metadata(data: bytes, metadata: Mapping[str, str]) -> bytes:
    """A model without metadata with these."""
    entries = [
        _field(_KEY, key.encode()) + _field(_VALUE, value.encode())
        for key, value in metadata.items()
    ]
    return data + b"".join(_field(_METADATA, entry) for entry in entries)


def _fields(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Number of each field of a message, where it starts, where its value does, and its end."""
    at, end = 0, len(data)
    while at < end:
        start = at
        tag, at = _varint(data, at, end)
        kind = tag & 7
        length = 8 if kind == _FIXED_64 else 4
        if kind == _VARINT:
            length = _varint(data, at, end)[1] - at
        elif kind == _BYTES:
            length, at = _varint(data, at, end)
        yield tag >> 3, start, at, at + length
        at += length


def _field(number: int, content: bytes) -> bytes:
    """A field of bytes as protobuf writes it."""
    return _as_varint(number << 3 | _BYTES) + _as_varint(len(content)) + content


def _as_varint(value: int) -> bytes:
    groups = []
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
