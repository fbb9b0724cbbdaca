"""Measured speed: each figure is a ratio to a named baseline that is timed in the same run, turn by turn."""
