"""Reconnect storms: a thousand clients lose their server at once, with real sockets or in a simulation.

Read `run` first. `policies` decides when each client reconnects; `virtual` and `real` run the storm; `tally` counts.
`hashing_server` is a server that such a storm kills, and `collapse` shows that it does.
"""
