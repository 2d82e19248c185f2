"""Whether what `aeolia tune` found holds: against the recipe, at equal steps, over seeds."""
