"""Is what was said lost, or said twice?"""
