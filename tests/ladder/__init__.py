"""Tests of labkit/ladder."""
