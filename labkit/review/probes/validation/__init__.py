"""Is every message validated by type, size and content?"""
