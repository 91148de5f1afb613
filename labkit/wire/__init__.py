"""The networking code: the room server, its HTTP side, the audit log, and the reconnecting client.

A message passes through connection -> hub -> order -> commit_queue -> fast.path -> send_queue. The packages fast,
audit, client and cluster describe their own modules.
"""
