"""Delivery is not an audit log: what is accepted is stored here before anybody is told. Lesson: notebook 08 (audit).

Read in this order: writer (one thread, group commit), file (tables and hash chain), opening, checkpoint, past, verify.
"""
