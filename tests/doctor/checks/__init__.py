"""Tests of the checks of `labkit doctor`."""
