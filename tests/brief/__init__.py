"""Tests of labkit.brief."""
