"""The audit log: every accepted event is stored here before it is delivered.

Read in this order: schema (tables, hash chain), writer (one thread, group commit), opening, checkpoint, reading,
recovery, verify.
"""
