"""The rules over sockets: the room server, its HTTP side, the audit log, and the reconnecting client.

Read in the order a message travels: connection -> incoming -> hub -> commit_queue -> fast.path -> outgoing. The
folders fast, audit, client and http each begin with an order of their own.
"""
