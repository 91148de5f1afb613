"""The rules over sockets: the room server, its HTTP side, the audit log, and the reconnecting client.

Read in the order a message travels: connection -> hub -> commit_queue -> connection.
"""
