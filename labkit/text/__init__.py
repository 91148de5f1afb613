"""Helpers for human-readable text: decode files, suggest names, format numbers, and write to terminals."""
