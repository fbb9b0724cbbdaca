"""Threads by the API: the same door, one operation per step."""
