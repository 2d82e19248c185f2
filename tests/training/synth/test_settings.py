"""Every key of a synthesiser's loss and notes changes the loss, the batches or the notes used."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
import torch

from aeolia.data.synth.batches import NoteBatch, NoteBatches
from aeolia.data.synth.mix_config import NoteMixConfig
from aeolia.training.synth.config import SynthLossConfig
from aeolia.training.synth.objective import SynthObjective
from aeolia.training.synth.task import gather_notes
from made.changes import changes_of, digest, keys_of
from made.tiny_notes import TINY_SYNTH, random_synth, tone

MIX = NoteMixConfig(crop_frames=16, least_notes=4)
#: Values to try before numbers near a key's own.
TRIED = {"held_out": [("reed",)]}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four notes of two instruments and five of another, 0.3 s each."""
    folder = tmp_path_factory.mktemp("notes")
    for name, decay, pitches in (("bell", 6.0, 4), ("reed", 0.2, 5), ("piano", 3.0, 4)):
        (folder / name).mkdir()
        for midi in range(52, 52 + 3 * pitches, 3):
            soundfile.write(folder / name / f"{name}_{midi:03d}.wav", tone(midi, 0.3, decay), 48000)
    return folder


def batch_of(notes: Path, mix: NoteMixConfig) -> tuple[list[str], NoteBatch]:
    """The notes that are trained on, as what they count, and a batch of them."""
    used = gather_notes(notes, TINY_SYNTH, mix).of("train")
    names = [f"{Path(note.file.path).name}: {note.file.instrument}" for note in used]
    return names, NoteBatches(used, TINY_SYNTH, mix).batch(0, 6)


def facts_of_notes(notes: Path, mix: NoteMixConfig) -> object:
    names, batch = batch_of(notes, mix)
    return names, digest(batch.audio, batch.crop_hz)


@pytest.mark.parametrize("key", keys_of(NoteMixConfig))
def test_a_key_of_the_notes_changes_what_is_learned_from(key: str, notes: Path) -> None:
    before = facts_of_notes(notes, MIX)
    assert before == facts_of_notes(notes, MIX)
    assert any(facts_of_notes(notes, other) != before for other in changes_of(MIX, key, TRIED))


@pytest.mark.parametrize("key", keys_of(SynthLossConfig))
def test_a_key_of_the_loss_changes_it(key: str, notes: Path) -> None:
    batch, base = batch_of(notes, MIX)[1], SynthLossConfig()
    model = random_synth()

    @torch.no_grad()
    def losses(config: SynthLossConfig) -> list[float]:
        objective = SynthObjective(config, TINY_SYNTH, 0)
        return [float(objective(model, batch, step)[0]) for step in (0, 150)]

    before = losses(base)
    assert before == losses(base)
    assert any(losses(other) != before for other in changes_of(base, key, {}))
