"""All stages of a recipe: their plan, their recordings, their folder, their runs in a row."""
