"""Examine a machine before a lesson: what is missing for the course, and what to do about it.

Nothing here imports a third-party library at the top, because a missing library is one of the faults to report.
"""
