"""Reconnect storms: a thousand clients lose their server at once. The same policies run with real sockets or virtually.

Begin with `run`. `policies` decides when each client reconnects; `virtual` and `real` run the storm; `tally` counts.
"""
