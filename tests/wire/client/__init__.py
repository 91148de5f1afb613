"""Mirrors labkit/wire/client."""
