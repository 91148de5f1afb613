"""Torture: servers are killed, lines are torn, and then somebody counts what was lost. Begin with `run`."""
