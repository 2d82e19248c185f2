"""What mixers share: items in equal parts, levels as stated, noise at its ratio."""

from __future__ import annotations

import numpy as np
import pytest

from made.recordings import noise_like, voice_like

torch = pytest.importorskip("torch")

from aeolia.data import mixing  # noqa: E402
from aeolia.data.corruptions import active_level  # noqa: E402
from aeolia.errors import InputError  # noqa: E402

RATE = 16000


def test_processes_share_a_batch() -> None:
    parts = [mixing.items_of(6, rank, 3) for rank in range(3)]
    assert [i for part in parts for i in part] == list(range(6))
    for batch_size, rank, world in ((5, 0, 2), (4, 2, 2), (4, -1, 2)):
        with pytest.raises(InputError, match=f"batch of {batch_size} cannot be shared by {world}"):
            mixing.items_of(batch_size, rank, world)


def test_an_item_is_its_numbers() -> None:
    draws = {mixing.item_rng(*numbers).random() for numbers in ((0, 1, 2), (0, 2, 1), (1, 1, 2))}
    assert len(draws) == 3 and mixing.item_rng(0, 1, 2).random() in draws


def test_active_levels() -> None:
    audio = torch.stack([torch.from_numpy(voice_like(1.0, RATE)), torch.zeros(RATE)])
    levelled = mixing.at_active_level(audio, RATE, mixing.amplitudes([-6.0206, 0.0]))
    assert active_level(levelled, RATE).tolist() == pytest.approx([0.5, 0.0], abs=1e-4)
    quiet = mixing.at_active_level(1e-3 * audio[:1] / active_level(audio, RATE)[0], RATE, least=0.1)
    assert float(active_level(quiet, RATE)) == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize(("level_dbfs", "highest"), [(-30.0, 0.5), (-1.0, 0.99)])
def test_a_level_is_met_unless_a_peak_forbids_it(level_dbfs: float, highest: float) -> None:
    audio = torch.from_numpy(noise_like(1.0, RATE))[None]
    factors = mixing.level_factors(audio, audio.abs().amax(-1), [level_dbfs], RATE)
    scaled = audio * factors[:, None]
    assert float(scaled.abs().max()) <= highest + 1e-6
    if highest < 0.99:
        assert 20 * np.log10(float(active_level(scaled, RATE))) == pytest.approx(
            level_dbfs, abs=0.01
        )
    else:
        assert float(scaled.abs().max()) == pytest.approx(0.99)
