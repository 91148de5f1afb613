"""Plain HTTP on the same port: what each path answers, to whom, and what is refused."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from labkit.wire.server import Server
from tests.wire.people import OPERATOR, OPS, refused, ticket_answer, users
from tests.wire.raw import TOKEN, Answer, Raw, ask, pair, request, serving, until, upgrade

HOST = {"Host": "localhost"}


async def get(server: Server, path: str, method: str = "GET", **headers: str) -> Answer:
    """One request."""
    return await ask(server.url, request(method, path, {**HOST, **headers}))


@pytest.mark.parametrize("version", ["8", "0", "14", "", "thirteen", "13, 8", None])
async def test_other_websocket_version_gets_ours(version: str | None) -> None:
    """RFC 6455, section 4.4: a client that speaks several may try again."""
    lines = upgrade().replace(b"Sec-WebSocket-Version: 13\r\n", b"")
    head = lines if version is None else lines[:-2] + f"Sec-WebSocket-Version: {version}\r\n\r\n".encode()
    async with serving() as server:
        answer = await ask(server.url, head)
    assert answer.status in (400, 426) and answer.headers["sec-websocket-version"] == "13"


async def test_health_and_the_line_for_what_is_no_browser() -> None:
    """Each answer ends its connection, and no cache keeps it."""
    async with serving() as server:
        for path, body in (("/", b"WebSocket server is running\n"), ("/healthz", b"ok\n"), ("/readyz?x=1", b"ready\n")):
            answer = await get(server, path)
            assert (answer.status, answer.body) == (200, body)
            assert (answer.headers["connection"], answer.headers["cache-control"]) == ("close", "no-store")
            assert answer.headers["content-length"] == str(len(body))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404),
        ("GET", "/ticket", 405),
        ("POST", "/healthz", 405),
        ("DELETE", "/", 405),
        ("POST", "/nothing", 404),
        ("GET", "/revoke/ada", 405),
    ],
)
async def test_wrong_path_or_method_gets_404_or_405(method: str, path: str, status: int) -> None:
    """404, or 405 with what would do."""
    async with serving() as server:
        answer = await get(server, path, method)
        assert answer.status == status
        assert ("allow" in answer.headers) is (status == 405)


async def test_head_is_get_without_its_body() -> None:
    """The same head, the length of the body it does not send."""
    async with serving() as server:
        head, whole = await get(server, "/healthz", "HEAD"), await get(server, "/healthz")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == whole.headers["content-length"] == "3"


@pytest.mark.parametrize("path", ["/", "/ticket", "/healthz"])
async def test_a_body_is_refused(path: str) -> None:
    """POST with a body, in one packet, in two, and in chunks: 400, and the server is well."""
    async with serving() as server:
        body = b"x" * 5_000
        for headers, sent in (
            ({"Content-Length": "5000"}, body),
            ({"Content-Length": "5000"}, b""),
            ({"Transfer-Encoding": "chunked"}, b"5\r\nhello\r\n0\r\n\r\n"),
        ):
            answer = await ask(server.url, request("POST", path, {**HOST, **headers}, sent))
            assert (answer.status, answer.headers["connection"]) == (400, "close")
        await pair(server.url)


async def test_head_too_large_is_431_in_one_packet_and_in_many() -> None:
    """The server keeps no more of it than it has to."""
    async with serving() as server:
        large = request("GET", "/", {f"X-{number}": "x" * 900 for number in range(20)})
        assert (await ask(server.url, large)).status == 431
        raw = await Raw.dial(server.url)
        for at in range(0, len(large), 1_000):
            raw.send(large[at : at + 1_000])
            await asyncio.sleep(0)
        assert (await raw.http()).status == 431


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n\r\n",
        b"HELLO\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_400(head: bytes) -> None:
    """One line, and the end."""
    async with serving() as server:
        assert (await ask(server.url, head)).status == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Sec_WebSocket_Version": "12"}, 400), ({"Sec_WebSocket_Key": "short"}, 400), ({"Connection": "close"}, 426)],
)
async def test_a_broken_handshake_is_refused_over_http(headers: Mapping[str, str], status: int) -> None:
    """And the connection ends."""
    async with serving() as server:
        assert (await ask(server.url, upgrade(**headers))).status == status


async def test_a_handshake_may_come_a_byte_at_a_time() -> None:
    """As long as it comes in time."""
    async with serving() as server:
        raw = await Raw.dial(server.url)
        for byte in upgrade():
            raw.send(bytes([byte]))
            await asyncio.sleep(0)
        assert (await raw.head()).status == 101


async def test_metrics_are_what_prometheus_reads(tmp_path: Path) -> None:
    """Counts that fit what was done, read by Prometheus' own parser."""
    async with serving(users=users(tmp_path)) as server:
        ann = await Raw.enter(server.url, TOKEN, "a")
        bob = await Raw.enter(server.url, TOKEN, "a")
        for _ in range(2):
            ann.chat("a", "hi", requestId="r")
        await ann.hear_many(2, "chat")
        bob.say(type="join", roomId="a")
        await bob.hear("error")
        await refused(server.url, "wrong-token")
        assert (await ask(server.url, upgrade(Origin="https://evil.example"))).status == 403
        answer = await get(server, "/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        families = text_string_to_metric_families(answer.body.decode())
        found = {
            (sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples
        }
        expected = {
            ("labkit_handshakes_total",): 3,
            ("labkit_rejected_total",): 1,
            ("labkit_received_total",): 8,
            ("labkit_events_total",): 1,
            ("labkit_duplicates_total",): 1,
            ("labkit_delivered_total",): 2,
            ("labkit_closed_total", "4403"): 1,
            ("labkit_refused_total", "403"): 1,
            ("labkit_errors_total", "duplicate_join"): 1,
            ("labkit_rooms",): 1,
            ("labkit_busy_total",): 0,
        }
        assert {name: found.get(name) for name in expected} == expected
        assert found["labkit_connections",] >= 2 and found["labkit_outbox_bytes",] == 0


async def test_connections_are_for_operators() -> None:
    """403 without OPS_TOKEN, 401 without or with a wrong bearer, a JSON line a connection with the right one."""
    async with serving() as server:
        assert (await get(server, "/connections", Authorization="Bearer ")).status == 403
        assert (await get(server, "/revoke/ada", "POST", Authorization="Bearer None")).status == 403
    async with serving(ops_token=OPS) as server:
        for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": OPS}):
            answer = await get(server, "/connections", **wrong)
            assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        ann = await Raw.enter(server.url, TOKEN, "a")
        ann.say(type="ping")
        await ann.hear()
        await Raw.open(server.url)
        answer = await get(server, "/connections", **OPERATOR)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert answer.body.count(b"\n") == 2 + len(answer.json)
        lines = {line["connectionId"]: line for line in answer.json}
        mine = lines.pop(ann.ok["connectionId"])
        assert (mine["userId"], mine["rooms"], mine["state"]) == (ann.ok["userId"], {"a": "rw"}, "open")
        assert (mine["received"], mine["sent"], mine["outboxBytes"]) == (3, 4, 0)  # the fourth is `reconnect`
        (other,) = lines.values()
        assert (other["userId"], other["state"], other["address"]) == (None, "authenticating", "127.0.0.1")


async def test_an_answer_larger_than_an_outbox_arrives_whole() -> None:
    """A long list, to an operator who reads slowly: that is no slow consumer."""
    small = {"max_message_bytes": 500, "max_frame_bytes": 1_000, "outbox_bytes": 1_000, "send_buffer_bytes": 4_096}
    async with serving(ops_token=OPS, limits=small) as server:
        for _ in range(60):
            await Raw.enter(server.url)
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", server.port))
        raw = Raw(*await asyncio.open_connection(sock=sock, limit=512))
        raw.send(request("GET", "/connections", OPERATOR))
        await asyncio.sleep(0.05)
        answer = await raw.http()
        assert len(answer.body) == int(answer.headers["content-length"]) > 15_000
        assert len(json.loads(answer.body)) == 60


async def test_ready_turns_red_while_the_server_drains() -> None:
    """Who is connected already is told 503; the health of the process is another question."""
    async with serving() as server:
        asking = [await Raw.dial(server.url) for _ in range(3)]
        member = await Raw.enter(server.url)
        member.answers_close = False
        draining = asyncio.create_task(server.drain())
        await until(lambda: server.hub.state.admission.is_draining)
        for raw, said, status in zip(
            asking, (request("GET", "/readyz"), request("GET", "/healthz"), upgrade()), (503, 200, 503), strict=True
        ):
            raw.send(said)
            assert (await raw.http()).status == status
        with contextlib.suppress(OSError):
            await Raw.dial(server.url)
            raise AssertionError("it listens no more")
        await draining


async def test_secrets_are_in_no_answer(tmp_path: Path) -> None:
    """Neither the code that was tried nor the bearer comes back."""
    async with serving(users=users(tmp_path), ops_token=OPS) as server:
        answers = [
            await ticket_answer(server.url, "ada", "my-wrong-code"),
            await get(server, "/connections", Authorization="Bearer my-wrong-code"),
            await get(server, "/my-wrong-code"),
        ]
        assert [answer.status for answer in answers] == [401, 401, 404]
        assert not any(b"my-wrong-code" in answer.body + str(answer.headers).encode() for answer in answers)
