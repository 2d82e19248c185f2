"""Fixed pairs of noisy and clean recordings for validation and benchmarks.

Pairs come from the split `choose` unless another is named, through the same mixer as training, at
chosen SNRs, and are the same on every machine for one seed. On disk:

    OUT/noisy/NAME.wav   OUT/clean/NAME.wav   OUT/pairs.csv (what each pair holds)
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
import soundfile

from aeolia.data.corpus.manifest import Row
from aeolia.data.denoise.mix_config import MixConfig
from aeolia.data.denoise.mixer import Mixer, Plan
from aeolia.data.pool import AudioPool
from aeolia.errors import DataError
from aeolia.files import new_folder, not_written

__all__ = ["ValidationPair", "PairInfo", "pair_config", "validation_pairs", "write_pairs"]

#: Pairs are rendered a few at a time to bound memory.
_CHUNK = 8


@dataclass(frozen=True)
class PairInfo:
    """What a pair holds. Names join source and label by a slash, several noises by a plus."""

    name: str
    snr_db: float
    speaker: str
    noise: str
    room: str
    rt60_seconds: float
    level_dbfs: float
    bandwidth_hz: float
    sample_rate: int
    seconds: float


@dataclass(frozen=True)
class ValidationPair:
    """noisy and reference [T] float32, and their description."""

    noisy: np.ndarray
    reference: np.ndarray
    info: PairInfo


def pair_config(
    sample_rate: int = 16000, seconds: float = 5.0, reverb: float = 0.0, seed: int = 1000
) -> MixConfig:
    """Mixtures fit to be judged by reference metrics: additive noise, and rooms if requested."""
    return MixConfig(
        seed=seed,
        sample_rate=sample_rate,
        crop_seconds=seconds,
        level_dbfs=(-32.0, -20.0),
        noise_only=0.0,
        clean_only=0.0,
        recorded=0.85,
        coloured=0.0,
        gaussian=0.0,
        babble=0.15,
        tones=0.0,
        hum=0.0,
        reverb=reverb,
        measured_rooms=0.0,
        rt60_seconds=(0.3, 0.9),
        equaliser=0.0,
        band_limit=0.0,
        clipping=0.0,
        packet_loss=0.0,
        salt_and_pepper=0.0,
    )


def validation_pairs(
    rows: Sequence[Row],
    n: int = 60,
    snrs_db: Sequence[float] = (-5.0, 0.0, 5.0, 10.0, 15.0),
    config: MixConfig | None = None,
    split: str = "choose",
) -> Iterator[ValidationPair]:
    """`n` pairs from the rows of `split`, the SNRs in turn; infinity is no noise at all.

    Raises:
        DataError: the split has no speech, or no noise although the config asks for some.
    """
    config = config or pair_config()
    pools = {}
    for kind in ("speech", "noise", "rir"):
        chosen = [row for row in rows if row.kind == kind and row.split == split]
        if not chosen and (kind == "speech" or (kind == "noise" and config.recorded > 0.0)):
            raise DataError(f"the {split} split holds no {kind}; scan a larger folder or add some")
        if chosen:
            pools[kind] = AudioPool.from_manifest(chosen, config.sample_rate, speeds=(1.0,))
    mixer = Mixer(pools["speech"], pools.get("noise"), pools.get("rir"), config)
    for begin in range(0, n, _CHUNK):
        indices = range(begin, min(n, begin + _CHUNK))
        plans = [mixer.plan(0, i, snr_db=snrs_db[i % len(snrs_db)]) for i in indices]
        batch = mixer.render(plans)
        for i, plan, noisy, reference, reach in zip(
            indices, plans, batch.noisy, batch.reference, batch.bandwidth_hz, strict=True
        ):
            info = _info(i, plan, mixer, pools, config)
            info = replace(info, bandwidth_hz=round(float(reach), 1))
            yield ValidationPair(noisy.numpy(), reference.numpy(), info)


def _info(
    index: int, plan: Plan, mixer: Mixer, pools: dict[str, AudioPool], config: MixConfig
) -> PairInfo:
    def named(pool: AudioPool, item: int) -> str:
        row = pool.row(item)
        return f"{row.source}/{row.label or Path(row.path).stem}"

    noises = []
    for noise in plan.noises:
        if noise.kind == "recorded":
            noises.append(named(pools["noise"], noise.crops[0][0].item))
        elif noise.kind == "babble":
            noises.append(f"babble of {len(noise.crops)}")
        else:
            noises.append(noise.kind)
    return PairInfo(
        name=f"{index:04d}_{plan.snr_db:+.0f}dB",
        snr_db=plan.snr_db,
        speaker=named(pools["speech"], plan.speech[0].item),
        noise="+".join(noises),
        room=plan.room_name,
        rt60_seconds=round(plan.rt60_seconds, 3),
        level_dbfs=round(plan.level_dbfs, 2),
        bandwidth_hz=0.0,
        sample_rate=config.sample_rate,
        seconds=config.crop_seconds,
    )


def write_pairs(
    folder: str | os.PathLike[str],
    rows: Sequence[Row],
    n: int = 60,
    snrs_db: Sequence[float] = (-5.0, 0.0, 5.0, 10.0, 15.0),
    config: MixConfig | None = None,
    split: str = "choose",
) -> list[PairInfo]:
    """Write `validation_pairs` as 16-bit WAV with a pairs.csv; the folder appears when complete.

    Raises:
        DataError: `folder` exists and is not empty, cannot be written, or rows are missing.
    """
    infos = []
    try:
        with new_folder(folder) as partial:
            for part in ("noisy", "clean"):
                (partial / part).mkdir()
            for pair in validation_pairs(rows, n, snrs_db, config, split):
                for part, audio in (("noisy", pair.noisy), ("clean", pair.reference)):
                    path = partial / part / f"{pair.info.name}.wav"
                    soundfile.write(path, audio, pair.info.sample_rate, subtype="PCM_16")
                infos.append(pair.info)
            with (partial / "pairs.csv").open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, [field.name for field in fields(PairInfo)])
                writer.writeheader()
                writer.writerows(asdict(info) for info in infos)
    except FileExistsError:
        raise DataError(f"{folder} exists already; name a new folder for the pairs") from None
    except (OSError, soundfile.SoundFileError) as error:
        raise DataError(not_written(folder, error)) from error
    return infos
