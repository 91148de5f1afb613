"""The rules applied to sockets: the room server, its HTTP side, the audit log, and the reconnecting client.

A message travels connection -> hub -> order -> commit_queue -> fast.path -> send_queue. The packages fast, audit,
client and cluster list their own modules.
"""
