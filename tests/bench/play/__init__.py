"""Tests of the played experiments."""
