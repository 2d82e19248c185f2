"""The synthesisers: playing, unseen notes, likeness, transfer, shift."""
