"""What must hold. Pure: no asyncio, socket, clock or randomness of its own; `now` and `rng` are arguments.

Every module here can be read, tested and run on a virtual clock without a network.
"""
