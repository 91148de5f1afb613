"""Is every message judged by type, size and content?"""
