"""Leading axes: merged and split again, with and without a reshape."""

from __future__ import annotations

import pytest
import torch

from aeolia.nn.axes import merge_axes, split_axis


@pytest.mark.parametrize("batch", [1, 3])
def test_split_after_merge_gives_the_axes_back(batch: int) -> None:
    x = torch.arange(batch * 2 * 5.0).reshape(batch, 2, 5)
    merged = merge_axes(x)
    assert merged.shape == (2 * batch, 5)
    assert torch.equal(merged.flatten(), x.flatten())
    assert torch.equal(split_axis(merged, batch), x)
