"""Several servers that share rooms, through a log that all of them read in the same order.

    message -> log -> each server: seq, audit, members        every server uses the log's order
    presence, revocations, close codes                        also exchanged, so that any server can take over

Start reading at `wire.cluster.order`. A single server uses none of this.
"""
