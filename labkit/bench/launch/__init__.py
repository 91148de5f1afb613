"""Servers for a notebook, started, watched and stopped with it. Begin with `lab`."""
