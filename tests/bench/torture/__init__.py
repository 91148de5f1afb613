"""Tests of labkit.bench.torture."""
