"""What a network does to bytes, on demand: a TCP proxy that runs chains of faults, by connection and direction.

    async with Proxy("ws://127.0.0.1:8080") as proxy:
        proxy.set(down=[Latency(seconds=0.2), Slice()])

Bytes: Pass, Latency, Jitter, Throttle, Stall, Dribble, Slice, Die, Reset, HalfClose, Blackhole.
WebSocket frames: PongMute, CloseIgnorer, Duplicate, Reorder, NeverRead; and After, which begins any fault later.
Nothing here knows what the frames say. Read `noop` first, then `fault`, then `line`.
"""

from labkit.faults.after import After
from labkit.faults.blackhole import Blackhole
from labkit.faults.catalogue import FAULTS
from labkit.faults.close_ignorer import CloseIgnorer
from labkit.faults.die import Die
from labkit.faults.dribble import Dribble
from labkit.faults.duplicate import Duplicate
from labkit.faults.fault import Fault
from labkit.faults.half_close import HalfClose
from labkit.faults.jitter import Jitter
from labkit.faults.latency import Latency
from labkit.faults.never_read import NeverRead
from labkit.faults.noop import Pass
from labkit.faults.passage import Traffic
from labkit.faults.pong_mute import PongMute
from labkit.faults.proxy import Proxy
from labkit.faults.reorder import Reorder
from labkit.faults.reset import Reset
from labkit.faults.schedule import Schedule
from labkit.faults.slice import Slice
from labkit.faults.stall import Stall
from labkit.faults.throttle import Throttle

__all__ = [
    "FAULTS",
    "After",
    "Blackhole",
    "CloseIgnorer",
    "Die",
    "Dribble",
    "Duplicate",
    "Fault",
    "HalfClose",
    "Jitter",
    "Latency",
    "NeverRead",
    "Pass",
    "PongMute",
    "Proxy",
    "Reorder",
    "Reset",
    "Schedule",
    "Slice",
    "Stall",
    "Throttle",
    "Traffic",
]
