"""Torture: kill servers and break connections under load, then count what was lost. Read `run` first."""
