"""Experiments with a running server: launch it, load it, measure it, break it."""
