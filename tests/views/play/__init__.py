"""Tests of labkit.views.play."""
