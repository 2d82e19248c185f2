"""Many files: which ones (`plan`), and running over them (`run`)."""
