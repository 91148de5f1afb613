"""Tests of labkit.written_tests."""
