"""Mirrors labkit/wire/http."""
