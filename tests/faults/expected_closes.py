"""What each fault looks like from both ends: the server's close code, the client's close code, and the cause.

The server's code is the true one. The client's is what got through the fault: often 1006, because the close frame is
stuck behind the same fault; the cause then arrives as `previousClose` when the client has reconnected. Valid for LIMITS
and GIVE_UP_S, which are the defaults, shortened.
"""

from dataclasses import dataclass
from enum import Enum

from labkit.faults import (
    After,
    Blackhole,
    CloseIgnorer,
    Die,
    Dribble,
    Duplicate,
    Fault,
    HalfClose,
    Jitter,
    Latency,
    NeverRead,
    Pass,
    PongMute,
    Reorder,
    Reset,
    Slice,
    Stall,
    Throttle,
)
from labkit.rules.limits import Limits

LIMITS = Limits(
    auth_timeout_s=1.0,
    ping_interval_s=3.0,  # an outbox is full long before, so that the first cause is always the same
    ping_timeout_s=0.8,
    close_deadline_s=0.3,
    outbox_age_s=0.7,
    send_buffer_bytes=16 * 1024,  # with less, delayed ACKs alone make a healthy member slow
)
GIVE_UP_S = 1.5  # the client's timeout, well above the server's: the side that gives up first decides the cause


class When(Enum):
    """What is going on when the fault begins."""

    AUTH = "before auth"  # from the first byte of the connection
    IDLE = "idle"  # joined, no messages
    TRAFFIC = "under traffic"  # joined, and others publish 3 KB 25 times per second


@dataclass(frozen=True)
class Expected:
    """One row: close codes at both ends, None for a connection that stays open, and the later previousClose."""

    name: str
    when: When
    server: int | None
    client: int | None
    previous_close: int | None
    because: str
    up: tuple[Fault, ...] = ()
    down: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}, {self.when.value}: {self.server}, {self.client}: {self.because}"


def _stays_open(
    name: str, when: When, because: str, up: tuple[Fault, ...] = (), down: tuple[Fault, ...] = ()
) -> Expected:
    return Expected(name, when, None, None, None, because, up, down)


_AUTH, _IDLE, _TRAFFIC = When.AUTH, When.IDLE, When.TRAFFIC
_LATE = "auth arrived too late"
_MUTE = "the pong never arrived"
_UNREACHED = "neither the ping nor the close frame arrived"
_SLOW = "events piled up, and the close frame behind them"
_CUT = "the connection ended without a close frame"

EXPECTED: tuple[Expected, ...] = (
    # Nothing is lost and little is late: no close
    _stays_open("pass", _TRAFFIC, "nothing happens", (Pass(),), (Pass(),)),
    _stays_open("latency", _TRAFFIC, "everything arrives, later", (Latency(0.05),), (Latency(0.05),)),
    _stays_open("jitter", _TRAFFIC, "everything arrives, in order", (Jitter(0.05),), (Jitter(0.05),)),
    _stays_open("slice", _TRAFFIC, "packet borders mean nothing", (Slice(),), (Slice(most_bytes=6000),)),
    _stays_open("duplicate", _TRAFFIC, "requestId and seq identify the second copy", (Duplicate(),), (Duplicate(),)),
    _stays_open("reorder", _IDLE, "pings and pongs pass, and nothing else is sent", (Reorder(),), (Reorder(),)),
    _stays_open("short stall", _IDLE, "shorter than the ping timeout", down=(Stall(seconds=0.1),)),
    # Before auth: the server waits auth_timeout_s, and no longer
    Expected("dribble up", _AUTH, 4401, 4401, None, _LATE, up=(After(Dribble(0.05)),)),
    Expected("stall up", _AUTH, 4401, 4401, None, _LATE, up=(After(Stall()),)),
    Expected("blackhole up", _AUTH, 4401, 4401, None, _LATE, up=(After(Blackhole()),)),
    Expected("throttle up", _AUTH, 4401, 4401, None, _LATE, up=(After(Throttle(bytes_per_s=20)),)),
    # Silence: the heartbeat
    Expected("pong-mute up", _IDLE, 4408, 4408, 4408, _MUTE, up=(PongMute(),)),
    Expected("stall up", _IDLE, 4408, 4408, 4408, _MUTE, up=(Stall(),)),
    Expected("blackhole up", _IDLE, 4408, 4408, 4408, _MUTE, up=(Blackhole(),)),
    Expected("latency down", _IDLE, 4408, 4408, 4408, "the pong arrived too late", down=(Latency(1.2),)),
    Expected("stall down", _IDLE, 4408, 1006, 4408, _UNREACHED, down=(Stall(),)),
    Expected("stall both", _IDLE, 4408, 1006, 4408, _UNREACHED, (Stall(),), (Stall(),)),
    Expected("blackhole down", _IDLE, 4408, 1006, 4408, _UNREACHED, down=(Blackhole(),)),
    Expected("never-read down", _IDLE, 4408, 1006, 4408, _UNREACHED, down=(NeverRead(),)),
    Expected(
        "close-ignorer down",
        _IDLE,
        4408,
        1006,
        4408,
        "the close frame did not arrive",
        (PongMute(),),
        (CloseIgnorer(),),
    ),
    # A full outbox: bytes, or age
    Expected("stall down", _TRAFFIC, 1013, 1006, 1013, _SLOW, down=(Stall(),)),
    Expected("never-read down", _TRAFFIC, 1013, 1006, 1013, _SLOW, down=(NeverRead(),)),
    Expected("throttle down", _TRAFFIC, 1013, 1006, 1013, _SLOW, down=(Throttle(bytes_per_s=10_000),)),
    Expected("stall both", _TRAFFIC, 1013, 1006, 1013, _SLOW, (Stall(),), (Stall(),)),
    # The end of TCP
    Expected("reset", _IDLE, 1006, 1006, 1006, _CUT, down=(Reset(),)),
    Expected("reset", _TRAFFIC, 1006, 1006, 1006, _CUT, down=(Reset(after_bytes=5000),)),
    Expected("death down", _IDLE, 1006, 1006, 1006, _CUT + ", in the middle of a frame", down=(Die(),)),
    Expected("death up", _IDLE, 1006, 1006, 1006, _CUT + ", in the middle of a frame", up=(Die(),)),
    Expected("half-close down", _IDLE, 1006, 1006, 1006, "the client took FIN for the end", down=(HalfClose(),)),
    Expected("half-close up", _IDLE, 1006, 1006, 1006, "the server took FIN for the end", up=(HalfClose(),)),
)
