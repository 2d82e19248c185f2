"""Pitch: MIDI numbers against known notes, features that separate notes and stay of one size."""

from __future__ import annotations

import torch

from aeolia.nn.pitch import N_PITCH_FEATURES, hz_to_midi, midi_to_hz, pitch_features


def test_known_notes() -> None:
    hz = torch.tensor([440.0, 880.0, 261.6256, 27.5])
    midi = torch.tensor([69.0, 81.0, 60.0, 21.0])
    torch.testing.assert_close(hz_to_midi(hz), midi)
    torch.testing.assert_close(midi_to_hz(midi), hz)
    assert hz_to_midi(torch.tensor([0.0])).isfinite().all()


def test_features_differ_between_notes_and_are_of_unit_order() -> None:
    features = pitch_features(torch.arange(21.0, 109.0))
    assert features.shape == (88, N_PITCH_FEATURES)
    assert features.abs().max() < 1.1
    distance = torch.cdist(features, features) + torch.eye(88)
    assert distance.min() > 0.02
