"""One connection of the client against servers that are silent, deaf, rude or not what they seem."""

import asyncio
import json
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.utils import accept_key

from labkit.wire.client.client import Client, ClientClosed, NotARoomServer, Stopped
from labkit.wire.client.reconnect_loop import LONGEST_WAIT_S, NOTICE_S
from labkit.wire.client.state import ClientState
from labkit.wire.server import Server
from tests.commands.certificates import certificate
from tests.wire.client.test_client import connect, drop_everybody
from tests.wire.people import ticket, users
from tests.wire.raw import Raw, port_of, serving, until
from tests.wire.scripted import Peer, Share, client_of, closes, scripted, welcoming

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def answering(talk: Talk) -> AsyncIterator[str]:
    """A TCP server; its address as if it were a room server's."""
    held: list[asyncio.StreamWriter] = []

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        await talk(reader, writer)

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for writer in held:
            writer.transport.abort()


def saying(answer: bytes) -> Talk:
    """Read a request head, answer, and end the connection."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    return talk


# Silence


async def test_a_silent_connection_is_asked_and_then_given_up() -> None:
    """After pingMs of silence a `ping`; no byte for as long as `give_up_s`, and it starts anew."""

    async def black_hole(peer: Peer) -> None:
        await peer.welcome(pingMs=100)
        await peer.admit()
        await peer.stay()

    async with scripted(black_hole, welcoming) as server, client_of(server, give_up_s=0.2) as client:
        await client.join("demo")
        await server.met(1)
        assert server.peers[0].said_types == ["auth", "join", "ping"]
        assert closes(client) == [1006]


async def test_a_connection_that_answers_the_ping_is_kept() -> None:
    """Silence is asked about again and again, and is no fault."""

    async def quiet(peer: Peer) -> None:
        await peer.welcome(pingMs=50)
        while True:
            await peer.hear("ping")
            await peer.say("pong")

    async with scripted(quiet) as server, client_of(server, give_up_s=0.2) as client:
        await until(lambda: server.peers[0].said_types.count("ping") >= 5)
        assert closes(client) == []


async def test_the_servers_own_pings_count_as_life() -> None:
    """A library answers them unseen; the client need not ask what it has just been told."""

    async def beating(peer: Peer) -> None:
        await peer.welcome(pingMs=150)
        for _ in range(12):
            await asyncio.sleep(0.05)
            await peer.socket.ping()
        await peer.hear("chat")

    async with scripted(beating) as server, client_of(server, give_up_s=0.1) as client:
        await asyncio.sleep(0.5)
        assert server.peers[0].said_types == ["auth"]
        assert closes(client) == []


async def test_server_without_ping_interval_gets_the_default_timeout() -> None:
    """Neither the article's auth_ok, without pingMs, nor one with 0 makes silence a fault after `give_up_s`."""

    async def mute(peer: Peer) -> None:
        await peer.welcome(**({} if len(server.peers) == 1 else {"pingMs": 0}))
        await peer.stay()

    async with (
        scripted(mute) as server,
        client_of(server, give_up_s=0.05) as one,
        client_of(server, give_up_s=0.05) as two,
    ):
        await asyncio.sleep(0.4)
        assert [one.state, two.state, len(server.peers)] == [ClientState.OPEN, ClientState.OPEN, 2]


async def test_server_silent_after_auth_is_given_up() -> None:
    """There is no pingMs before auth_ok, but there is a patience."""

    async def mute(peer: Peer) -> None:
        await peer.stay()

    async with scripted(mute, welcoming) as server, client_of(server, give_up_s=0.1) as client:
        assert closes(client) == [1006]
        assert len(server.peers) == 2


async def test_stalled_peer_blocks_neither_watchdog_nor_close() -> None:
    """Megabytes wait for it; the connection is given up all the same, and nothing that was said is lost."""

    async def deaf(peer: Peer) -> None:
        await peer.welcome(pingMs=100)
        await peer.admit()
        peer.socket.transport.pause_reading()
        await peer.socket.wait_closed()

    async with scripted(deaf) as server:
        client = client_of(server, give_up_s=0.2, max_unsent_bytes=20_000_000, stable_s=0)
        async with client:
            await client.join("demo")
            assert client._loop.link is not None
            for _ in range(4000):
                client._loop.link.send_raw(b'{"type":"x","pad":"' + b"x" * 4000 + b'"}')
            await until(lambda: closes(client) == [1006])
            await until(lambda: client._is_in("demo"))
            assert client._loop.link is not None
            for _ in range(4000):
                client._loop.link.send_raw(b'{"type":"x","pad":"' + b"x" * 4000 + b'"}')
            await asyncio.sleep(0.01)
            started = time.monotonic()
        assert time.monotonic() - started < 5  # the library would wait for a drain that never comes


async def test_server_keeping_tcp_open_after_close_is_aborted() -> None:
    """The code counts when it is there; a slot would be missed otherwise."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = (await reader.readuntil(b"\r\n\r\n")).decode()
        writer.write(_accepting(raw))
        await reader.read(1000)  # its auth: from now on the client has nothing to write, and so no write can fail
        writer.write(b"\x88\x13\x03\xf4restart retry=900")
        await asyncio.sleep(60)

    async with answering(talk) as url:
        client = Client(url, "dev-token", rng=Share(0.01))
        entering = asyncio.create_task(client.__aenter__())
        await until(lambda: closes(client) == [1012])
        assert client.log.of("closed")[0].at - client.log.of("authenticating")[0].at < 3
        await until(lambda: client.state is ClientState.WAITING)
        assert client.log.of("waiting")[0].detail["seconds"] == 0.9
        await client.close()
        with pytest.raises(ClientClosed):
            await entering


def _accepting(request: str) -> bytes:
    (key,) = (line.split(": ")[1] for line in request.split("\r\n") if line.lower().startswith("sec-websocket-key"))
    head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    return "\r\n".join([*head, f"Sec-WebSocket-Accept: {accept_key(key)}", "", ""]).encode()


# Nonsense


@pytest.mark.parametrize("nonsense", ["hello", "[1]", '"auth_ok"', "[" * 100_000, b"\x00\x01", "null"])
async def test_other_protocol_ends_the_client_with_a_sentence(nonsense: str | bytes) -> None:
    """Coming back would not help; everybody who waits is told."""

    async def play(peer: Peer) -> None:
        await peer.welcome()
        await peer.hear("ping")
        await peer.socket.send(nonsense)
        await peer.stay()

    async with scripted(play) as server, client_of(server) as client:
        with pytest.raises(NotARoomServer, match="but not a room server"):
            await client.ping()
        assert (client.state, len(server.peers)) == (ClientState.STOPPED, 1)


async def test_a_message_beyond_a_mebibyte_stops_it() -> None:
    """1009, as the table says; coming back with `since` would only fetch it again."""

    async def play(peer: Peer) -> None:
        await peer.welcome()
        await peer.hear("ping")
        await peer.say("pong", padding="x" * (1024 * 1024))
        await peer.stay()

    async with scripted(play) as server, client_of(server) as client:
        with pytest.raises(Stopped, match="1009"):
            await client.ping()


async def test_strange_fields_and_unknown_messages_are_passed_over() -> None:
    """A newer server, or another one, may say more, less or otherwise."""

    async def play(peer: Peer) -> None:
        await peer.welcome(pingMs="soon", reconnect=[], expiresAt=7)
        for strange in (
            {"type": "weather"},
            {"type": 7},
            {},
            {"type": "joined", "roomId": ["demo"]},
            {"type": "joined"},
            {"type": "error"},
            {"type": "error", "code": 5, "requestId": {}, "roomId": 7},
            {"type": "reconnect", "windowMs": "wide"},
            {"type": "chat", "roomId": "demo", "requestId": [], "seq": "1"},
            {"type": "pong"},
            {"type": "left", "roomId": "demo"},
            {"type": "presence", "roomId": {}},
        ):
            await peer.socket.send(json.dumps(strange))
        await peer.hear("ping")
        await peer.say("pong")
        await peer.stay()

    async with scripted(play) as server, client_of(server) as client:
        assert await client.ping() > 0
        assert client.rooms == {}


async def test_a_strange_seq_of_a_room_is_passed_over() -> None:
    """As text, the next event would be compared with it: the client goes on, and tells what it cannot know as a gap."""

    async def play(peer: Peer) -> None:
        await peer.welcome()
        await peer.admit(seq="7")
        await peer.say("chat", roomId="demo", text="hi", seq=8, id="1", userId="ann", requestId="q")
        await peer.stay()

    async with scripted(play) as server, client_of(server) as client:
        room = await client.join("demo")
        assert (await anext(room))["type"] == "gap"
        assert (await anext(room))["text"] == "hi"


# Addresses


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("http://localhost:8080", "use ws:// instead of http://"),
        ("https://localhost:8080", "use wss:// instead of https://"),
        ("localhost:8080", "ws://localhost:8080"),
        ("ws://", "ws://localhost:8080"),
        ("ws://:8080", "ws://localhost:8080"),
        ("", "ws://localhost:8080"),
        ("ws://localhost:99999", "ws://localhost:8080"),
        ("ws://[::1", "ws://localhost:8080"),
        ("ws://ana:hunter22@localhost:8080", "do not put a secret in a URL"),
        ("ws://hunter22@localhost:8080", "do not put a secret in a URL"),
        ("http://ana:hunter22@localhost:8080", "do not put a secret in a URL"),
        ("ws://localhost:8080/?token=hunter22", "do not put a secret in a URL"),
        ("ws://localhost:8080/#hunter22", "do not put a secret in a URL"),
        ("ws://ana:hunter22@localhost:99999", "not the address"),
        ("t.0123456789ab.eyJpZCI6MX0.hunter22", "not the address"),
        ("hunter22", "not the address"),
    ],
)
def test_wrong_address_fails_at_once_without_its_secret(url: str, advice: str) -> None:
    """Before anything is sent anywhere."""
    with pytest.raises(ValueError, match=advice) as wrong:
        Client(url, "dev-token")
    assert "hunter22" not in str(wrong.value)


@pytest.mark.parametrize("url", ["ws://localhost", "wss://example.org/rooms", "ws://[::1]:8080", "ws://127.0.0.1:80"])
def test_a_right_address_is_taken_as_it_is(url: str) -> None:
    """Also without a port, and with a path."""
    assert Client(url, "dev-token").url == url


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "403 Forbidden", "404 Not Found", "426 Upgrade"])
async def test_an_address_that_opens_no_websocket_is_not_tried_again(status: str) -> None:
    """The status is in the text."""
    async with answering(saying(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())) as url:
        with pytest.raises(NotARoomServer, match=f"HTTP {status[:3]}"):
            await Client(url, "dev-token").__aenter__()


async def test_a_redirect_is_not_followed_with_the_credential() -> None:
    """The token in the first message is for the address that the user gave, and for no other."""
    async with scripted(welcoming) as other:
        moved = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n"
        async with answering(saying(moved.encode())) as url:
            with pytest.raises(NotARoomServer, match="HTTP 307"):
                await Client(url, "dev-token").__aenter__()
        assert other.peers == []


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_status_that_passes_is_waited_out(status: int) -> None:
    """A full server, or a gateway whose server restarts, lets us in later; the reason of the wait is in the log."""
    knocks = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal knocks
        knocks += 1
        await saying(f"HTTP/1.1 {status} Later\r\nContent-Length: 0\r\n\r\n".encode())(reader, writer)

    async with answering(talk) as url:
        client = Client(url, "dev-token", rng=Share(0.001), open_timeout_s=0.3)
        with pytest.raises(TimeoutError, match=f"HTTP {status}"):
            await client.__aenter__()
        assert knocks > 2
        assert client.log.of("closed")[0].detail["why"] == f"HTTP {status}"


async def test_gateway_404_does_not_end_a_client_that_was_in() -> None:
    """Hopeless is an address that never let us in; one that did will do so again."""
    answers = [b"", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"]
    async with (
        scripted(welcoming) as server,
        answering(_front(answers, port_of(server.url))) as front,
        Client(front, "dev-token", rng=Share(0.01)) as client,
    ):
        server.peers[0].abort()
        await until(lambda: len(client.log.of("auth_ok")) == 2)
        first, second = client.log.of("closed")
        assert "HTTP 404" in second.detail["why"]
        assert "HTTP" not in first.detail.get("why", "")


def _front(answers: list[bytes], port: int) -> Talk:
    """A gateway: for each connection the next answer of its own; an empty one, or none left, lets it through."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = answers.pop(0) if answers else b""
        if answer:
            await saying(answer)(reader, writer)
            return
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pipe(reader, back_writer), pipe(back_reader, writer), return_exceptions=True)

    return talk


async def test_refused_port_times_out_with_its_reason() -> None:
    """Until then it may be a server that is still starting."""
    async with answering(saying(b"")) as url:
        pass
    with pytest.raises(
        TimeoutError, match=r"did not accept the login within 0.2 s \(.*(Connect call failed|refused).*is the server"
    ):
        await Client(url, "dev-token", open_timeout_s=0.2).__aenter__()


async def test_missing_server_is_logged_while_connecting(caplog: pytest.LogCaptureFixture) -> None:
    """Long before it gives up; a client that waits in the background for hours says nothing."""
    async with answering(saying(b"")) as url:
        pass
    for patience_s, told in ((2 * NOTICE_S, 1), (2 * LONGEST_WAIT_S, 0)):
        caplog.clear()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Client(url, "dev-token", open_timeout_s=patience_s).__aenter__(), 3 * NOTICE_S)
        lines = [one.getMessage() for one in caplog.records if one.name.endswith("client.reconnect_loop")]
        assert len(lines) == told
        assert all(f"{url} does not answer (connection refused)" in line for line in lines)


async def test_a_server_that_starts_a_moment_later_is_met() -> None:
    """The first connection, too, is tried again."""
    async with answering(saying(b"")) as url:
        pass
    client = Client(url, "dev-token", rng=Share(0.1))
    entering = asyncio.create_task(client.__aenter__())
    await until(lambda: bool(client.log.of("closed")))
    async with Server("127.0.0.1", port_of(url)):
        await entering
        await client.close()


async def test_non_web_server_is_reported() -> None:
    """A line of another protocol instead of an HTTP answer."""
    async with answering(saying(b"SSH-2.0-OpenSSH_9.6\r\n")) as url:
        with pytest.raises(TimeoutError, match="valid HTTP response"):
            await Client(url, "dev-token", open_timeout_s=0.2).__aenter__()


# TLS


async def test_certificate_trusted_connects_untrusted_is_a_sentence(tmp_path: Path) -> None:
    """Retrying does not make a certificate better."""
    made = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.certfile, made.keyfile)
    async with serving(tls=tls) as server:
        assert server.url.startswith("wss://")
        async with connect(server, tls=made.trusting) as client:
            assert (await (await client.join("demo")).chat("hi"))["seq"] == 1
        with pytest.raises(NotARoomServer, match="CERTIFICATE_VERIFY_FAILED"):
            await connect(server).__aenter__()


# Secrets


async def test_no_secret_is_in_any_log_text_or_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Tickets, resume and refresh travel, are refused, and are used again; nothing that is written holds one."""
    caplog.set_level(logging.DEBUG)
    secrets: list[str] = []

    async def fresh() -> str:
        secrets.append(await ticket(server.url, "ada"))
        return secrets[-1]

    async with serving(users=users(tmp_path)) as server:
        client = connect(server, fresh)
        async with client:
            room = await client.join("team:1")
            await room.chat("hi")
            secrets += [str(client._loop._resume), await ticket(server.url, "ada")]
            await client.refresh(secrets[-1])
            secrets.append(str(client._loop._resume))
            drop_everybody(server)
            await until(lambda: len(client.log.of("auth_ok")) == 2)
            secrets.append(await ticket(server.url, "bob"))
            with pytest.raises(Stopped) as stopped:
                await client.refresh(secrets[-1])
        with pytest.raises(Stopped) as refused:
            await connect(server, secrets[0]).__aenter__()
    written = [caplog.text, str(stopped.value), str(refused.value), repr(list(client.log))]
    written += [repr(vars(record)) for record in caplog.records]
    written += [repr(thing) for thing in (client, room, client._loop.link, client._publisher, client._loop, vars(room))]
    assert len(set(secrets)) == 5
    assert [secret for secret in secrets for text in written if secret in text] == []
    assert "closed" in caplog.text  # something was written


async def test_raw_members_hear_the_client() -> None:
    """What it says is what a hand-written member of the room gets, and the other way round."""
    async with serving() as server, connect(server) as client:
        raw = await Raw.enter(server.url, "dev-token", "demo")
        room = await client.join("demo")
        event = await room.chat("h\u00e4llo \U0001f600")
        assert await raw.hear("chat") == event
        raw.chat("demo", "\ud83d half a pair", requestId="r1")
        async with asyncio.timeout(5):
            texts = [(await anext(room))["text"] for _ in range(2)]
        assert texts == ["h\u00e4llo \U0001f600", "\ud83d half a pair"]
