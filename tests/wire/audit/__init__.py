"""Mirrors labkit/wire/audit."""
