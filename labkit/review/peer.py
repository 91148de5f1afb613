"""The reviewer's own WebSocket client. It can send anything and shares no code with the server.

Everything sent within one iteration of the event loop leaves in a single write.
"""

import asyncio
from collections import deque
from time import monotonic
from typing import Any

from labkit.review import frames, packing
from labkit.review.dialect import IN_PINGS, Dialect, new_mark
from labkit.review.endpoint import ConnectionEnded, Endpoint, Message, ReceiveTimeout, parsed
from labkit.review.responses import window_ms
from labkit.review.transcript import Did, Transcript, literal

MOST_RAW = 50


class Peer(Endpoint):
    """One connection to the server under review."""

    def __init__(self, name: str, transcript: Transcript, dialect: Dialect, patience_s: float) -> None:
        super().__init__(name)
        self.ok: Message = {}  # its auth_ok
        self.ok_at = 0.0  # when auth_ok arrived
        self.control: Message = {"type": "ping"}  # a message that an open connection answers
        self.answers_close = True
        self.answers_end = True  # closes its half of TCP when the server has closed its own
        self.pings: list[tuple[float, bytes]] = []  # arrival time and payload
        self.observer: Peer | None = None  # receives our chats for us, if the server does not send them back
        self.observes_for: Peer | None = None
        self.foreign_chats: list[str] = []  # chats that an observer received and that we did not send
        self.sent_texts: set[str] = set()
        self.windows: list[int] = []  # from `reconnect`, which may arrive at any time
        self.raw = deque[str](maxlen=MOST_RAW)  # messages as they arrived, even ignored ones
        self.receive_buffer = 0  # bytes, of the kernel; 0: the default
        self.is_lost = False  # the TCP connection has ended
        self._transcript = transcript
        self._dialect = dialect
        self._patience_s = patience_s
        self._received: asyncio.Queue[Message | ConnectionEnded] = asyncio.Queue()
        self._out = bytearray()
        self.sent_in_pings: set[str] = set()  # what the answers to our pings must repeat, if the dialect says so
        self._mark = new_mark()  # the same for all of our pings
        self._before = b""  # the end of what was sent last, as a fragment may end anywhere

    # Sending

    def send_bytes(
        self, data: bytes, shown: str | None = None, code: str | None = None, did: Did | None = None
    ) -> None:
        """Send raw bytes. `shown`: the transcript's text for this step. `code`: the script line that repeats it."""
        if not self._transcript.is_full:
            shown = f"{len(data)} bytes {data[:24].hex(' ')}" if shown is None else shown
            code = f"send_bytes({literal(data)})" if code is None else code
            self._transcript.note(self.name, f"-> {shown}", f"{self.name}.{code}", did or Did(self.name, "raw", data))
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out += data

    def note(self, shown: str, *code: str, did: Did | None = None) -> None:
        """Add one step to the transcript: the text to show, and the script lines that reproduce it."""
        self._transcript.note(self.name, shown, "\n".join(code), did)

    def mark_text(self, text: str) -> None:
        """Mark the step that sent this text as the one that shows a fault."""
        self._transcript.mark_text(text)

    def mark_last(self) -> None:
        """Mark the last step as the one that shows a fault."""
        self._transcript.mark_last()

    def send_frame(self, opcode: int, payload: bytes = b"", **options: Any) -> None:
        """Send a frame; `options` are those of `frames.frame`."""
        data = frames.frame(opcode, payload, **options)
        odd = "".join(f" {name}={value}" for name, value in options.items())
        self.remember(payload)
        mask = 128 if data[1] & 0x80 else 0
        shown = f"frame opcode={opcode}{odd} {len(payload)} bytes {payload[:40]!r}"
        did = Did(self.name, "frame", (data[0], payload, mask))
        self.send_bytes(data, shown, f"send_frame({data[0]}, {literal(payload)}, {mask})", did)

    def send_text(self, text: str | bytes) -> None:
        """Send a text frame. Bytes may be invalid UTF-8."""
        if isinstance(text, bytes):
            self.send_frame(frames.TEXT, text)
        else:
            body = text.encode("utf-8", "surrogatepass")
            self.remember(body)
            did = Did(self.name, "text", text)
            self.send_bytes(frames.frame(frames.TEXT, body), text, f"send({literal(text)})", did)

    def send(self, **message: Any) -> None:
        """Send a message, translated into the server's names."""
        self.send_text(self._dialect.text(message, self._mark))

    def remember(self, payload: bytes) -> None:
        """Keep what the answers to the pings in these bytes must repeat; for bytes that are sent in another way."""
        if self._dialect.matches_pongs:
            seen = (self._before + payload).decode("utf-8", "replace")
            self.sent_in_pings.update(IN_PINGS.findall(seen))
            self._before = payload[-20:]

    def chat(self, room: str, text: str, **more: Any) -> None:
        """Send a chat."""
        self.sent_texts.add(text)
        self.send(type="chat", roomId=room, text=text, **more)

    def _flush(self) -> None:
        data, self._out = bytes(self._out), bytearray()
        if not self.is_lost and not self.transport.is_closing():
            self.transport.write(data)

    # Receiving

    async def receive(self, kind: str | None = None, patience_s: float | None = None) -> Message:
        """Return the next message, or the next message of type `kind`. Raises ConnectionEnded or ReceiveTimeout."""
        while True:
            try:
                async with asyncio.timeout(self._patience_s if patience_s is None else patience_s):
                    message = await self._received.get()
            except TimeoutError:
                waited_for = f" while waiting for {kind}" if kind else ""
                raise ReceiveTimeout(f"nothing arrived within {self._patience_s:g} s{waited_for}") from None
            if isinstance(message, ConnectionEnded):
                self._received.put_nowait(message)
                raise message
            if kind in (None, message.get("type")):
                return message

    async def receive_chat(self, room: str) -> Message:
        """Return the next chat of this room; one that names another has leaked, which is for other probes to find."""
        while (chat := await self.receive("chat")).get("roomId", room) != room:
            pass
        return chat

    async def received_so_far(self) -> list[Message]:
        """Ping the server, and return all messages that it sent before its answer.

        Raises ConnectionEnded or ReceiveTimeout.
        """
        self.send(type="ping")
        messages = []
        while (message := await self.receive()).get("type") != "pong":
            messages.append(message)
        if self.observer is not None:
            await self.observer.received_so_far()
            while not self._received.empty() and self.ended is None:
                messages.append(await self.receive())
        return messages

    async def until_ended(self, timeout_s: float) -> ConnectionEnded | None:
        """Wait until the connection ends, and return how; None if it is still open after `timeout_s` seconds."""
        await self.until(lambda: self.ended is not None, timeout_s)
        return self.ended

    def drop(self) -> None:
        """End the connection without a close frame."""
        if self.observer is not None:
            self.observer.drop()
        if not self.is_lost:
            self.transport.abort()

    def stop_reading(self) -> None:
        """Stop reading, and stay connected."""
        self.transport.pause_reading()

    def eof_received(self) -> bool:
        """Handle a TCP FIN from the server; True keeps our half of the connection open."""
        return not self.answers_end

    def connection_lost(self, error: Exception | None) -> None:
        """Record the end of the TCP connection."""
        self.is_lost = True
        super().connection_lost(error)

    def _upgraded(self, head: bytes) -> bool:
        return b" 101 " in head.split(b"\r\n")[0]

    def _close_received(self, payload: bytes) -> None:
        if self.answers_close and self.ended is None and not self.transport.is_closing():
            self.transport.write(frames.frame(frames.CLOSE, payload))
        self._end(ConnectionEnded(*frames.read_close(payload)))

    def _ping_received(self, payload: bytes) -> None:
        self.pings.append((monotonic(), payload))
        if self.answers_pings and not self.transport.is_closing():
            self.transport.write(frames.frame(frames.PONG, payload))

    def _message_received(self, body: bytes) -> None:
        if (answer := packing.reply(self._dialect.messages, body)) is not None:
            self.pings.append((monotonic(), body))
            if self.answers_pings and not self.transport.is_closing():
                self.transport.write(frames.frame(frames.TEXT, answer.encode()))
            return
        for one in self._dialect.split(body):
            self._one_received(one)

    def _one_received(self, body: bytes) -> None:
        value = parsed(body)
        self.raw.append(body.decode("utf-8", "replace"))
        message = {} if value is None else self._dialect.decode(value, self.sent_in_pings)
        message["type"] = kind if isinstance(kind := message.get("type"), str) else None
        if self._dialect.ignores(message) or (kind != "pong" and self._is_answer_to_another(value)):
            return
        if kind == "reconnect":
            self.windows.append(window_ms(message.get("windowMs")))
            return
        if kind == "auth_ok":
            self.ok_at = monotonic()
            if isinstance(resume := message.get("resume"), str):
                self._transcript.secrets[resume] = "$RESUME"
        if self.observes_for is not None and kind == "chat":
            if message.get("text") not in self.observes_for.sent_texts:
                self.foreign_chats.append(str(message.get("text")))
                return
            self.observes_for.add_received(message)
        shown = f"<- {body.decode('utf-8', 'replace')}"
        self._transcript.note(self.name, shown, f"{self.name}.receive()", Did(self.name, "receive", message))
        self._received.put_nowait(message)

    def _is_answer_to_another(self, value: Message | None) -> bool:
        """Return whether a message repeats the ping of another connection, and pass it on if that is our partner's."""
        repeated = "" if value is None else self._dialect.repeated(value)
        partner = self.observer or self.observes_for
        if repeated and partner is not None and repeated in partner.sent_in_pings:
            partner.add_received({"type": "pong"})
        return bool(repeated)

    def add_received(self, message: Message) -> None:
        """Add a message that an observer received for us."""
        if self.ended is None:
            self._received.put_nowait(message)

    def _end(self, ended: ConnectionEnded) -> None:
        if self.ended is None:
            shown = "<- the connection ended without a close frame" if ended.code == 1006 else f"<- close {ended.code}"
            shown = f"{shown} {ended.reason}".rstrip()
            self._transcript.note(self.name, shown, f"{self.name}.receive()", Did(self.name, "end", ended.code))
            self._received.put_nowait(ended)
        super()._end(ended)
