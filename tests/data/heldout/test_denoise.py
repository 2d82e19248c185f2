"""Held-out pairs: the same each time, in balance, at their SNRs; nothing that training holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aeolia.data.corpus.manifest import read_manifest, write_manifest
from aeolia.data.heldout import denoise as heldout
from aeolia.errors import DataError
from made.corpora import held_out_corpus


def test_held_out_sets_are_repeatable_balanced_and_at_the_snr(tmp_path: Path) -> None:
    manifest = held_out_corpus(tmp_path, speakers=80, noises=40)
    sets = heldout.draw(manifest.parent, clips=10)
    again = heldout.draw(manifest.parent, clips=10)
    assert {n: heldout.set_hash(p) for n, p in sets.items()} == {
        n: heldout.set_hash(p) for n, p in again.items()
    }
    pairs = sets["mixtures"]
    assert sorted(pair.snr_db for pair in pairs) == sorted([*heldout.SNRS_DB] * 2)
    assert sum(pair.rt60_seconds is not None for pair in pairs) == 5
    for pair in pairs:
        if pair.rt60_seconds is None:
            noise = pair.noisy - pair.reference
            ratio = heldout.active_level(pair.reference) / heldout.active_level(noise)
            assert 20 * np.log10(ratio) == pytest.approx(pair.snr_db, abs=0.2)


def test_a_speaker_on_both_sides_stops_the_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(heldout, "recording_of", lambda row: "the same")
    with pytest.raises(DataError, match="held out and yet"):
        heldout.HeldOut(held_out_corpus(tmp_path, speakers=40, noises=20))


def test_too_few_held_out_speakers_are_said_so(tmp_path: Path) -> None:

    with pytest.raises(DataError, match="named speakers and .* are needed"):
        heldout.HeldOut(held_out_corpus(tmp_path, speakers=3, noises=2))


def test_a_set_holds_one_split_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = held_out_corpus(tmp_path, speakers=120, noises=60)
    with pytest.raises(DataError, match="held out as 'choose'.*aeolia data split"):
        heldout.HeldOut(manifest, "choose")
    rows = read_manifest(manifest)
    moved = {row.path for row in [row for row in rows if row.split == "report"][::2]}
    write_manifest(
        manifest, [replace(row, split="choose") if row.path in moved else row for row in rows]
    )
    # A few voices do here: what babble would need is not what this is about.
    monkeypatch.setattr(heldout, "_MOST_BABBLE", 1)
    sides = [heldout.HeldOut(manifest, split) for split in ("choose", "report")]
    voices, noises = (
        [set(getattr(side, kind)) for side in sides] for kind in ("speakers", "noises")
    )
    for first, second in (voices, noises):
        assert first and second and not first & second
