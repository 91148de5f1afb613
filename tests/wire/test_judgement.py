"""What ends a connection, with which code and reason, and in which order a message is judged."""

import asyncio
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from labkit.review.frames import BINARY, PING, PONG, TEXT, frame
from labkit.rules.limits import Limits
from labkit.wire.message_assembly import MessageAssembly
from tests.wire.houses import in_every_house, serving_in
from tests.wire.raw import TOKEN, Ended, Raw, close_frame, pair, request, serving, text, until, upgrade

CHAT = {"type": "chat", "roomId": "a", "text": "x"}
BEFORE_AUTH: list[tuple[Any, tuple[int, str]]] = [
    # Invalid comes first, whoever says it
    ("{", (1008, "invalid JSON")),
    ("\ufeff{}", (1008, "invalid JSON")),
    ('{"type":"ping","x":NaN}', (1008, "invalid JSON")),
    ("[]", (1008, "message must be an object")),
    ("null", (1008, "message must be an object")),
    ("{}", (1008, "type is required")),
    ({"type": "x" * 200}, (1008, "unsupported type")),
    ({"type": "auth", "token": "short"}, (1008, "auth.token is invalid")),
    ({**CHAT, "roomId": "a\n"}, (1008, "roomId is invalid")),
    ({**CHAT, "text": ""}, (1008, "text must be 1-1000 chars")),
    ({**CHAT, "text": "x" * 9_000}, (1008, "message too large")),
    # Then who it is
    (CHAT, (4403, "auth failed")),
    ({"type": "join", "roomId": "a"}, (4403, "auth failed")),
    ({"type": "ping"}, (4403, "auth failed")),
    ({"type": "refresh", "token": TOKEN}, (4403, "auth failed")),
    ({"type": "auth", "token": "wrong-token"}, (4403, "auth failed")),
    ('{"type":"ping","type":"nonsense"}', (1008, "unsupported type")),
    ('{"type":"nonsense","type":"ping"}', (4403, "auth failed")),
]
AFTER_AUTH: list[tuple[Any, tuple[int, str]]] = [
    # Invalid before joined
    ({**CHAT, "roomId": "never", "text": ""}, (1008, "text must be 1-1000 chars")),
    ({"type": "progress", "roomId": "never", "percent": 101}, (1008, "jobId must be 1-100 chars")),
    # Then joined
    ({**CHAT, "roomId": "never"}, (1008, "join room before chat")),
    ({"type": "presence", "roomId": "never"}, (1008, "join room before chat")),
    ({"type": "read", "roomId": "never", "upTo": 1}, (1008, "join room before chat")),
]
BREACHES: list[tuple[bytes, tuple[int, str]]] = [
    (frame(TEXT, b'{"type":"ping"}', masked=False), (1002, "protocol error")),
    (b"\xc1\x80\0\0\0\0", (1002, "protocol error")),  # a reserved bit
    (b"\x83\x80\0\0\0\0", (1002, "protocol error")),  # a reserved opcode
    (frame(0, b"no beginning"), (1002, "protocol error")),
    (frame(PING, b"x" * 126), (1002, "protocol error")),
    (frame(PING, b"x", fin=False), (1002, "protocol error")),
    (close_frame(1005), (1002, "protocol error")),
    (frame(BINARY, b"{}"), (1003, "text only")),
    (frame(TEXT, b"\xff\xfe"), (1007, "invalid UTF-8")),
    (frame(TEXT, b"\xed\xa0\xbd"), (1007, "invalid UTF-8")),
    (b"\x81\xff" + (90 * 2**20).to_bytes(8, "big") + b"\0\0\0\0", (1009, "frame too big")),
    (b"\x81\xff" + (65_537).to_bytes(8, "big") + b"\0\0\0\0", (1009, "frame too big")),
    (text("[" * 100_000), (1009, "frame too big")),
    (text("[" * 65_536), (1008, "message too large")),
    (text("[" * 8_192), (1008, "invalid JSON")),
    (
        b"".join(frame(TEXT if at == 0 else 0, b"[" * 1_000, fin=at == 99) for at in range(100)),
        (1008, "message too large"),
    ),
    (text('{"type":' + "[" * 4_000 + "]" * 4_000 + "}"), (1008, "invalid JSON")),
]


@pytest.mark.parametrize(("said", "ending"), BEFORE_AUTH)
async def test_message_before_auth_is_validated_then_refused(said: Any, ending: tuple[int, str]) -> None:
    """1008 for what is no message, 4403 for what is one but no auth; the codes alone tell nobody more."""
    async with serving() as server:
        raw = await Raw.open(server.url)
        raw.send(text(said))
        assert await raw.ending() == ending


@in_every_house
@pytest.mark.parametrize(("said", "ending"), AFTER_AUTH)
async def test_message_after_auth_is_validated_then_room_checked(
    house: str, tmp_path: Path, said: Any, ending: tuple[int, str]
) -> None:
    """A mistake is told before a missing join."""
    async with serving_in(house, tmp_path) as server:
        raw = await Raw.enter(server.url, TOKEN, "a")
        raw.send(text(said))
        assert await raw.ending() == ending


@pytest.mark.parametrize(("said", "ending"), BREACHES, ids=range(len(BREACHES)))  # a mask is another one each time
async def test_protocol_violation_has_its_code_before_and_after_auth(said: bytes, ending: tuple[int, str]) -> None:
    """A reason of ours, never the library's and never the peer's words; the others go on."""
    async with serving() as server:
        for raw in (await Raw.open(server.url), await Raw.enter(server.url, TOKEN, "a")):
            raw.send(said)
            assert await raw.ending() == ending
            await raw.gone()
        await pair(server.url)


@in_every_house
async def test_what_came_before_a_breach_is_acted_on_and_answered(house: str, tmp_path: Path) -> None:
    """A chat, then a frame without a mask, in one packet: others hear it; what can be answered at once is."""
    async with serving_in(house, tmp_path) as server:
        witness, raw = await Raw.enter(server.url, TOKEN, "a"), await Raw.enter(server.url, TOKEN, "a")
        raw.send(text(CHAT) + text({"type": "ping"}) + frame(TEXT, b"{}", masked=False) + text(CHAT))
        assert (await witness.hear())["text"] == "x"
        if not house.endswith("audit"):
            assert [said["type"] for said in await raw.hear_many(2)] == ["chat", "pong"]
        with pytest.raises(Ended, match="1002 protocol error"):
            await raw.hear()
        assert await witness.everything() == []


async def test_a_flood_of_fragments_counts_as_messages() -> None:
    """4429, long before it costs anybody else anything."""
    async with serving() as server:
        raw = await Raw.open(server.url)
        raw.send(frame(TEXT, b"", fin=False) + frame(0, b"", fin=False) * 300)
        assert await raw.ending() == (4429, "rate limited retry=10000")


async def test_the_largest_message_passes_and_one_byte_more_does_not() -> None:
    """8192 bytes, in one frame or in many."""
    async with serving() as server:
        for size, fits in ((8192, True), (8193, False)):
            said = b'{"type":"ping"' + b" " * (size - 15) + b"}"
            for pieces in (1, 3):
                raw = await Raw.enter(server.url)
                step = -(-size // pieces)
                parts = [said[at : at + step] for at in range(0, size, step)]
                for number, part in enumerate(parts):
                    raw.send(frame(TEXT if number == 0 else 0, part, fin=number == len(parts) - 1))
                if fits:
                    assert (await raw.hear())["type"] == "pong"
                else:
                    assert await raw.ending() == (1008, "message too large")


async def test_a_message_in_pieces_is_whole_even_inside_a_character() -> None:
    """Fragments, with a ping between them and an emoji cut in two: one chat, and the ping is answered."""
    async with serving() as server:
        raw = await Raw.enter(server.url, TOKEN, "a")
        said = '{"type":"chat","roomId":"a","text":"😀"}'.encode()
        raw.send(frame(TEXT, said[:36], fin=False) + frame(PING, b"between") + frame(0, b"", fin=False))
        raw.send(frame(0, said[36:]))
        assert await raw.frame() == (PONG, b"between")
        assert (await raw.hear())["text"] == "😀"


def test_empty_fragments_cost_no_memory() -> None:
    """A hundred thousand of them hold less than a byte each."""
    assembly, empty = MessageAssembly(Limits().max_message_bytes), Fragment()
    tracemalloc.start()
    for _ in range(100_000):
        assert assembly.add(empty) is None  # type: ignore[arg-type]
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 100_000


class Fragment:
    opcode, data, fin = None, b"", False


@in_every_house
async def test_after_a_close_nothing_is_acted_on(house: str, tmp_path: Path) -> None:
    """A wrong credential, then the right one, a join and a chat, in one packet: refused, and nobody hears anything."""
    async with serving_in(house, tmp_path) as server:
        witness = await Raw.enter(server.url, TOKEN, "a")
        raw = await Raw.open(server.url)
        for token in ("wrong-token", TOKEN):
            raw.say(type="auth", token=token)
        raw.say(type="join", roomId="a")
        raw.chat("a", "in?")
        assert await raw.ending() == (4403, "auth failed")
        assert await witness.everything() == []


@in_every_house
async def test_everything_in_one_packet_works(house: str, tmp_path: Path) -> None:
    """The handshake, auth, join and chat, before the server has said a word."""
    async with serving_in(house, tmp_path) as server:
        raw = await Raw.dial(server.url)
        said = [{"type": "auth", "token": TOKEN}, {"type": "join", "roomId": "a"}, CHAT]
        raw.send(upgrade() + b"".join(text(message) for message in said))
        assert (await raw.head()).status == 101
        assert [said["type"] for said in await raw.hear_many(3)] == ["auth_ok", "joined", "chat"]


async def test_silence_is_ended_before_and_after_the_handshake() -> None:
    """No request: the TCP connection ends. No auth: 4401. A slow auth is as good as none."""
    async with serving(limits={"auth_timeout_s": 0.3}) as server:
        mute, half = await Raw.dial(server.url), await Raw.dial(server.url)
        half.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        unnamed, pinging = await Raw.open(server.url), await Raw.open(server.url)
        pinging.send(frame(PING, b""))
        assert await unnamed.ending() == (4401, "auth required")
        assert await pinging.ending() == (4401, "auth required")
        await mute.gone()
        await half.gone()
        await pair(server.url)


async def test_auth_in_time_outlives_the_auth_timeout() -> None:
    """The deadline is for auth alone."""
    async with serving(limits={"auth_timeout_s": 0.2}) as server:
        raw = await Raw.enter(server.url, TOKEN, "a")
        await asyncio.sleep(0.6)
        assert await raw.everything() == []


async def test_a_peer_that_ignores_our_close_frame_is_cut_off() -> None:
    """It reads and never answers: after the deadline the TCP connection ends all the same, and is counted no more."""
    async with serving() as server:
        raw = await Raw.enter(server.url)
        raw.answers_close = False
        raw.send(text("{"))
        assert await raw.ending() == (1008, "invalid JSON")
        assert len(server.hub.state.connections) == 1
        await raw.gone()
        await until(lambda: not server.hub.state.connections)


async def test_peer_closing_is_answered_and_leaves_its_rooms() -> None:
    """1000 for 1000; and a peer that only hangs up leaves them too."""
    async with serving() as server:
        watcher = await Raw.enter(server.url, TOKEN, "a")
        watcher.say(type="presence", roomId="a")
        await watcher.hear("presence")
        polite, rude = await Raw.enter(server.url, TOKEN, "a"), await Raw.enter(server.url, TOKEN, "a")
        await watcher.hear_many(2, "entered")
        polite.send(close_frame(1000, "bye"))
        assert (await polite.ending())[0] == 1000
        assert (await watcher.hear("gone"))["userId"] == polite.ok["userId"]
        rude.drop()
        assert (await watcher.hear("gone"))["userId"] == rude.ok["userId"]


async def test_ping_flood_without_reading_closes_the_peer() -> None:
    """Pongs pass the outbox by, so they have a bound of their own: 1013, and the memory is free."""
    small = {"max_message_bytes": 2_000, "max_frame_bytes": 4_000, "outbox_bytes": 4_000, "messages_per_s": None}
    async with serving(limits={**small, "send_buffer_bytes": 4_096}) as server:
        raw = await Raw.enter(server.url)
        raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(40_000):
            raw.send(frame(PING, b"x" * 125))
            if raw.writer.transport.is_closing() or not server.hub.state.connections:
                break
            if _ % 100 == 0:
                await asyncio.sleep(0)
        await until(lambda: not server.hub.state.connections)
        back = await Raw.enter(server.url, previous=raw.ok["connectionId"])
        assert back.ok["previousClose"]["code"] == 1013


async def test_unsolicited_pongs_count_as_messages() -> None:
    """A flood of them is 4429."""
    async with serving(limits={"messages_per_s": 1e-6, "message_burst": 5}) as server:
        raw = await Raw.enter(server.url)
        for _ in range(110):
            raw.send(frame(10, b"unasked"))
        assert await raw.ending() == (4429, "rate limited retry=10000")


async def test_bytes_after_an_http_request_are_dropped() -> None:
    """A second request behind the first is not answered: one answer, then the end."""
    async with serving() as server:
        raw = await Raw.dial(server.url)
        raw.send(request("GET", "/healthz") * 3)
        answer = await raw.http()
        assert (answer.status, answer.body) == (200, b"ok\n")
