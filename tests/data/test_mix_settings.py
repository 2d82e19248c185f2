"""Every key of the mixtures' configs changes a batch.

The key `hold_out`, which chooses recordings, is changed in tests/training/separate/test_task.py,
and the notes' config in tests/training/synth/test_settings.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aeolia.config.classes import MUSIC
from aeolia.data.corpus.manifest import Row
from aeolia.data.denoise.mix_config import MixConfig
from aeolia.data.denoise.mixer import Mixer
from aeolia.data.pool import AudioPool
from aeolia.data.separate.arrangements import arrangement_pool
from aeolia.data.separate.classes import ClassMixer
from aeolia.data.separate.kits import KitMixer
from aeolia.data.separate.mix_config import ClassMixConfig, KitMixConfig, SpeakerMixConfig
from aeolia.data.separate.speakers import SpeakerMixer
from made.changes import changes_of, digest, keys_of
from made.music import hit_rows, kit_rows, note_rows, song_rows
from made.recordings import made_rows, noise_like, voice_like, write

#: Above 32 kHz, so that some recordings can reach beyond 16 kHz.
RATE = 36000
#: Everything is there, and nothing always, so that more of it and less of it can be told.
SHORT = {"sample_rate": RATE, "crop_seconds": 0.2}
DENOISE = MixConfig(
    **SHORT,
    noise_only=0.2,
    clean_only=0.2,
    recorded=0.3,
    second_noise=0.4,
    hum=0.4,
    reverb=0.5,
    measured_rooms=0.5,
    band_limit=0.4,
    clipping=0.4,
    packet_loss=0.4,
    salt_and_pepper=0.4,
    full_band_share=0.5,
)
CLASSES = ClassMixConfig(**SHORT, coloured=0.4, sub_bass=0.4, reverb=0.5, rooms=2)
KITS = KitMixConfig(**SHORT, swapped=0.4, equaliser=0.5, reverb=0.5, rooms=2)
SPEAKERS = SpeakerMixConfig(
    **SHORT, enrolment_seconds=(0.5, 0.7), alone=0.2, rooms=2, unnamed=0.4, compared_voices=2
)
ITEMS = 8

#: Values to try before numbers near a key's own.
TRIED = {
    "sample_rate": [16000],
    "level_dbfs": [(-30.0, -20.0)],
    "rt60_seconds": [(0.3, 0.5)],
    "snr_db": [(0.0, 10.0)],
    "backing_db": [(-10.0, 0.0)],
    "noise_snr_db": [(0.0, 10.0)],
    "enrolment_seconds": [(0.6, 0.8)],
}

Pools = Callable[[int], dict[str, Any]]


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[Row]:
    """Speech as everywhere, some of nobody named and some beyond 16 kHz; noise; a room."""
    found = made_rows(folder, RATE)
    for number in range(4):
        wide, seconds = number < 2, 1.5
        audio = voice_like(seconds, RATE, 80.0 + 40 * number, seed=20 + number)
        audio += wide * noise_like(seconds, RATE, seed=number)
        path = write(folder / f"more/{number}.wav", audio, RATE)
        source, label = ("wide", f"w{number}") if wide else ("unnamed", "")
        found.append(Row(str(path), "speech", source, label, seconds, RATE, split="train"))
    return found


@pytest.fixture(scope="module")
def pools(rows: list[Row], folder: Path) -> Pools:
    """Pools of all kinds at a sample rate, made once a rate."""
    songs, played = song_rows(folder, 2, 2.0), [*note_rows(folder), *hit_rows(folder)]
    kits = [row for row in kit_rows(folder, 2, 2.0) if row.label != "drums"]
    made: dict[int, dict[str, Any]] = {}

    def at(rate: int) -> dict[str, Any]:
        if rate not in made:
            made[rate] = {
                kind: AudioPool.from_manifest([r for r in rows if r.kind == kind], rate, (1.0,))
                for kind in ("speech", "noise", "rir")
            }
            made[rate]["stems"] = AudioPool.from_manifest(songs, rate, (1.0,))
            made[rate]["kits"] = AudioPool.from_manifest(kits, rate, (1.0,))
            made[rate]["arrangements"] = [
                arrangement_pool(played, "train", label, 0.05, rate, 0) for label in MUSIC
            ]
        return made[rate]

    return at


def mixer(config: Any, found: dict[str, Any]) -> Any:
    if isinstance(config, MixConfig):
        return Mixer(found["speech"], found["noise"], found["rir"], config)
    if isinstance(config, SpeakerMixConfig):
        return SpeakerMixer(found["speech"], found["noise"], config)
    if isinstance(config, KitMixConfig):
        return KitMixer(found["kits"], config)
    kinds = {kind: [found[kind]] for kind in ("speech", "noise", "stems")}
    return ClassMixer({**kinds, "arrangements": found["arrangements"]}, config)


def facts_of_mixture(config: Any, pools: Pools) -> str:
    batch = mixer(config, pools(config.sample_rate)).batch(0, ITEMS)
    values = (getattr(batch, field.name) for field in dataclasses.fields(batch))
    return digest(*(value for value in values if not isinstance(value, int | float)))


@pytest.mark.parametrize(
    ("config", "key"),
    [
        (config, key)
        for config in (DENOISE, CLASSES, KITS, SPEAKERS)
        for key in keys_of(type(config))
        if key != "hold_out"
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_key_changes_a_batch(config: Any, key: str, pools: Pools) -> None:
    before = facts_of_mixture(config, pools)
    assert before == facts_of_mixture(config, pools)
    changed = changes_of(config, key, TRIED)
    assert any(facts_of_mixture(other, pools) != before for other in changed)
