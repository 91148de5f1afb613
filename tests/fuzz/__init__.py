"""Fuzzing: inputs that nobody would send, by the million. `python -m tests.fuzz --inputs 1000000`."""
