"""Describe a connection as a JSON object for operators. Sizes are in bytes, times in milliseconds.

`outboxBytes` counts our outbox. `outboxPeakBytes` is its largest size so far, and `outboxRecentBytes` its largest size
within about the last second. `kernelBytes` counts the kernel's send buffer (null on Windows). Data in that buffer
delays the detection of a slow consumer.
"""

from time import monotonic, time
from typing import Any

from labkit.platform.sockets import kernel_bytes
from labkit.rules.answers import iso
from labkit.wire.member import Member


def describe(connection: Member) -> dict[str, Any]:
    """Describe one connection."""
    now = monotonic()
    box = connection.outbox.statistics(now)
    identity = connection.session.identity
    beat = connection.heartbeat
    return {
        "connectionId": connection.id,
        "userId": identity.user_id if identity else None,
        "address": connection.peer.address,
        "state": connection.session.state.value,
        "since": iso(connection.since),
        "ageS": round(time() - connection.since, 1),
        "rooms": dict(connection.session.rooms),
        "received": connection.received,
        "sent": connection.sent,
        "outboxFrames": box.queued_frames,
        "outboxBytes": box.queued_bytes + box.in_flight_bytes,
        "outboxPeakBytes": connection.send_queue.peak_bytes,
        "outboxRecentBytes": connection.send_queue.recent_peak_bytes(now),
        "oldestMs": round(1000 * box.oldest_age_s),
        "kernelBytes": kernel_bytes(connection.transport.get_extra_info("socket")),
        "roundTripMs": None if beat is None or beat.round_trip_s is None else round(1000 * beat.round_trip_s, 1),
    }
