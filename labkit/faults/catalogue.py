"""Every fault by its name, for schedules in JSON and for menus."""

from dataclasses import fields
from typing import Any

from labkit.faults.after import After
from labkit.faults.blackhole import Blackhole
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
from labkit.faults.pong_mute import PongMute
from labkit.faults.reorder import Reorder
from labkit.faults.reset import Reset
from labkit.faults.slice import Slice
from labkit.faults.stall import Stall
from labkit.faults.throttle import Throttle
from labkit.text.nearest import nearest

BYTE_FAULTS: tuple[type[Fault], ...] = (
    *(Pass, Latency, Jitter, Throttle, Stall, Dribble, Slice),
    *(Die, Reset, HalfClose, Blackhole),
)
FRAME_FAULTS: tuple[type[Fault], ...] = (PongMute, CloseIgnorer, Duplicate, Reorder, NeverRead, After)
FAULTS: dict[str, type[Fault]] = {fault.__name__: fault for fault in (*BYTE_FAULTS, *FRAME_FAULTS)}


def to_dict(fault: Fault) -> dict[str, Any]:
    """A fault as plain data: {"fault": "Throttle", "bytes_per_s": 2000}."""
    settings = {field.name: getattr(fault, field.name) for field in fields(fault)}
    plain = {name: to_dict(value) if isinstance(value, Fault) else value for name, value in settings.items()}
    return {"fault": type(fault).__name__} | plain


def from_dict(data: dict[str, Any]) -> Fault:
    """The fault that `to_dict` was given. Raises ValueError for an unknown name or setting."""
    name = data.get("fault")
    kind = FAULTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"there is no fault named {name!r}{nearest(name, FAULTS)}; the faults are {', '.join(FAULTS)}")
    settings = {
        key: from_dict(value) if isinstance(value, dict) else value for key, value in data.items() if key != "fault"
    }
    try:
        return kind(**settings)
    except TypeError:
        known = ", ".join(field.name for field in fields(kind)) or "none"
        raise ValueError(f"{name} has no such settings: {', '.join(settings)}; it has {known}") from None
