"""Torture: kill servers and break connections under load, then count what was lost. Begin with `run`."""
