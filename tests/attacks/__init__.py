"""Attacks on the web, tried one by one. Each file counts its probes; the end of the run prints the counts."""
