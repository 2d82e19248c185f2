"""RESULTS.md: our released models and the peers on the same held-out clips, in one run."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from aeolia.data.heldout.denoise import draw, set_hash
from aeolia.metrics import choose_metrics
from aeolia.runtime.catalogue import find_model, load, released_models
from aeolia.runtime.released_file import open_released
from benchmarks import say
from benchmarks.denoise.metrics import FULL_BAND_RATE
from benchmarks.denoise.quality import NOISY, our_system, peer_system, score
from benchmarks.denoise.timing import measure_costs, measure_speed
from benchmarks.peers.folder import find_peers
from benchmarks.results import ClipSet, Results, provenance

__all__ = ["measure", "released_denoisers"]


def released_denoisers() -> list[str]:
    """Names of the released models that denoise."""
    models = released_models().items()
    return [name for name, path in models if open_released(path).config.task == "denoise"]


def measure(
    data: Path,
    *,
    peers: Path | None,
    skip: Sequence[str],
    models: Sequence[str],
    more: Sequence[str] = (),
    clips: int,
    speed: bool,
    long: bool,
    cache: Path,
) -> Results:
    """All scores, costs and times.

    Args:
        data: a folder with manifest.csv.
        peers: folder of the peers' files; None compares with the input alone.
        skip: names of peers to leave out.
        models: names or files; the released ones if there are none.
        more: names of metrics of the mixtures beside those of the page.
        clips: mixtures; the other sets have a fifth of it.
        speed: whether to measure times; `long` adds a file of one hour.
        cache: folder of remembered scores.

    Raises:
        AeoliaError: a wrong path, a folder that is no data, an unknown model.
    """
    models = models or released_denoisers()
    more = [one.name for one in choose_metrics(more)]  # an unknown one is an error now
    everyone, missing = find_peers(peers) if peers else ([], ["peers: no folder was given"])
    there = [peer for peer in everyone if peer.name not in skip]
    missing += [f"{peer.name}: left out by --skip" for peer in everyone if peer.name in skip]
    # Speed first: nothing else of this run has warmed or filled the machine yet.
    timing = measure_speed(models, there, long) if speed else None
    say("building the held-out sets")
    sets = draw(data, clips=clips)
    competitors = [NOISY, *map(peer_system, there), *map(our_system, models)]
    return Results(
        page="denoise",
        systems=[one.entry for one in competitors],
        sets={
            name: ClipSet(
                set_hash(pairs),
                [
                    {
                        "name": pair.name,
                        "snr_db": pair.snr_db,
                        "rt60_seconds": pair.rt60_seconds,
                        "speaker": pair.speaker,
                        "noise": pair.noise,
                    }
                    for pair in pairs
                ],
            )
            for name, pairs in sets.items()
        },
        scores={
            name: {
                one.name: score(one, name, pairs, cache, more if name == "mixtures" else ())
                for one in competitors
                if name != "fullband" or one.entry.sample_rate == FULL_BAND_RATE
            }
            for name, pairs in sets.items()
        },
        details={
            "missing": missing,
            "costs": [dataclasses.asdict(one) for one in measure_costs(models, there)],
            "timing": dataclasses.asdict(timing) if timing else None,
            "latency_ms": {
                find_model(model).stem: load(model, "denoise").config.latency_ms for model in models
            },
        },
        made=provenance(),
    )
