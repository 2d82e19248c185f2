"""Products of matrices, and convolutions as such, through one kernel that adds a product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from aeolia.errors import ModelError
from aeolia.models.export.c_source.program import Program
from aeolia.models.export.c_source.views import View

__all__ = ["convolved", "multiplied", "transposed_convolved"]


def add_product(program: Program, target: View, left: View, right: View) -> None:
    """target [M, N] += left [M, K] @ right [K, N], each in order in memory."""
    (m, k), n = left.shape, right.shape[1]
    program.call("add_product", [target, left, right], m, k, n)


def multiplied(program: Program, left: View, right: View, bias: View | None = None) -> View:
    """left [..., M, K] @ right [..., K, N] + bias [N]; leading axes are broadcast."""
    left, right = program.contiguous(left), program.contiguous(right)
    leading_rows = left.shape[:-1]
    if right.index.ndim == 2:  # then all leading axes of `left` are rows
        left = left.at(left.index.reshape(1, -1, left.shape[-1]))
    leading = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left_all = np.broadcast_to(left.index, (*leading, *left.shape[-2:]))
    right_all = np.broadcast_to(right.index, (*leading, *right.shape[-2:]))
    target = program.new((*leading, left.shape[-2], right.shape[-1]))
    program.loop(target, "{0}", [0.0 if bias is None else bias], "product")
    for at in np.ndindex(*leading):
        parts = target.at(target.index[at]), left.at(left_all[at]), right.at(right_all[at])
        add_product(program, *parts)
    if right.index.ndim == 2:
        return target.at(target.index.reshape(*leading_rows, right.shape[1]))
    return target


def convolved(
    program: Program, audio: View, weight: View, bias: View | None, attributes: Mapping[str, Any]
) -> View:
    """Conv of audio [1, C, H, W] with weight [D, C, kh, kw] to [1, D, H', W']."""
    _, n_in, *kernel = weight.shape
    strides, (top, left, bottom, right) = _checked(attributes, audio, weight)
    _, _, height, width = audio.shape
    padded = program.new((n_in, height + top + bottom, width + left + right))
    if padded.index.size > audio.index.size:
        program.loop(padded, "{0}", [0.0], "Conv, padding")
    inner = padded.index[:, top : top + height, left : left + width]
    program.loop(padded.at(inner), "{0}", [audio.at(audio.index[0])], "Conv, padding")
    # [C, H', W', kh, kw]: what each output sees.
    seen = np.lib.stride_tricks.sliding_window_view(padded.index, kernel, (1, 2))
    seen = seen[:, :: strides[0], :: strides[1]]
    n_out, (out_height, out_width) = weight.shape[0], seen.shape[1:3]
    columns = seen.transpose(0, 3, 4, 1, 2)
    columns = columns.reshape(-1, out_height * out_width)
    target = _begun(program, (n_out, out_height * out_width), bias)
    matrix = weight.at(weight.index.reshape(n_out, -1))
    add_product(program, target, matrix, program.contiguous(padded.at(columns)))
    return target.at(target.index.reshape(1, n_out, out_height, out_width))


def transposed_convolved(
    program: Program, audio: View, weight: View, bias: View | None, attributes: Mapping[str, Any]
) -> View:
    """ConvTranspose of audio [1, C, H, W] with weight [C, D, kh, kw] to [1, D, H', W']."""
    n_in, n_out, *kernel = weight.shape
    strides, (top, left, bottom, right) = _checked(attributes, audio, weight)
    _, _, height, width = audio.shape
    matrix = weight.at(weight.index.reshape(n_in, -1).T)
    rows = audio.at(audio.index.reshape(n_in, -1))
    pieces = multiplied(program, program.contiguous(matrix), rows)
    piece = pieces.index.reshape(n_out, *kernel, height, width)
    full = (height - 1) * strides[0] + kernel[0], (width - 1) * strides[1] + kernel[1]
    target = _begun(program, (n_out, *full), bias)
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            part = target.index[:, row :: strides[0], column :: strides[1]][:, :height, :width]
            operand = pieces.at(piece[:, row, column])
            program.loop(target.at(part), "{0}", [operand], "ConvTranspose", "+=")
    cut = target.index[:, top : full[0] - bottom, left : full[1] - right]
    return target.at(cut[None])


def _begun(program: Program, shape: tuple[int, ...], bias: View | None) -> View:
    """[D, ...] that holds the bias of each output channel."""
    target = program.new(shape)
    if bias is None:
        program.loop(target, "{0}", [0.0], "no bias")
    else:
        column = bias.at(bias.index.reshape(-1, *(1 for _ in shape[1:])))
        program.loop(target, "{0}", [column], "bias")
    return target


def _checked(
    attributes: Mapping[str, Any], audio: View, weight: View
) -> tuple[list[int], list[int]]:
    """Strides and padding."""
    usual = (
        len(audio.shape) == 4
        and audio.shape[0] == 1
        and attributes.get("group", 1) == 1
        and set(attributes.get("dilations", [1])) == {1}
        and attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
        and not any(attributes.get("output_padding", []))
        and "output_shape" not in attributes
    )
    if not usual:
        raise ModelError(
            "--for c takes convolutions in two dimensions, not dilated and of one group; export "
            "as .onnx, without --for"
        )
    return list(attributes.get("strides", [1, 1])), list(attributes.get("pads", [0, 0, 0, 0]))
