"""Explain why a connection ended: merge the records of both ends by time, and find the cause."""
