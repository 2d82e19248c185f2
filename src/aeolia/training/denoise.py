"""A denoising run from recordings to weights: gather data, say what was found, train.

This is what `aeolia train denoise` does; call `train_denoiser` for the same from Python.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from aeolia.config import ModelConfig, config_from_dict
from aeolia.data.cache import AudioPool
from aeolia.data.corpus import load_rows
from aeolia.data.manifest import Row
from aeolia.data.mixtures import MixConfig, Mixer
from aeolia.errors import DataError, TrainingError
from aeolia.models.autoencoder import DenoisingAutoencoder
from aeolia.models.checkpoint import transplant
from aeolia.training.config import TrainConfig
from aeolia.training.loop import Progress, train
from aeolia.training.objective import DenoiseObjective
from aeolia.training.processes import Processes
from aeolia.training.run_folder import RunFolder
from aeolia.training.validation import Validation

__all__ = ["Recordings", "gather", "resume_denoiser", "train_denoiser"]

#: Steps timed before a run to say how long it will take, after some that warm up.
_WARM_STEPS, _TIMED_STEPS = 2, 4

Say = Callable[[str], None]


@dataclass(frozen=True)
class Recordings:
    """The recordings of a run, split into train and valid."""

    speech: list[Row]
    noise: list[Row]
    rirs: list[Row]

    def pools(self, split: str, sample_rate: int, speeds: Sequence[float]) -> list[Any]:
        """Decoded pools of speech, noise and rooms; None where there are no recordings."""
        pools: list[AudioPool | None] = []
        for rows, used in ((self.speech, speeds), (self.noise, speeds), (self.rirs, (1.0,))):
            chosen = [row for row in rows if row.split == split]
            pools.append(
                AudioPool.from_manifest(chosen, sample_rate, speeds=used) if chosen else None
            )
        return pools

    def in_words(self) -> list[str]:
        """What was found, one line a kind."""
        lines = []
        for name, rows in (("speech", self.speech), ("noise", self.noise), ("rooms", self.rirs)):
            for split in ("train", "valid"):
                chosen = [row for row in rows if row.split == split]
                labels = len({(row.source, row.label) for row in chosen})
                minutes = sum(row.seconds for row in chosen) / 60.0
                if chosen:
                    lines.append(
                        f"{name:6} {split}: {len(chosen)} recordings, {minutes:.1f} minutes, "
                        f"{labels} labels"
                    )
        return lines


def gather(
    speech: Path, noise: Path | None, rirs: Path | None, seed: int = 0
) -> Recordings:
    """Recordings from folders or manifests, those whose licence forbids release left out.

    Raises:
        DataError: there is no speech to train or to validate on.
    """
    found = {
        kind: load_rows(path, kind, seed)[0] if path is not None else []
        for kind, path in (("speech", speech), ("noise", noise), ("rir", rirs))
    }
    recordings = Recordings(found["speech"], found["noise"], found["rir"])
    for split in ("train", "valid"):
        if not any(row.split == split for row in recordings.speech):
            raise DataError(
                f"{speech} leaves no speech to {split} on ({len(recordings.speech)} recordings "
                "in all); give recordings of at least two speakers, or two files"
            )
    return recordings


def train_denoiser(
    model_config: ModelConfig,
    config: TrainConfig,
    mix: MixConfig,
    data: dict[str, str | None],
    out: Path,
    minutes: float | None = None,
    start_from: dict[str, torch.Tensor] | None = None,
    say: Say = print,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> DenoisingAutoencoder:
    """Train a denoiser into the folder `out`.

    Args:
        data: "speech", "noise" and "rirs": a folder or a manifest each, or None.
        minutes: choose the number of steps so that the run takes about this long.
        start_from: weights to fine-tune, of the same layers and as many bands or fewer.

    Raises:
        DataError, TrainingError: the data cannot be used; `out` already holds a run.
    """
    processes = Processes.from_environment()
    folder = RunFolder(out, writes=processes.rank == 0)
    say, watch = (say, watch) if folder.writes else (_ignore, _ignore)
    if folder.state_path.exists() and folder.writes:
        raise TrainingError(
            f"{out} already holds a run; go on with --resume, or choose another --out"
        )
    torch.manual_seed(config.seed)
    model = DenoisingAutoencoder(model_config).to(processes.device())
    if start_from is not None:
        transplant(model, start_from)
    recordings = _gather(data, config, say)
    folder.create()
    mixer = _mixer(recordings, "train", mix, model_config.sample_rate, processes)
    seconds = _seconds_per_step(model, config, mixer, processes)
    if minutes is not None:
        config = dataclasses.replace(config, steps=max(20, round(60.0 * minutes / seconds)))
    folder.write_settings(
        {
            "model": dataclasses.asdict(model_config),
            "train": dataclasses.asdict(config),
            "mix": dataclasses.asdict(mix),
            "data": data,
        }
    )
    _announce(model, config, mix, seconds, say)
    return _run(model, config, mix, recordings, mixer, folder, processes, watch, resume=False)


def resume_denoiser(
    out: Path,
    steps: int | None = None,
    say: Say = print,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> DenoisingAutoencoder:
    """Go on with the run in `out`, bit for bit; `steps` lengthens or shortens it.

    Raises:
        TrainingError: the folder holds no run, or its last state is damaged.
    """
    processes = Processes.from_environment()
    folder = RunFolder(out, writes=processes.rank == 0)
    say, watch = (say, watch) if folder.writes else (_ignore, _ignore)
    settings = folder.read_settings()
    config = config_from_dict(TrainConfig, settings["train"])
    if steps is not None:
        config = dataclasses.replace(config, steps=steps)
        folder.write_settings({**settings, "train": dataclasses.asdict(config)})
    mix = config_from_dict(MixConfig, settings["mix"])
    model = DenoisingAutoencoder(config_from_dict(ModelConfig, settings["model"]))
    model = model.to(processes.device())
    recordings = _gather(settings["data"], config, say)
    mixer = _mixer(recordings, "train", mix, model.config.sample_rate, processes)
    return _run(model, config, mix, recordings, mixer, folder, processes, watch, resume=True)


def _ignore(_: Any) -> None:
    """Only the first of several processes talks."""


def _gather(data: dict[str, str | None], config: TrainConfig, say: Say) -> Recordings:
    paths = {name: Path(path) if path else None for name, path in data.items()}
    speech = paths["speech"]
    if speech is None:
        raise DataError("no speech was given; name a folder or a manifest with --speech")
    recordings = gather(speech, paths.get("noise"), paths.get("rirs"), config.seed)
    for line in recordings.in_words():
        say(line)
    return recordings


def _mixer(
    recordings: Recordings, split: str, mix: MixConfig, sample_rate: int, processes: Processes
) -> Mixer:
    speeds = (0.9, 1.0, 1.1) if split == "train" else (1.0,)
    speech, noise, rirs = recordings.pools(split, sample_rate, speeds)
    if noise is None and mix.recorded > 0.0:
        mix = dataclasses.replace(mix, recorded=0.0)
    return Mixer(speech, noise, rirs, mix, processes.device())


def _seconds_per_step(
    model: DenoisingAutoencoder, config: TrainConfig, mixer: Mixer, processes: Processes
) -> float:
    """Time of one step, mixing included, on a copy of the model; the same in all processes."""
    twin = DenoisingAutoencoder(model.config).to(next(model.parameters()).device)
    objective = DenoiseObjective(config, model.config)
    seconds = []
    for step in range(_WARM_STEPS + _TIMED_STEPS):
        started = time.perf_counter()
        batch = mixer.batch(step, config.batch_size, processes.rank, processes.world)
        loss, _ = objective(twin, batch, step)
        loss.backward()
        seconds.append(time.perf_counter() - started)
    # Processes that chose different numbers of steps would wait for each other for ever.
    return processes.mean({"seconds": statistics.median(seconds[_WARM_STEPS:])})["seconds"]


def _announce(
    model: DenoisingAutoencoder, config: TrainConfig, mix: MixConfig, seconds: float, say: Say
) -> None:
    parameters = sum(parameter.numel() for parameter in model.parameters())
    hours = config.steps * config.batch_size * mix.crop_seconds / 3600.0
    say(
        f"{model.config.name}: {parameters / 1e3:.0f} k parameters; {config.steps} steps of "
        f"{config.batch_size} x {mix.crop_seconds:g} s ({hours:.1f} hours of mixtures), "
        f"about {config.steps * seconds / 60.0:.0f} minutes at {1e3 * seconds:.0f} ms a step"
    )


def _run(
    model: DenoisingAutoencoder,
    config: TrainConfig,
    mix: MixConfig,
    recordings: Recordings,
    mixer: Mixer,
    folder: RunFolder,
    processes: Processes,
    watch: Callable[[Progress], None],
    resume: bool,
) -> DenoisingAutoencoder:
    held_out = dataclasses.replace(mix, seed=mix.seed + 1, noise_only=0.0, clean_only=0.0)
    validation = (
        Validation(
            _mixer(recordings, "valid", held_out, model.config.sample_rate, processes),
            config.validation_clips,
        )
        if folder.writes and config.validation_clips
        else None
    )
    model.mixed_precision = processes.device().type == "cuda"
    trained = train(model, config, mixer, folder, validation, watch, resume, processes)
    folder.write_card(_card(trained, config, mix, recordings, folder))
    return trained


def _card(
    model: DenoisingAutoencoder,
    config: TrainConfig,
    mix: MixConfig,
    recordings: Recordings,
    folder: RunFolder,
) -> str:
    """A model card of what this run knows: structure, data, length, scores."""
    scores = folder.last_line("validation")
    hours = config.steps * config.batch_size * mix.crop_seconds / 3600.0
    parameters = sum(parameter.numel() for parameter in model.parameters())
    sources = sorted({row.source for row in (*recordings.speech, *recordings.noise) if row.source})
    lines = [
        f"# {model.config.name}",
        "",
        f"Denoising autoencoder, {model.config.sample_rate} Hz, {parameters / 1e3:.0f} k "
        f"parameters, latency {model.config.latency_ms:g} ms.",
        "",
        f"Trained for {config.steps} steps of {config.batch_size} x {mix.crop_seconds:g} s "
        f"({hours:.1f} hours of mixtures) with seed {config.seed} on:",
        "",
        *(f"- {line}" for line in recordings.in_words()),
    ]
    if sources:
        lines += ["", f"Sources: {', '.join(sources)}."]
    if scores:
        figures = ", ".join(f"{name} {value}" for name, value in scores.items() if name != "step")
        count = config.validation_clips
        lines += ["", f"Held-out mixtures at -5 to 15 dB (N = {count}): {figures}."]
    return "\n".join(lines) + "\n"
