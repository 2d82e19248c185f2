"""Runs systems over the sets of voices; scores of a clip are remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from aeolia.data.heldout.denoise import SAMPLE_RATE, HeldOutPair, set_hash
from aeolia.evaluation.scoring import score_audio
from benchmarks import say
from benchmarks.denoise.quality import (
    NOISY,
    ClipScores,
    Competitor,
    Scorer,
    our_system,
    peer_system,
    remembered,
    resampled,
)
from benchmarks.denoise.run import released_denoisers
from benchmarks.peers.folder import find_peers
from benchmarks.results import ClipSet, Results, provenance
from benchmarks.voices.scores import fricatives_kept_db, gap_share, kept_db, parts_kept_db
from benchmarks.voices.sets import draw_voices

__all__ = ["limited", "measure"]

_RATE = 16000
#: Dear to compute: of the first clips of a set alone. How many are lost asks for many clips.
_PERCEPTUAL, _HEARD = ("pesq_wb", "estoi"), 16
#: Counted up when a score's meaning changes.
_VERSION = 1


def limited(competitor: Competitor, limit_db: float) -> Competitor:
    """The same system with its attenuation limited: part of its input stays in its output."""
    share = 10 ** (-limit_db / 20)
    entry = replace(
        competitor.entry,
        name=f"{competitor.name} -a {limit_db:g}",
        key=f"{competitor.entry.key} limit {limit_db:g}",
    )

    def system(audio: np.ndarray, sample_rate: int) -> np.ndarray:
        return np.asarray(share * audio + (1 - share) * competitor.system(audio, sample_rate))

    return Competitor(entry, system)


def measure(
    data: Path,
    *,
    peers: Path | None,
    skip: Sequence[str],
    models: Sequence[str],
    limits_db: Sequence[float],
    split: str,
    clips: int,
    cache: Path,
) -> Results:
    """All scores.

    Args:
        data: a folder with manifest.csv and voices.csv.
        peers: folder of the peers' files; None compares with the input alone.
        skip: names of peers to leave out.
        models: names or files; the released ones if there are none.
        limits_db: attenuation limits with which each of the models is measured, too.
        split: "report", or "choose" to compare candidates.
        clips: of a set.
        cache: folder of remembered scores.

    Raises:
        AeoliaError: a wrong path, a folder that is no data, an unknown model.
    """
    everyone, missing = find_peers(peers) if peers else ([], ["peers: no folder was given"])
    there = [peer for peer in everyone if peer.name not in skip]
    missing += [f"{peer.name}: left out by --skip" for peer in everyone if peer.name in skip]
    ours = [our_system(name) for name in models or released_denoisers()]
    competitors = [NOISY, *map(peer_system, there), *ours]
    competitors += [limited(one, limit) for one in ours for limit in limits_db]
    say("drawing the voices")
    sets = draw_voices(data, split, clips=clips)
    return Results(
        page="voices",
        made=provenance(),
        systems=[one.entry for one in competitors],
        sets={name: ClipSet(set_hash(pairs), _facts(pairs)) for name, pairs in sets.items()},
        scores={
            name: {
                one.name: remembered(one, f"voices {_VERSION} {name}", pairs, cache, _scorer(name))
                for one in competitors
            }
            for name, pairs in sets.items()
        },
        details={"missing": missing, "split": split},
    )


def _facts(pairs: Sequence[HeldOutPair]) -> list[dict[str, object]]:
    return [
        {"name": one.name, "snr_db": one.snr_db, "speaker": one.speaker, "noise": one.noise}
        for one in pairs
    ]


def _scorer(set_name: str) -> Scorer:
    return _music if set_name == "music" else _voice


def _estimate(competitor: Competitor, pair: HeldOutPair) -> np.ndarray:
    return resampled(competitor.process(pair.noisy), competitor.entry.sample_rate, _RATE)


def _voice(competitor: Competitor, pair: HeldOutPair) -> ClipScores:
    reference = resampled(pair.reference, SAMPLE_RATE, _RATE)
    estimate = _estimate(competitor, pair)[: len(reference)]
    estimate = np.pad(estimate, (0, len(reference) - len(estimate)))
    kind, _, number = pair.name.rpartition("-")
    heard = kind == "languages" or int(number) < _HEARD
    names = ("si_sdr", *(_PERCEPTUAL if heard else ()))
    return {
        **dict.fromkeys(_PERCEPTUAL, float("nan")),
        **score_audio(reference, estimate, _RATE, names)[0],
        "kept_db": kept_db(reference, estimate, _RATE),
        "gap_share": gap_share(reference, estimate, _RATE),
        "fricatives_kept_db": fricatives_kept_db(reference, estimate, _RATE),
    }


def _music(competitor: Competitor, pair: HeldOutPair) -> ClipScores:
    reference = resampled(pair.reference, SAMPLE_RATE, _RATE)
    music = resampled(pair.noisy - pair.reference, SAMPLE_RATE, _RATE)
    speech_db, music_db = parts_kept_db(reference, music, _estimate(competitor, pair))
    return {"kept_db": speech_db, "music_db": music_db}
