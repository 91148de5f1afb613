"""Tests of labkit.bench."""
