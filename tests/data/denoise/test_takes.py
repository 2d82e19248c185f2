"""Long takes: several stretches with pauses, nothing beyond the crop; noise that wanders."""

from __future__ import annotations

import numpy as np
import pytest

from made.mixers import check_draws
from made.recordings import made_rows

torch = pytest.importorskip("torch")

from aeolia.data.crops import CropSampler, cut  # noqa: E402
from aeolia.data.denoise.mix_config import MixConfig  # noqa: E402
from aeolia.data.denoise.mixer import Mixer  # noqa: E402
from aeolia.data.denoise.takes import draw_take, drifting  # noqa: E402
from aeolia.data.pool import AudioPool  # noqa: E402

RATE = 16000
SECONDS = 20


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AudioPool]:
    pool = AudioPool.from_manifest(made_rows(tmp_path_factory.mktemp("takes")), RATE)
    return {
        kind: pool.subset(lambda row, kind=kind: row.kind == kind) for kind in ("speech", "noise")
    }


def test_a_take_is_stretches_in_turn_with_pauses(pools: dict[str, AudioPool]) -> None:
    sampler = CropSampler(pools["speech"], SECONDS * RATE)
    takes = [draw_take(sampler, np.random.default_rng(seed)) for seed in range(40)]
    pauses, speakers = [], set()
    for take in takes:
        for before, after in zip(take, take[1:], strict=False):
            pauses.append((after.offset - before.offset - before.length) / RATE)
        speakers.add(len({sampler.pool.row(one.item).label for one in take}))
        assert take and all(one.offset + one.length <= SECONDS * RATE for one in take)
        assert all(10 ** (-6 / 20) <= one.gain <= 10 ** (6 / 20) for one in take)
    assert min(pauses) >= 0.19 and max(pauses) > 5.0
    assert speakers == {1, 2}
    begun = np.mean([take[0].offset == 0 for take in takes])
    assert 0.25 < begun < 0.75
    sound = cut(sampler.pool, takes[:8], SECONDS * RATE)
    assert (sound.square().mean(1) > 0).all()


def test_a_gain_is_a_factor(pools: dict[str, AudioPool]) -> None:
    import dataclasses

    sampler = CropSampler(pools["speech"], RATE)
    crop = sampler.draw_speech(np.random.default_rng(0))
    halved = [dataclasses.replace(one, gain=0.5) for one in crop]
    whole, half = cut(sampler.pool, [crop, halved], RATE)
    assert torch.equal(half, 0.5 * whole)


def test_noise_wanders_within_its_range() -> None:
    factors = drifting(np.random.default_rng(1), SECONDS * RATE, RATE, 6.0)
    level_db = 20 * np.log10(factors)
    assert factors.shape == (SECONDS * RATE,) and factors.dtype == np.float32
    assert np.abs(level_db).max() <= 6.001 and np.ptp(level_db) > 3.0
    assert np.abs(np.diff(level_db)).max() < 12.0 / RATE  # no step that is heard


def test_takes_are_mixed_as_drawn(pools: dict[str, AudioPool]) -> None:
    def mix(**changes: object) -> Mixer:
        settings = {"seed": 3, "crop_seconds": 4.0, "takes": 1.0, "noise_drift_db": 3.0, **changes}
        return Mixer(pools["speech"], pools["noise"], None, MixConfig(**settings))

    check_draws(mix, ("noisy", "reference", "bandwidth_hz"))
    still = {"recorded": 0.0, "coloured": 0.0, "babble": 0.0, "tones": 0.0, "gaussian": 1.0}
    plain = {"noise_only": 1.0, "clean_only": 0.0, "second_noise": 0.0, "hum": 0.0, "reverb": 0.0}
    plain |= {"band_limit": 0.0, "clipping": 0.0, "packet_loss": 0.0, "salt_and_pepper": 0.0}
    levels = []
    for drift in (0.0, 12.0):
        noise = mix(**still, **plain, crop_seconds=20.0, noise_drift_db=drift).batch(0, 4).noisy
        power = noise.reshape(4, 20, -1).square().mean(2)
        levels.append(float((10 * torch.log10(power)).std(1).mean()))
    assert levels[0] < 0.2 and levels[1] > 2.0
