"""The audit log, which stores every accepted event before it is delivered.

Read the modules in this order: schema (tables, hash chain), writer (one thread, group commit), opening, checkpoint,
reading, recovery, verify.
"""
