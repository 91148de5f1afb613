"""Tests of labkit.team."""
