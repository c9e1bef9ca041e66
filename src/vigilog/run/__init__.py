"""The watchman: `vigilog run`, from its start to its end, and what can be asked of it."""
