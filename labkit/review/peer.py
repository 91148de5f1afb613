"""The reviewer's own WebSocket client: it says anything, hears everything, and shares no code with the server.

It is a Protocol, so frames are read in the callback that brings them: a reset that follows on the heels of a close
frame loses nothing. What is said within one tick leaves in one packet.
"""

import asyncio
import json
from time import monotonic
from typing import Any, cast

from labkit.review import frames
from labkit.review.answers import window_ms
from labkit.review.dialect import Dialect
from labkit.review.frames import Frame, FrameReader
from labkit.review.transcript import Transcript, literal

Said = dict[str, Any]
END_OF_HEAD = b"\r\n\r\n"


class Ended(Exception):
    """The connection ended: the code and reason of the close frame, 1006 without one."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"the connection ended with {code} {reason}".rstrip())
        self.code, self.reason = code, reason


class Silent(Exception):
    """Nothing came that had to come."""


class Peer(asyncio.Protocol):
    """One connection to the server under review."""

    def __init__(self, name: str, transcript: Transcript, dialect: Dialect, patience_s: float) -> None:
        self.name = name
        self.ok: Said = {}  # its auth_ok
        self.ok_at = 0.0  # when that came
        self.control: Said = {"type": "ping"}  # a message that a live connection answers
        self.head = b""  # of the HTTP answer
        self.answers_pings = True
        self.answers_close = True
        self.answers_end = True  # ends its half of TCP when the server has ended its own
        self.pings: list[tuple[float, bytes]] = []  # when, and what it carried
        self.pongs: list[bytes] = []
        self.ear: Peer | None = None  # hears for us what we say, where the server does not tell a speaker
        self.hears_for: Peer | None = None
        self.overheard: list[str] = []  # chats that an ear heard, and that nobody is known to have said
        self.words: set[str] = set()  # the texts that we said
        self.windows: list[int] = []  # told by `reconnect`, which may come at any time
        self.ended: Ended | None = None
        self.receive_buffer = 0  # bytes that its kernel keeps; 0: as many as usual
        self.is_lost = False  # the TCP connection is gone
        self.bytes_heard = 0
        self._transcript = transcript
        self._dialect = dialect
        self._patience_s = patience_s
        self._frames = FrameReader()
        self._message = bytearray()
        self._heard: asyncio.Queue[Said | Ended] = asyncio.Queue()
        self._news = asyncio.Event()
        self._out = bytearray()

    # Saying

    def raw(self, data: bytes, shown: str | None = None, code: str | None = None) -> None:
        """Send bytes, whatever they are."""
        if not self._transcript.is_full:
            shown = f"{len(data)} bytes {data[:24].hex(' ')}" if shown is None else shown
            code = f"raw({literal(data)})" if code is None else code
            self._transcript.note(self.name, f"-> {shown}", f"{self.name}.{code}")
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out += data

    def note(self, shown: str, *code: str) -> None:
        """Tell what is done here, in the transcript, as a whole: what to show, and the lines of the script."""
        self._transcript.note(self.name, shown, "\n".join(code))

    def frame(self, opcode: int, payload: bytes = b"", **how: Any) -> None:
        """Send a frame; `how` as for `frames.frame`."""
        data = frames.frame(opcode, payload, **how)
        odd = "".join(f" {name}={value}" for name, value in how.items())
        mask = 128 if data[1] & 0x80 else 0
        shown = f"frame opcode={opcode}{odd} {len(payload)} bytes {payload[:40]!r}"
        self.raw(data, shown, f"frame({data[0]}, {literal(payload)}, {mask})")

    def text(self, text: str | bytes) -> None:
        """Send a text frame with this text."""
        body = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        if isinstance(text, bytes):
            self.frame(frames.TEXT, body)
        else:
            self.raw(frames.frame(frames.TEXT, body), text, f"say({literal(text)})")

    def say(self, **message: Any) -> None:
        """Send a message."""
        self.text(json.dumps(self._dialect.said(message), separators=(",", ":")))

    def chat(self, room: str, words: str, **more: Any) -> None:
        """Send a chat."""
        self.words.add(words)
        self.say(type="chat", roomId=room, text=words, **more)

    def _flush(self) -> None:
        data, self._out = bytes(self._out), bytearray()
        if not self.is_lost and not self.transport.is_closing():
            self.transport.write(data)

    # Hearing

    async def hear(self, kind: str | None = None) -> Said:
        """The next message, or the next one of a type. Raises Ended or Silent."""
        while True:
            try:
                async with asyncio.timeout(self._patience_s):
                    said = await self._heard.get()
            except TimeoutError:
                waited_for = f" while waiting for {kind}" if kind else ""
                raise Silent(f"nothing came within {self._patience_s:g} s{waited_for}") from None
            if isinstance(said, Ended):
                self._heard.put_nowait(said)
                raise said
            if kind in (None, said.get("type")):
                return said

    async def everything(self) -> list[Said]:
        """What was said to us before now: all up to the answer to a ping of ours. Raises Ended or Silent."""
        self.say(type="ping")
        heard = []
        while (said := await self.hear()).get("type") != "pong":
            heard.append(said)
        if self.ear is not None:
            await self.ear.everything()
            while not self._heard.empty() and self.ended is None:
                heard.append(await self.hear())
        return heard

    async def until_ended(self, patience_s: float) -> Ended | None:
        """How it ends; None when it has not after so many seconds."""
        await self.until(lambda: self.ended is not None, patience_s)
        return self.ended

    async def until(self, holds: Any, patience_s: float) -> bool:
        """Wait until something holds that changes with what this peer hears."""
        ends = monotonic() + patience_s
        while not holds() and monotonic() < ends:
            self._news.clear()
            try:
                async with asyncio.timeout(ends - monotonic()):
                    await self._news.wait()
            except TimeoutError:
                break
        return bool(holds())

    def drop(self) -> None:
        """End it without a word."""
        if self.ear is not None:
            self.ear.drop()
        if not self.is_lost:
            self.transport.abort()

    def stall(self) -> None:
        """Stop reading, and stay connected."""
        self.transport.pause_reading()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TCP connection stands."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Bytes came: the head of the answer, then frames."""
        self.bytes_heard += len(data)
        if END_OF_HEAD not in self.head:
            self.head += data
            head, end, data = self.head.partition(END_OF_HEAD)
            self.head = head + end
            if not end or b" 101 " not in head.split(b"\r\n")[0]:
                self.head += data
                data = b""
        for one in self._frames.feed(data):
            self._receive(one)
        self._news.set()

    def eof_received(self) -> bool:
        """The server will say no more; True keeps our half of the connection open."""
        return not self.answers_end

    def connection_lost(self, error: Exception | None) -> None:
        """The TCP connection is gone."""
        self.is_lost = True
        self._end(Ended(1006, ""))

    def _receive(self, one: Frame) -> None:
        if one.opcode == frames.CLOSE:
            if self.answers_close and self.ended is None and not self.transport.is_closing():
                self.transport.write(frames.frame(frames.CLOSE, one.payload))
            self._end(Ended(*frames.read_close(one.payload)))
        elif one.opcode == frames.PING:
            self.pings.append((monotonic(), one.payload))
            if self.answers_pings and not self.transport.is_closing():
                self.transport.write(frames.frame(frames.PONG, one.payload))
        elif one.opcode == frames.PONG:
            self.pongs.append(one.payload)
        else:
            self._message += one.payload
            if one.fin:
                message, self._message = bytes(self._message), bytearray()
                self._receive_message(message)

    def _receive_message(self, body: bytes) -> None:
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            value = None
        said = self._dialect.heard(value) if isinstance(value, dict) else {}
        said["type"] = kind if isinstance(kind := said.get("type"), str) else None
        if self._dialect.passes_over(said):
            return
        if said.get("type") == "reconnect":
            self.windows.append(window_ms(said.get("windowMs")))
            return
        self.ok_at = monotonic() if said.get("type") == "auth_ok" else self.ok_at
        resume = said.get("resume")
        if said.get("type") == "auth_ok" and isinstance(resume, str):
            self._transcript.secrets[resume] = "$RESUME"
        if self.hears_for is not None and said.get("type") == "chat":
            if said.get("text") not in self.hears_for.words:
                self.overheard.append(str(said.get("text")))
                return
            self.hears_for.take(said)
        self._transcript.note(self.name, f"<- {body.decode('utf-8', 'replace')}", f"{self.name}.hear()")
        self._heard.put_nowait(said)

    def take(self, said: Said) -> None:
        """Hear what another heard for us."""
        if self.ended is None:
            self._heard.put_nowait(said)

    def _end(self, ended: Ended) -> None:
        if self.ended is None:
            self.ended = ended
            shown = "<- the connection ended without a close frame" if ended.code == 1006 else f"<- close {ended.code}"
            self._transcript.note(self.name, f"{shown} {ended.reason}".rstrip(), f"{self.name}.hear()")
            self._heard.put_nowait(ended)
        self._news.set()
