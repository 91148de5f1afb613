"""Differences between operating systems, and the errors that they report."""
