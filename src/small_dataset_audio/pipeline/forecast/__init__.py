"""What a run will need, and how far off that was: from the run logs, the machine profile, and what stages declare."""
