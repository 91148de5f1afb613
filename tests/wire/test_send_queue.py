"""The way out of one connection, on a transport that takes as much as it is told to."""

from typing import Any

from labkit.rules.limits import Limits
from labkit.rules.outbox import Offer
from labkit.wire.send_queue import WRITE_CHUNK_BYTES, SendQueue

SMALL = Limits(max_message_bytes=100, max_frame_bytes=1_000, outbox_bytes=1_000, outbox_age_s=None)


class Transport:
    """It pauses after so many writes."""

    def __init__(self, writes: int = 10**9) -> None:
        self.written: list[bytes] = []
        self.limits: dict[str, int] = {}
        self.send_queue: SendQueue | None = None
        self._writes = writes

    def set_write_buffer_limits(self, **limits: int) -> None:
        """Keep them."""
        self.limits = limits

    def is_closing(self) -> bool:
        """Never."""
        return False

    def write(self, data: bytes) -> None:
        """Take it, and perhaps no more."""
        self.written.append(data)
        if len(self.written) >= self._writes and self.send_queue:
            self.send_queue.is_paused = True


def started(limits: Limits, writes: int = 10**9) -> tuple[SendQueue, Transport]:
    """A way out over a transport."""
    send_queue, transport = SendQueue(limits), Transport(writes)
    double: Any = transport
    transport.send_queue = send_queue
    send_queue.start(double)
    return send_queue, transport


def say(send_queue: SendQueue, *frames: bytes) -> Offer:
    """Frames of one tick, and its end."""
    send_queue.due.extend(frames)
    return send_queue.write_due()


def test_frames_of_one_tick_are_one_write() -> None:
    """As long as it fits into a chunk; a longer line is cut between frames."""
    send_queue, transport = started(Limits())
    assert say(send_queue, *[b"x" * 100] * 10) is Offer.ACCEPTED
    assert transport.written == [b"x" * 1_000]
    say(send_queue, *[b"y" * (WRITE_CHUNK_BYTES // 2 + 1)] * 3)
    assert [len(data) for data in transport.written[1:]] == [WRITE_CHUNK_BYTES // 2 + 1] * 3
    assert send_queue.outbox.queued_bytes == send_queue.outbox.in_flight_bytes == 0


def test_frames_of_one_tick_count_as_peak_not_as_backlog() -> None:
    """Written kernel first, a healthy member never has a queue; how much it was told at once is known all the same."""
    send_queue, _ = started(Limits())
    say(send_queue, *[b"x" * 100] * 10)
    say(send_queue, b"y")
    assert send_queue.outbox.statistics(0.0) == (0, 0, 0, 0.0, 0)
    assert send_queue.peak_bytes == 1_000


def test_a_recent_peak_is_forgotten_and_the_largest_is_not() -> None:
    """A second reader, between two reads of the first, takes no peak from it."""
    send_queue, _ = started(Limits())
    send_queue.recent_peak_bytes(now=10.0)
    say(send_queue, b"x" * 1_000)
    assert send_queue.recent_peak_bytes(now=10.1) == 1_000
    assert send_queue.recent_peak_bytes(now=10.6) == send_queue.recent_peak_bytes(now=10.7) == 1_000
    say(send_queue, b"y")
    assert send_queue.recent_peak_bytes(now=11.2) == 1
    assert send_queue.peak_bytes == 1_000


def test_what_still_waits_is_a_recent_peak_too() -> None:
    """A full outbox that does not change is as large in each span."""
    send_queue, _ = started(Limits(), writes=1)
    for frame in (b"1", b"2", b"3"):
        say(send_queue, frame)
    assert [send_queue.recent_peak_bytes(now) for now in (10.0, 20.0, 30.0)] == [3, 3, 3]


def test_while_the_kernel_is_full_frames_wait_in_the_outbox() -> None:
    """Counted there, and not handed to the transport, where nothing would bound them; then all of them, in order."""
    send_queue, transport = started(Limits(), writes=1)
    for frame in (b"1", b"2", b"3"):
        say(send_queue, frame)
    assert transport.written == [b"1"] and send_queue.outbox.queued_bytes == 2
    assert send_queue.outbox.in_flight_bytes == 1 and send_queue.outbox.too_old_at is not None
    send_queue.resume()
    assert transport.written == [b"1", b"23"]


def test_queued_frames_are_written_before_later_ones() -> None:
    """Only a frame with nothing queued before it goes to the kernel first; a later one must not overtake."""
    send_queue, transport = started(Limits(), writes=1)
    say(send_queue, b"1")
    say(send_queue, b"2")
    send_queue.is_paused = False  # as between the kernel's having room and our being told
    say(send_queue, b"3")
    send_queue.resume()
    assert b"".join(transport.written) == b"123"


def test_after_an_overflow_nothing_more_is_queued() -> None:
    """A smaller frame would fit: sent behind the one that did not, it would hide a hole. Overflow is said once."""
    send_queue, transport = started(SMALL, writes=0)
    send_queue.is_paused = True
    assert [say(send_queue, b"x" * 400) for _ in range(2)] == [Offer.ACCEPTED, Offer.ACCEPTED]
    assert say(send_queue, b"y" * 400, b"y") is Offer.OVERFLOW
    assert [say(send_queue, b"z"), say(send_queue, b"z" * 400)] == [Offer.ACCEPTED] * 2
    send_queue.resume()
    assert b"".join(transport.written) == b"x" * 800


def test_of_one_tick_as_much_is_queued_as_fits() -> None:
    """The bound is of frames, not of ticks."""
    send_queue, _ = started(SMALL, writes=0)
    send_queue.is_paused = True
    assert say(send_queue, *[b"x" * 400] * 3) is Offer.OVERFLOW
    assert send_queue.outbox.queued_bytes == 800 and send_queue.due == []


def test_a_pause_before_there_is_a_transport_is_forgotten() -> None:
    """asyncio's TLS pauses and resumes while it shakes hands; and its limits must not be 0, or it never wakes up."""
    send_queue = SendQueue(Limits())
    send_queue.is_paused = True
    send_queue.resume()
    send_queue.is_paused = True
    transport: Any = Transport()
    send_queue.start(transport)
    say(send_queue, b"x")
    assert transport.written == [b"x"] and transport.limits == {"high": 1, "low": 0}
