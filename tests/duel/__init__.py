"""Tests of labkit.duel."""
