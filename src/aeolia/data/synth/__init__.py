"""Single notes and drum hits: found, measured, split, and cut for training."""
