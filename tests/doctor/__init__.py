"""Tests of labkit/doctor: machines broken on purpose."""
