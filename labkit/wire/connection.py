"""One client connection: handshake, input, output, close, and every deadline. It is unaware of other connections.

There is no task per connection. The event loop calls `data_received`, `pause_writing`, `resume_writing` and one timer,
and none of them waits. The deadlines are auth (4401), ping and pong (4408), the age of the oldest undelivered frame
(1013), session expiry (4419), and the peer's answer to a close frame (abort).
"""

import asyncio
from time import monotonic, time
from typing import cast

from websockets.frames import Frame, Opcode
from websockets.protocol import SEND_EOF
from websockets.protocol import State as FrameState

from labkit.platform.sockets import end_our_half, reset
from labkit.rules.close_codes import CloseCode, row
from labkit.rules.heartbeat import Beat, Heartbeat
from labkit.rules.outbox import Offer
from labkit.rules.session import Input, Session, State
from labkit.wire.alarm import Alarm
from labkit.wire.fast.lazy_protocol import LazyProtocol
from labkit.wire.frames import Frames, text_frame
from labkit.wire.handshake import Handshake
from labkit.wire.http.routes import Http
from labkit.wire.hub import Hub
from labkit.wire.message_assembly import NOT_UTF8, MessageAssembly, is_utf8
from labkit.wire.send_queue import SendQueue

# Slots save 0.8 KB per idle member compared with a dictionary.
ATTRIBUTES = """hub http id session assembly send_queue outbox due heartbeat handshake protocol transport peer since
received sent closing _deadline _alarm _has_entered"""


class Connection(asyncio.Protocol):
    """A client's connection. All connections share `hub`, and `http` for requests that are not WebSocket handshakes."""

    __slots__ = tuple(ATTRIBUTES.split())

    # A subclass may replace these parts (labkit.broken)
    _new_session = Session
    _new_assembly = MessageAssembly
    _new_send_queue = SendQueue
    _new_heartbeat = Heartbeat

    def __init__(self, hub: Hub, http: Http) -> None:
        self.hub = hub
        self.http = http
        state = hub.state
        self.id = state.new_id()
        self.session = self._new_session(state.limits, monotonic())
        self.assembly = self._new_assembly(state.limits.max_message_bytes)
        self.send_queue = self._new_send_queue(state.limits, state.new_outbox)
        self.outbox = self.send_queue.outbox
        self.due = self.send_queue.due
        self.heartbeat: Heartbeat | None = None
        self.handshake: Handshake | None = None
        self.since = time()
        self.received = self.sent = 0  # messages
        self.closing = False  # a close frame was sent or received, so nothing more is sent
        self._deadline: float | None = None  # for the handshake, auth or close, one at a time
        self._alarm = Alarm(self._on_deadline)

    # The handshake

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the handshake on an accepted TCP connection."""
        self.transport = cast(asyncio.Transport, transport)
        self.send_queue.start(self.transport, self.hub.state.path.fd(self.transport))
        self.hub.state.sockets.add(self)
        self.protocol = LazyProtocol(self.hub.state.limits)
        self.handshake = Handshake(self.hub.state, self.http, self.transport, self.protocol, self.hub.refused)
        self.peer = self.handshake.peer
        self._has_entered = self.handshake.has_entered
        self._start_deadline(self.handshake.patience_s)

    def _shake_hands(self, data: bytes) -> None:
        assert self.handshake is not None
        rest = self.handshake.receive(data)
        if not self.protocol.is_forgotten:
            self._send_protocol_bytes()
        if rest is None:
            if self.handshake.is_answered and self.session.state is State.CONNECTING:
                self.session.happened(Input.REFUSED)
                self._start_deadline(self.handshake.patience_s or self.hub.state.limits.close_deadline_s)
            return
        self.peer = self.handshake.peer
        self.handshake = None
        self.protocol.forget()
        self.session.happened(Input.HANDSHAKE)
        self._start_deadline(self.hub.state.limits.auth_timeout_s)
        self.hub.opened(self)
        if rest:
            self.data_received(rest)

    # Input

    def data_received(self, data: bytes) -> None:
        """Handle received bytes."""
        if self.handshake is not None:
            self._shake_hands(data)
            return
        for item in self.protocol.read(data):
            if self.session.listens:
                self._receive(item)
        if not self.protocol.is_forgotten:
            self._send_library_output()

    def _receive(self, item: bytes | Frame) -> None:
        """Handle a message that the fast path read, or a frame that the library read."""
        if isinstance(item, bytes):
            self._receive_text(item)
        elif item.opcode in (Opcode.PING, Opcode.PONG):
            self._receive_control(item)
        elif item.opcode is not Opcode.CLOSE:
            message = self.assembly.add(item)
            if isinstance(message, bytes):
                self._receive_text(message)
            elif message is not None:
                self.hub.order.perform(self, message)
            else:
                self._receive_no_op()

    def _receive_text(self, message: bytes) -> None:
        if is_utf8(message):
            self.received += 1
            self.hub.receive(self, message)
        else:
            self.hub.order.perform(self, NOT_UTF8)

    def _receive_control(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PING:
            self._send_pongs()
        heartbeat = self.heartbeat if frame.opcode is Opcode.PONG else None
        if heartbeat is not None and heartbeat.pong(bytes(frame.data), monotonic()):
            self.arm()
        else:
            self._receive_no_op()

    def _receive_no_op(self) -> None:
        """Rate-limit a frame that needs no answer from us, such as a ping, an unsolicited pong or a fragment."""
        too_many = self.session.control_frame(monotonic())
        if too_many is not None:
            self.hub.order.perform(self, too_many)

    def _send_library_output(self) -> None:
        """Send the library's output, and close the connection if the library decided to."""
        if self.frames.state is not FrameState.OPEN and not self.closing:
            self.write_due()  # answers to earlier messages go before the close frame
        self._send_protocol_bytes()
        self._notice_protocol_close()
        self.protocol.forget()

    @property
    def frames(self) -> Frames:
        """The library's protocol object for this connection."""
        return self.protocol.frames

    def eof_received(self) -> None:
        """Handle the peer's EOF. The transport closes when its buffer has been sent, or at the close deadline."""
        if self.handshake is None:
            self.write_due()
            self.frames.receive_eof()
            self._notice_protocol_close()

    # Output

    def send(self, body: bytes) -> None:
        """Send one message to this client, unless the connection is closing."""
        if not self.closing:
            self.hub.state.path.send(self, text_frame(body))

    def write_due(self) -> None:
        """Write this tick's frames. If the outbox overflows, the connection is closed as slow."""
        if self.closing:
            self.due.clear()
            return
        self.sent += len(self.due)
        if self.send_queue.write_due() is Offer.OVERFLOW:
            self.hub.close_slow([self])
        elif self.send_queue.is_paused:
            self.arm()  # to limit the age of the oldest waiting frame

    def pause_writing(self) -> None:
        """Stop writing, because the kernel's send buffer is full."""
        self.send_queue.pause()
        if self.handshake is not None:
            self.handshake.pause()
        self.arm()

    def resume_writing(self) -> None:
        """Resume writing, because the kernel's send buffer has space again."""
        self.send_queue.resume()
        if self.handshake is not None:
            self.handshake.resume()

    def _send_pongs(self) -> None:
        """Send the library's pongs. If a close frame follows them, wait, because due frames must go first."""
        if self.frames.state is FrameState.OPEN:
            self._send_protocol_bytes()

    def _send_protocol_bytes(self) -> None:
        """Send the library's pongs, close frames and handshake responses, which bypass the outbox."""
        for data in self.frames.data_to_send():
            if self.transport.is_closing():
                return
            if data == SEND_EOF:
                end_our_half(self.transport)
                self._start_deadline(self.hub.state.limits.close_deadline_s)
            else:
                self.transport.write(data)
        if self.handshake is None and self.transport.get_write_buffer_size() > self.hub.state.limits.outbox_bytes:
            self.close(CloseCode.TRY_LATER)  # the peer sends pings and never reads the pongs

    # Authentication and close

    def authenticated(self, random_fraction: float) -> None:
        """Replace the auth deadline with the heartbeat, because the credential was accepted."""
        limits = self.hub.state.limits
        new_heartbeat = self.hub.state.new_heartbeat or self._new_heartbeat
        self.heartbeat = new_heartbeat(limits.ping_interval_s, limits.ping_timeout_s, monotonic(), random_fraction)
        self._deadline = None
        self.arm()

    def close(self, code: CloseCode, reason: str | None = None) -> None:
        """Send a close frame behind the transport's buffered data; abort if the peer does not answer in time."""
        if self.closing:
            return
        reason = row(code).reason if reason is None else reason
        self.session.happened(Input.CLOSE)
        self.hub.closing(self, code, reason)
        self.write_due()
        self.closing = True
        self.send_queue.drop()
        if self.frames.state is FrameState.OPEN:
            self.frames.send_close(code, reason)
            self._send_protocol_bytes()
        self._start_deadline(self.hub.state.limits.close_deadline_s)

    def _notice_protocol_close(self) -> None:
        """Close along with the library, after the peer's close frame or a violation of RFC 6455."""
        if self.frames.state is FrameState.OPEN or self.closing:
            return
        self.session.happened(Input.CLOSE)
        self.hub.closing(self, self.frames.ending_code, row(self.frames.ending_code).reason)  # never the peer's text
        self.closing = True
        self.send_queue.drop()
        self._start_deadline(self.hub.state.limits.close_deadline_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up when the TCP connection has ended."""
        self._alarm.off()
        if self.handshake is None and not self.closing:
            self.hub.closing(self, CloseCode.NO_CLOSE_FRAME, "")
        self.closing = True
        self.session.happened(Input.LOST)
        self.send_queue.drop()
        if self._has_entered:
            self.hub.state.admission.leave(self.peer)
        self.hub.lost(self)

    # Deadlines

    def _start_deadline(self, seconds: float | None) -> None:
        self._deadline = None if seconds is None else monotonic() + seconds
        self.arm()

    def _next_deadline(self) -> float | None:
        if self.session.state is State.CLOSING:
            return self._deadline
        beat_at = self.heartbeat.next_at if self.heartbeat is not None else None
        stale_at = self.outbox.too_old_at if self.send_queue.is_paused else None
        identity = self.session.identity
        expires_at = None if identity is None else monotonic() + identity.expires_at - time()
        return min((at for at in (self._deadline, beat_at, stale_at, expires_at) if at is not None), default=None)

    def arm(self) -> None:
        """Set the alarm to the next deadline."""
        self._alarm.arm(self._next_deadline())

    def _on_deadline(self) -> None:
        now = monotonic()
        if self._deadline is not None and now >= self._deadline:
            self._deadline = None
            if self.session.state is State.AUTHENTICATING:
                self.close(CloseCode.AUTH_TIMEOUT)
            elif self.closing or self.session.state in (State.CONNECTING, State.CLOSED):
                self._wait_or_reset(0 if self.handshake is None else self.handshake.left_s(now))
        elif self.session.listens:
            self._check_health(now)
        is_answering = self.handshake is not None and not self.closing
        if is_answering or self.session.state is not State.CLOSED:  # the transport may wait for a peer that never reads
            self.arm()

    def _wait_or_reset(self, left_s: float) -> None:
        """Reset, unless a download goes on: no request came, or no answer to our close frame."""
        if left_s > 0:
            self._start_deadline(left_s)
        else:
            reset(self.transport)

    def _check_health(self, now: float) -> None:
        identity = self.session.identity
        if self.outbox.is_too_old(now):
            self.close(CloseCode.TRY_LATER)
        elif identity is not None and time() >= identity.expires_at:
            self.close(CloseCode.SESSION_EXPIRED)
        elif self.heartbeat is not None:
            self._beat(self.heartbeat, now)

    def _beat(self, heartbeat: Heartbeat, now: float) -> None:
        beat = heartbeat.beat(now)
        if beat is Beat.PING:
            self.frames.send_ping(heartbeat.payload)
            self._send_protocol_bytes()
            self.protocol.forget()
        elif beat is Beat.DEAD:  # while paused, the ping is stuck behind data that the peer does not read
            self.close(CloseCode.TRY_LATER if self.send_queue.is_paused else CloseCode.HEARTBEAT_TIMEOUT)
