"""What each fault looks like from both ends: the close code at the server, the one at the client, and the cause.

    for row in EXPECTED: print(row)

The server's code is the truth of the matter. The client's is what got through the fault: often 1006, as the close frame
is stuck behind the same fault; the cause then comes back as `previousClose` when the client has reconnected.
Valid for LIMITS and GIVE_UP_S, which are the defaults made short. Read by tests and by notebooks 05, 06 and 08.
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
    ping_interval_s=3.0,  # an outbox is full long before: whoever is first writes the cause, and must not be chance
    ping_timeout_s=0.8,
    close_deadline_s=0.3,
    outbox_age_s=0.7,
    send_buffer_bytes=16 * 1024,  # with less, delayed ACKs alone make a healthy member slow
)
GIVE_UP_S = 1.5  # the client's patience, well above the server's: whoever gives up first writes the cause


class When(Enum):
    """What is going on when the fault begins."""

    AUTH = "before auth"  # from the first byte of the connection
    IDLE = "idle"  # joined, and nobody says anything
    TRAFFIC = "under traffic"  # joined, and others say 3 KB 25 times a second


@dataclass(frozen=True)
class Expected:
    """One row. Codes are close codes, None for a connection that lives on; `told` is the previousClose later."""

    name: str
    when: When
    server: int | None
    client: int | None
    told: int | None
    because: str
    up: tuple[Fault, ...] = ()
    down: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        codes = "lives on" if self.server is None else f"server {self.server}, client {self.client}, told {self.told}"
        return f"{self.name}, {self.when.value}: {codes}: {self.because}"


def _lives(name: str, when: When, because: str, up: tuple[Fault, ...] = (), down: tuple[Fault, ...] = ()) -> Expected:
    return Expected(name, when, None, None, None, because, up, down)


_AUTH, _IDLE, _TRAFFIC = When.AUTH, When.IDLE, When.TRAFFIC
_LATE = "the auth was not there in time"
_MUTE = "the pong never came back"
_UNHEARD = "the ping never arrived, so no pong came back, nor did the close frame arrive"
_SLOW = "what was said piled up, and the close frame behind it"
_CUT = "the connection ended without a close frame"

EXPECTED: tuple[Expected, ...] = (
    # Nothing is lost and little is late: no close
    _lives("pass", _TRAFFIC, "nothing happens", (Pass(),), (Pass(),)),
    _lives("latency", _TRAFFIC, "everything arrives, later", (Latency(0.05),), (Latency(0.05),)),
    _lives("jitter", _TRAFFIC, "everything arrives, in order", (Jitter(0.05),), (Jitter(0.05),)),
    _lives("slice", _TRAFFIC, "where packets begin means nothing", (Slice(),), (Slice(most_bytes=6000),)),
    _lives("duplicate", _TRAFFIC, "requestId and seq tell the second from the first", (Duplicate(),), (Duplicate(),)),
    _lives("reorder", _IDLE, "pings and pongs pass, and nothing else is said", (Reorder(),), (Reorder(),)),
    _lives("short stall", _IDLE, "shorter than a ping may take", down=(Stall(seconds=0.1),)),
    # Before auth: the server waits auth_timeout_s, and no longer
    Expected("dribble up", _AUTH, 4401, 4401, None, _LATE, up=(After(Dribble(0.05)),)),
    Expected("stall up", _AUTH, 4401, 4401, None, _LATE, up=(After(Stall()),)),
    Expected("blackhole up", _AUTH, 4401, 4401, None, _LATE, up=(After(Blackhole()),)),
    Expected("throttle up", _AUTH, 4401, 4401, None, _LATE, up=(After(Throttle(bytes_per_s=20)),)),
    # Silence: the heartbeat
    Expected("pong-mute up", _IDLE, 4408, 4408, 4408, _MUTE, up=(PongMute(),)),
    Expected("stall up", _IDLE, 4408, 4408, 4408, _MUTE, up=(Stall(),)),
    Expected("blackhole up", _IDLE, 4408, 4408, 4408, _MUTE, up=(Blackhole(),)),
    Expected("latency down", _IDLE, 4408, 4408, 4408, "the pong came too late", down=(Latency(1.2),)),
    Expected("stall down", _IDLE, 4408, 1006, 4408, _UNHEARD, down=(Stall(),)),
    Expected("stall both", _IDLE, 4408, 1006, 4408, _UNHEARD, (Stall(),), (Stall(),)),
    Expected("blackhole down", _IDLE, 4408, 1006, 4408, _UNHEARD, down=(Blackhole(),)),
    Expected("never-read down", _IDLE, 4408, 1006, 4408, _UNHEARD, down=(NeverRead(),)),
    Expected(
        "close-ignorer down", _IDLE, 4408, 1006, 4408, "the close frame was not heard", (PongMute(),), (CloseIgnorer(),)
    ),
    # A full outbox: bytes, or age
    Expected("stall down", _TRAFFIC, 1013, 1006, 1013, _SLOW, down=(Stall(),)),
    Expected("never-read down", _TRAFFIC, 1013, 1006, 1013, _SLOW, down=(NeverRead(),)),
    Expected("throttle down", _TRAFFIC, 1013, 1006, 1013, _SLOW, down=(Throttle(bytes_per_s=10_000),)),
    Expected("stall both", _TRAFFIC, 1013, 1006, 1013, _SLOW, (Stall(),), (Stall(),)),
    # The end of TCP
    Expected("reset", _IDLE, 1006, 1006, 1006, _CUT, down=(Reset(),)),
    Expected("reset", _TRAFFIC, 1006, 1006, 1006, _CUT, down=(Reset(after_bytes=5000),)),
    Expected("death down", _IDLE, 1006, 1006, 1006, _CUT + ", in the midst of one", down=(Die(),)),
    Expected("death up", _IDLE, 1006, 1006, 1006, _CUT + ", in the midst of one", up=(Die(),)),
    Expected("half-close down", _IDLE, 1006, 1006, 1006, "the client took FIN for the end", down=(HalfClose(),)),
    Expected("half-close up", _IDLE, 1006, 1006, 1006, "the server took FIN for the end", up=(HalfClose(),)),
)
