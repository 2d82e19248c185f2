"""The search for a better recipe: a space of its keys, a study of trials, a report (Optuna)."""
