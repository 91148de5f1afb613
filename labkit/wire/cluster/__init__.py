"""Rooms that several servers share, through a log that all of them read in the same order.

    publication -> log -> each server: seq, audit, members        every server uses the log's order
    presence, revocations, close codes                            are exchanged too, so that any server can take over

Start with `wire.cluster.order`. A single server uses none of this.
"""
