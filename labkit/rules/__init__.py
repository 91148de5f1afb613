"""The protocol's rules as pure code: no asyncio, no sockets, no clock, no randomness. Callers pass `now` and `rng`.

So every module here can be read and tested without a network, on a virtual clock.
"""
