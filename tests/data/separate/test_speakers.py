"""Mixtures of speakers: seeded, ratios as drawn, silence where the target is absent."""

from __future__ import annotations

import dataclasses

import pytest

from made.recordings import made_rows

torch = pytest.importorskip("torch")

from aeolia.data.corruptions import active_level  # noqa: E402
from aeolia.data.pool import AudioPool  # noqa: E402
from aeolia.data.separate.mix_config import SpeakerMixConfig  # noqa: E402
from aeolia.data.separate.speakers import SpeakerMixer  # noqa: E402
from aeolia.errors import InputError  # noqa: E402
from made.mixers import check_draws  # noqa: E402

RATE = 16000
CONFIG = SpeakerMixConfig(
    seed=2, sample_rate=RATE, crop_seconds=1.0, enrolment_seconds=(1.0, 2.0), rooms=4
)


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AudioPool]:
    folder = tmp_path_factory.mktemp("speakers")
    rows = made_rows(folder)
    return {
        kind: AudioPool.from_manifest([row for row in rows if row.kind == kind], RATE)
        for kind in ("speech", "noise")
    }


@pytest.fixture
def mix(pools: dict[str, AudioPool]):
    def build(**changes: object) -> SpeakerMixer:
        return SpeakerMixer(pools["speech"], pools["noise"], dataclasses.replace(CONFIG, **changes))

    return build


def only(**changes: object) -> dict[str, object]:
    """Changes that leave two dry voices and nothing else."""
    names = (
        "absent",
        "alone",
        "two_others",
        "partly",
        "wide_snr",
        "noise",
        "reverb",
        "equaliser",
        "enrolment_reverb",
        "enrolment_noise",
        "unnamed",
        "same_source",
    )
    return {**dict.fromkeys(names, 0.0), **changes}


def test_an_item_is_its_seed_step_and_index(mix) -> None:
    check_draws(mix, ("mixture", "target", "enrolment", "background", "bandwidth_hz"))


def test_shapes_and_bounds(mix) -> None:
    mixer = mix()
    lengths = set()
    for step in range(8):
        batch = mixer.batch(step, 6)
        assert batch.mixture.shape == batch.target.shape == batch.background.shape == (6, RATE)
        assert batch.enrolment.shape[0] == 6 and RATE <= batch.enrolment.shape[1] <= 2 * RATE
        assert torch.equal(batch.background, batch.mixture - batch.target)
        for audio in (batch.mixture, batch.target, batch.enrolment, batch.voices):
            assert torch.isfinite(audio).all() and audio.abs().max() <= 0.9901
        assert (batch.enrolment.abs().amax(-1) > 0).all()
        assert (batch.mixture.abs().amax(-1) > 0).all()
        assert ((batch.bandwidth_hz > 0) & (batch.bandwidth_hz <= RATE / 2)).all()
        assert batch.seconds == pytest.approx(6.0)
        lengths.add(batch.enrolment.shape[1])
    assert len(lengths) > 4


def test_the_ratio_of_voices_is_met(mix) -> None:
    batch = mix(**only(), snr_db=(3.0, 3.0)).batch(0, 12)
    ratio = active_level(batch.target, RATE) / active_level(batch.background, RATE)
    assert torch.allclose(20 * torch.log10(ratio), torch.tensor(3.0), atol=0.1)


def test_noise_lies_below_the_target_as_drawn(mix) -> None:
    batch = mix(**only(alone=1.0, noise=1.0), noise_snr_db=(10.0, 10.0)).batch(0, 12)
    ratio = active_level(batch.target, RATE) / active_level(batch.background, RATE)
    assert torch.allclose(20 * torch.log10(ratio), torch.tensor(10.0), atol=0.1)


def test_an_absent_target_is_silence_in_a_mixture_of_others(
    mix, pools: dict[str, AudioPool]
) -> None:
    mixer = mix(**only(absent=1.0))
    batch = mixer.batch(0, 12)
    assert batch.target.abs().max() == 0.0 and torch.equal(batch.background, batch.mixture)
    assert (batch.mixture.abs().amax(-1) > 0.01).all()
    assert (batch.bandwidth_hz == RATE / 2).all()
    speech, counts = pools["speech"], set()
    for index in range(40):
        plan = mixer.plan(0, index, RATE)
        present = {speech.row(part.item).label for crop in plan.voices for part in crop}
        enrolled = {speech.row(part.item).label for part in plan.enrolment.voice}
        assert len(enrolled) == 1 and not present & enrolled
        counts.add(len(plan.voices))
    assert counts == {1, 2}


def test_alone_without_noise_is_the_target_itself(mix) -> None:
    batch = mix(**only(alone=1.0)).batch(0, 8)
    assert torch.equal(batch.mixture, batch.target)


def test_compared_voices_are_of_different_people(mix, pools: dict[str, AudioPool]) -> None:
    mixer, speech = mix(compared_voices=3), pools["speech"]
    for step in range(20):
        clips = mixer.plan_voices(step, 0, RATE)
        who = [{speech.row(part.item).label for part in clip.voice} for clip in clips]
        assert all(len(labels) == 1 for labels in who)
        first, second = who[: len(who) // 2], who[len(who) // 2 :]
        assert first == second and len(set.union(*first)) == len(first) == 3
    assert mixer.batch(0, 2).voices.shape[:2] == (2, 3)
    assert torch.equal(mixer.batch(0, 2).voices, mixer.batch(0, 4).voices)
    assert mix(compared_voices=0).batch(0, 2).voices.shape[:2] == (2, 0)


def test_in_a_room_the_target_is_the_early_part(mix) -> None:
    batch = mix(**only(alone=1.0, reverb=1.0), rt60_seconds=(0.5, 0.6)).batch(0, 16)
    late = batch.background.square().mean(-1) / batch.target.square().mean(-1)
    in_rooms = late > 1e-6
    assert 0.2 < in_rooms.float().mean() and (late[in_rooms] < 3.0).all()


def test_what_does_not_fit_together_is_refused(mix) -> None:
    with pytest.raises(InputError, match="16000 Hz and the mixture 8000"):
        mix(sample_rate=8000)
    with pytest.raises(InputError, match="batch of 5 cannot be shared by 2"):
        mix().batch(0, 5, rank=0, world=2)
