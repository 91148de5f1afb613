"""Experiments in one expression: `lab.play(...)` plays what happens to a room's members, and returns a recording.

Read `stage` for how it is played, `recording` for what comes back, and `actions` for what can happen to a member.
"""
