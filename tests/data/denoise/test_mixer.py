"""The mixer: a pure function of seed, step and item; levels, SNR and targets as configured."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from made.recordings import made_rows

torch = pytest.importorskip("torch")

from aeolia.config import config_from_dict  # noqa: E402
from aeolia.data.corruptions import active_level  # noqa: E402
from aeolia.data.crops import cut  # noqa: E402
from aeolia.data.denoise.mix_config import MixConfig  # noqa: E402
from aeolia.data.denoise.mixer import Mixer  # noqa: E402
from aeolia.data.mixing import at_active_level  # noqa: E402
from aeolia.data.pool import AudioPool  # noqa: E402
from aeolia.errors import InputError  # noqa: E402
from aeolia.recipes.catalogue import PRESETS  # noqa: E402
from made.mixers import check_draws  # noqa: E402

RATE = 16000


#: One second crops with everything on.
CONFIG = MixConfig(
    seed=7,
    sample_rate=RATE,
    crop_seconds=1.0,
    hum=0.3,
    reverb=0.5,
    band_limit=0.2,
    clipping=0.2,
    packet_loss=0.2,
    salt_and_pepper=0.2,
    noise_only=0.1,
    clean_only=0.1,
    coloured=0.3,
    babble=0.3,
    crowd=0.2,
    gaussian=0.2,
    second_noise=0.5,
)


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AudioPool]:
    folder = tmp_path_factory.mktemp("mixtures")
    pool = AudioPool.from_manifest(made_rows(folder), RATE)
    return {
        "speech": pool.subset(lambda row: row.kind == "speech"),
        "noise": pool.subset(lambda row: row.kind == "noise"),
        "rir": pool.subset(lambda row: row.kind == "rir"),
    }


@pytest.fixture
def mix(pools: dict[str, AudioPool]):
    def build(config: MixConfig = CONFIG, **changes: object) -> Mixer:
        config = dataclasses.replace(config, **changes)
        return Mixer(pools["speech"], pools["noise"], pools["rir"], config)

    return build


def only(**probabilities: float) -> dict[str, float]:
    """Changes that switch everything off but recorded noise and what is given."""
    names = (
        "noise_only clean_only coloured gaussian babble tones crowd second_noise hum reverb "
        "equaliser band_limit clipping packet_loss salt_and_pepper"
    ).split()
    return {**dict.fromkeys(names, 0.0), "recorded": 1.0, **probabilities}


def test_an_item_is_its_seed_step_and_index(mix) -> None:
    check_draws(mix, ("noisy", "reference", "bandwidth_hz"))


def test_batches_are_finite_and_not_clipped(mix) -> None:
    mixer = mix()
    for step in range(12):
        batch = mixer.batch(step, 8)
        assert batch.noisy.shape == batch.reference.shape == (8, RATE)
        assert batch.noisy.dtype == batch.reference.dtype == torch.float32
        assert torch.isfinite(batch.noisy).all() and torch.isfinite(batch.reference).all()
        assert batch.noisy.abs().max() <= 1.0 and batch.reference.abs().max() <= 1.0
        assert ((batch.bandwidth_hz > 0) & (batch.bandwidth_hz <= RATE / 2)).all()


@pytest.mark.parametrize("snr_db", [-5.0, 10.0])
def test_the_snr_is_met(mix, snr_db: float) -> None:
    batch = mix(**only(), snr_db=(snr_db, snr_db)).batch(0, 16)
    noise = batch.noisy - batch.reference
    ratio = active_level(batch.reference, RATE) / active_level(noise, RATE)
    assert torch.allclose(20 * torch.log10(ratio), torch.tensor(snr_db), atol=0.2)


def test_the_second_noise_does_not_move_the_snr(mix) -> None:
    batch = mix(
        **only(second_noise=1.0, hum=1.0, recorded=0.0, gaussian=1.0), snr_db=(5.0, 5.0)
    ).batch(0, 8)
    ratio = active_level(batch.reference, RATE) / active_level(batch.noisy - batch.reference, RATE)
    assert torch.allclose(20 * torch.log10(ratio), torch.tensor(5.0), atol=0.3)


def test_levels_lie_in_the_range(mix) -> None:
    batch = mix(**only(), level_dbfs=(-40.0, -30.0), snr_db=(0.0, 20.0)).batch(0, 32)
    level_dbfs = 20 * torch.log10(active_level(batch.noisy, RATE))
    assert level_dbfs.min() > -40.1 and level_dbfs.max() < -29.9
    assert level_dbfs.max() - level_dbfs.min() > 5.0


def test_loud_mixtures_stay_below_full_scale_at_their_snr(mix) -> None:
    batch = mix(**only(), level_dbfs=(-1.0, 0.0), snr_db=(0.0, 0.0)).batch(0, 8)
    assert batch.noisy.abs().max() <= 0.9901
    ratio = active_level(batch.reference, RATE) / active_level(batch.noisy - batch.reference, RATE)
    assert torch.allclose(20 * torch.log10(ratio), torch.tensor(0.0), atol=0.2)


def test_noise_only_has_a_silent_reference(mix) -> None:
    batch = mix(**only(noise_only=1.0)).batch(0, 8)
    assert batch.reference.abs().max() == 0.0
    assert (batch.noisy.square().mean(-1) > 0).all()
    assert (batch.bandwidth_hz == RATE / 2).all()


def test_clean_only_is_the_reference_itself(mix) -> None:
    batch = mix(**only(clean_only=1.0)).batch(0, 8)
    assert torch.equal(batch.noisy, batch.reference)
    assert (batch.reference.square().mean(-1) > 0).all()


def test_colour_and_band_are_the_references_too(mix) -> None:
    """Without noise, what belongs to the recording alone must leave nothing to remove."""
    changes = only(equaliser=1.0, band_limit=1.0)
    mixer = mix(**changes)
    batch = mixer.render([mixer.plan(0, i, snr_db=float("inf")) for i in range(8)])
    assert torch.allclose(batch.noisy, batch.reference, atol=1e-6)
    assert (batch.bandwidth_hz <= RATE / 2).all() and batch.bandwidth_hz.min() < 7900


def test_faults_are_in_the_noisy_signal_alone(mix) -> None:
    clean = mix(**only())
    for fault in ("clipping", "packet_loss", "salt_and_pepper"):
        faulty = mix(**only(**{fault: 1.0}))
        one = clean.render([clean.plan(0, i, snr_db=float("inf")) for i in range(4)])
        other = faulty.render([faulty.plan(0, i, snr_db=float("inf")) for i in range(4)])
        assert torch.allclose(one.reference, other.reference, atol=1e-6)
        assert not torch.allclose(other.noisy, other.reference, atol=1e-3)


def test_the_target_of_a_room_is_aligned_with_its_sound(mix) -> None:
    mixer = mix(**only(reverb=1.0), rt60_seconds=(0.3, 0.6))
    plans = [mixer.plan(0, i, snr_db=float("inf")) for i in range(8)]
    batch = mixer.render(plans)
    assert all(plan.room is not None and plan.room[0] in (1.0, -1.0) for plan in plans)
    for noisy, reference in zip(batch.noisy, batch.reference, strict=True):
        cross = torch.fft.irfft(
            torch.fft.rfft(noisy, 2 * RATE) * torch.fft.rfft(reference, 2 * RATE).conj()
        )
        lag = (int(cross.argmax()) + RATE) % (2 * RATE) - RATE
        assert abs(lag) <= 2  # early reflections may pull the peak by a sample
        assert not torch.allclose(noisy, reference, atol=1e-3)


def test_measured_rooms_are_used_where_given(mix, pools: dict[str, AudioPool]) -> None:
    mixer = mix(**only(reverb=1.0, measured_rooms=1.0))
    assert {mixer.plan(0, i).room_name for i in range(5)} == {"room"}
    without = Mixer(pools["speech"], pools["noise"], None, mixer.config)
    assert all(without.plan(0, i).room_name.startswith("simulated") for i in range(5))


def test_the_textbook_mixture_is_white_noise_and_nothing_else(pools: dict[str, AudioPool]) -> None:
    config = config_from_dict(MixConfig, {**PRESETS["textbook"].mix, "seed": 1})
    mixer = Mixer(pools["speech"], None, None, config)
    plans = [mixer.plan(0, i) for i in range(8)]
    assert all([noise.kind for noise in plan.noises] == ["gaussian"] for plan in plans)
    batch = mixer.render(plans)
    spectrum = torch.fft.rfft(batch.noisy - batch.reference).abs().square().mean(0)
    quarters = [part.mean() for part in spectrum[:-1].chunk(4)]
    assert max(quarters) / min(quarters) < 1.2


def test_a_crowd_is_2_to_12_voices_each_as_loud_as_it_is_near(mix) -> None:
    mixer = mix(**only(recorded=0.0, crowd=1.0), rt60_seconds=(0.4, 0.4))
    drawn = [noise for i in range(60) for noise in mixer.plan(0, i).noises]
    voices = [len(noise.crops) for noise in drawn]
    assert min(voices) == 2 and max(voices) == 12
    levels = np.concatenate([noise.levels for noise in drawn])
    assert levels.max() > 0.8 and levels.min() < 0.2 and levels.max() <= 1.0
    for noise in drawn:
        assert len(noise.crops) == len(noise.rooms) == len(noise.levels)
    # Farther voices have more of the room for the same direct sound.
    tails = [float(np.square(room[1:]).sum()) for noise in drawn for room in noise.rooms]
    assert np.corrcoef(np.log(levels), np.log(tails))[0, 1] < -0.5


def test_a_crowd_sounds_like_its_voices_in_their_rooms(mix) -> None:
    """By hand: each voice at active level 1, convolved with its room, times its level."""
    mixer = mix(**only(recorded=0.0, crowd=1.0))
    (noise,) = mixer.plan(0, 3).noises
    found = mixer._noises._of_kind("crowd", [noise], [np.random.default_rng(0)])[0].numpy()
    voices = at_active_level(cut(mixer._speech.pool, noise.crops, RATE), RATE).numpy()
    expected = sum(
        level * np.convolve(voice, room)[:RATE]
        for voice, room, level in zip(voices, noise.rooms, noise.levels, strict=True)
    )
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())


def test_speed_and_kinds_vary(mix, pools: dict[str, AudioPool]) -> None:
    plans = [mix().plan(0, i) for i in range(200)]
    kinds = {noise.kind for plan in plans for noise in plan.noises}
    assert kinds == {"recorded", "coloured", "gaussian", "babble", "tones", "crowd", "hum"}
    speeds = {pools["speech"].speeds[plan.speech[0].item] for plan in plans}
    assert speeds == {0.9, 1.0, 1.1}


def test_what_does_not_fit_together_is_refused(mix, pools: dict[str, AudioPool]) -> None:
    with pytest.raises(InputError, match="16000 Hz and the mixture 48000 Hz"):
        mix(sample_rate=48000)
    with pytest.raises(InputError, match="no noise recordings"):
        Mixer(pools["speech"], None, None, CONFIG)
    with pytest.raises(InputError, match="batch of 5 cannot be shared by 2"):
        mix().batch(0, 5, rank=0, world=2)
