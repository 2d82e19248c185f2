"""Ways to damage what has an inside of its own: archives of arrays, and models."""

from __future__ import annotations

import io
import zipfile

import numpy as np

from benchmarks.fuzz.mutations import BYTES, NUMBERS, TEXT, TOKENS, damaged

__all__ = ["damaged_archive", "damaged_model"]

#: Of zeros, which an archive holds in a thousandth.
_BOMB_BYTES = 1 << 28


def damaged_archive(data: bytes, rng: np.random.Generator) -> bytes:
    """A .npz with one of its arrays replaced, and its checksums right; or damaged as bytes."""
    if rng.random() < 0.3:
        return damaged(data, BYTES, rng)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = list(members)[int(rng.integers(len(members)))]
    value = np.load(io.BytesIO(members[name]))
    replaced = (
        lambda: _member(np.array(int(rng.choice(np.array(NUMBERS, object))))),
        lambda: _member(np.array(-1)),
        lambda: _member(np.array(np.nan)),
        lambda: _member(np.full(value.shape, np.inf)),
        lambda: _member(np.zeros((0,) * max(value.ndim, 1))),
        lambda: _member(np.zeros(1 << 24, np.int8)),
        lambda: _member(np.zeros(_BOMB_BYTES, np.int8)),
        lambda: _claim(int(rng.choice([1 << 20, 1 << 32, 1 << 40, 1 << 62]))),
        lambda: _member(np.array("\x1b[2J" * 9)),
        lambda: _member(np.stack([value, value])),
        lambda: _member(value[..., :1] if value.ndim else value[None]),
        lambda: _member(value.astype(np.complex128) if value.dtype.kind != "U" else value[None]),
        lambda: damaged(members[name], BYTES, rng),
    )
    changed = replaced[int(rng.integers(len(replaced)))]()
    others = [(other, body) for other, body in members.items() if other != name]
    # Some have a second member of the same name, or one that would lie elsewhere.
    more = [(name, members[name])] if rng.random() < 0.1 else []
    more += [("../../out.npy", b"x")] if rng.random() < 0.1 else []
    return _archive([*others, (name, changed), *more])


def _member(value: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, value, allow_pickle=value.dtype.kind == "O")
    return buffer.getvalue()


def _claim(n_items: int) -> bytes:
    """A header of an array that is not there."""
    buffer = io.BytesIO()
    head = {"descr": "<f4", "fortran_order": False, "shape": (n_items,)}
    np.lib.format.write_array_header_1_0(buffer, head)
    return buffer.getvalue() + bytes(400)


def _archive(members: list[tuple[str, bytes]]) -> bytes:
    import warnings

    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of a name that comes twice
        for name, body in members:
            archive.writestr(name, body, compresslevel=1)
    return buffer.getvalue()


def damaged_model(data: bytes, rng: np.random.Generator) -> bytes:
    """An ONNX file one of whose texts (configuration, card, format) is another."""
    import onnx

    model = onnx.load_from_string(data)
    entry = model.metadata_props[int(rng.integers(len(model.metadata_props)))]
    if rng.random() < 0.3:
        entry.value = TOKENS[int(rng.integers(len(TOKENS)))]
    else:
        changed = damaged(entry.value.encode(), TEXT, rng)
        entry.value = changed.decode("utf-8", "replace")
    if rng.random() < 0.1:
        again = model.metadata_props.add()
        again.key, again.value = entry.key, "{}"
    return bytes(model.SerializeToString())
