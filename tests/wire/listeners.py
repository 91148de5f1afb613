"""A room full of members in one process, cheap enough that what is measured is the server: latency of each delivery."""

import asyncio
from time import perf_counter
from typing import Any, Self, cast

from tests.wire.raw import TOKEN, Raw, port_of, text

WORDS = 1_000  # a message is about 1 KB, an event 1.2
STAMP = b'"text":"'
STAMP_LENGTH = 16


class Member(asyncio.Protocol):
    """One member: what it hears, and how late. It stops reading when it is told to."""

    def __init__(self, raw: Raw, late: list[float]) -> None:
        self.ok = raw.ok
        self._late = late
        self._rest = b""
        self.is_lost = False
        self.transport = cast(asyncio.Transport, raw.writer.transport)
        self.transport.set_protocol(self)

    @classmethod
    async def enter(cls, url: str, room: str, late: list[float], token: str = TOKEN, **more: Any) -> Self:
        """A member of a room; `late` is where its latencies go, in seconds."""
        return cls(await Raw.enter(url, token, room, **more), late)

    @property
    def port(self) -> int:
        """Its end of the TCP connection."""
        return int(self.transport.get_extra_info("sockname")[1])

    def data_received(self, data: bytes) -> None:
        now = perf_counter()
        data = self._rest + data
        at = 0
        while len(data) - at >= 4:
            opcode, size = data[at] & 0x0F, data[at + 1]
            head = 2 if size < 126 else 4
            size = size if size < 126 else int.from_bytes(data[at + 2 : at + 4], "big")
            if len(data) < at + head + size:
                break
            if opcode == 1:
                stamp = data.find(STAMP, at, at + head + size) + len(STAMP)
                if stamp >= len(STAMP):
                    self._late.append(now - float(data[stamp : stamp + STAMP_LENGTH]))
            at += head + size
        self._rest = data[at:]

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True

    def say(self, room: str) -> None:
        """A chat of 1 KB, stamped with the time."""
        stamp = f"{perf_counter():0{STAMP_LENGTH}.6f}"
        self.transport.write(text({"type": "chat", "roomId": room, "text": stamp.ljust(WORDS, "x")}))


async def talking(members: list[Member], room: str, per_s: float) -> None:
    """Members take turns, so many messages a second in all, evenly spread; until cancelled."""
    loop = asyncio.get_running_loop()
    began, said = loop.time(), 0
    while True:
        while said < (loop.time() - began) * per_s:
            members[said % len(members)].say(room)
            said += 1
        await asyncio.sleep(0.5 / per_s)


def p99(late: list[float]) -> float:
    """The latency that one of a hundred exceeds, in seconds."""
    return sorted(late)[len(late) * 99 // 100]


def is_in_kernel(url: str, port: int) -> bool:
    """Whether the kernel holds the server's end of a connection; that of a reset one is gone at once."""
    pair = f":{port_of(url):04X}", f":{port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        ends = [line.split()[1:3] for line in table]
    return any((local[-5:], remote[-5:]) == pair for local, remote in ends)
