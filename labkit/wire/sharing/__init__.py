"""Rooms that several servers share, through a log that all of them read in the same order.

    publication -> log -> each server: seq, audit, members        the log's order is the order, on every server
    who is in, who is revoked, how connections ended              travel too, so that any server can go on

Begin with `wire.sharing.hub`. A server alone uses none of this. Taught in notebook 10 (beyond one process).
"""
