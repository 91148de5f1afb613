"""Tests that need a browser or Node: what a person would see."""
