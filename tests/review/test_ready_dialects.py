"""The ready dialects follow a conversation with such a server, hold where it is sound, and find a leak."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from labkit.review import examine
from labkit.review.dialect import BadDialect, read_dialect, ready_dialects
from labkit.review.packing import PACKINGS, packed, unpacked
from tests.e2e.need import node_module, node_path
from tests.review.foreign_servers import SOCKET_IO, TOKEN, Centrifugo, Phoenix, serving
from tests.review.talker import Talker, url_of

ONLY = ["rooms/1", "rooms/2", "rooms/6", "rooms/8", "validation/1", "validation/8", "protocol/10", "secrets/3"]


@asynccontextmanager
async def socket_io(tmp: Path, **environment: str) -> AsyncIterator[str]:
    """Run a chat on the real Socket.IO; yield its address."""
    env = {"PATH": os.environ["PATH"], "SOCKET_IO": str(node_module("socket.io")), "TOKEN": TOKEN, **environment}
    script = tmp / "chat.cjs"
    script.write_text(SOCKET_IO)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    child = await asyncio.create_subprocess_exec(node_path(), str(script), env=env, **pipes)
    assert child.stdin is not None and child.stdout is not None
    yield f"ws://127.0.0.1:{int(await asyncio.wait_for(child.stdout.readline(), 30))}"
    child.stdin.close()
    await child.wait()


@pytest.mark.parametrize("recovery", ["", "on"])
async def test_socket_io_is_followed_with_and_without_recovery(recovery: str, tmp_path: Path) -> None:
    async with socket_io(tmp_path, RECOVERY=recovery) as url:
        only = [*ONLY, "heartbeat/2", "auth/1", "auth/6", "auth/7"]
        limits = {"ping_interval_s": 1, "ping_timeout_s": 1}
        report = await examine(
            url, profile="core", only=only, tokens=[TOKEN], dialect="socket.io", promised=limits, patience_s=3
        )
    assert report.summary == {"held": len(only), "broken": 0, "unknown": 0}, str(report)


async def test_leak_of_a_socket_io_chat_is_found(tmp_path: Path) -> None:
    async with socket_io(tmp_path, LEAKS="yes") as url:
        report = await examine(url, profile="core", only=["rooms/1", "rooms/2"], tokens=[TOKEN], dialect="socket.io")
    assert report.ids("broken") == ["rooms/2"], str(report)


@pytest.mark.parametrize(
    ("dialect", "kind", "leak"), [("phoenix", Phoenix, "rooms/2"), ("centrifugo", Centrifugo, "rooms/1")]
)
async def test_other_wire_formats_are_followed_and_a_leak_is_found(
    dialect: str, kind: type[Phoenix] | type[Centrifugo], leak: str
) -> None:
    broken = {}
    for leaks in (False, True):
        async with serving(kind(leaks=leaks)) as server:
            report = await examine(
                url_of(server), profile="core", only=ONLY, tokens=[TOKEN], dialect=dialect, patience_s=3
            )
        assert report.ids("unknown") == [], str(report)
        broken[leaks] = report.ids("broken")
    assert broken[False] == []
    assert leak in broken[True]


async def test_article_dialect_has_no_leave() -> None:
    async with Talker(bad_room="\0").serving() as server:
        report = await examine(url_of(server), only=["rooms/1", "rooms/3"], dialect="article")
    assert report.not_applicable["rooms/3"] == "does not apply: the server has no leave message"
    assert report["rooms/1"].verdict == "held"


def test_ready_dialect_can_be_the_base_of_another(tmp_path: Path) -> None:
    assert list(ready_dialects()) == ["article", "centrifugo", "phoenix", "socket.io"]
    file = tmp_path / "mine.toml"
    file.write_text('base = "socket.io"\n[types]\nchat = "say"\n[without]\nmeaning = ["news"]\n')
    dialect = read_dialect(file)
    assert (dialect.types["chat"], dialect.types["auth"], dialect.messages) == ("say", "connect", "socket.io")
    assert dialect.ignored == ("connect_error", "news")
    file.write_text('base = "soket.io"\n')
    with pytest.raises(BadDialect, match=r"did you mean 'socket.io'\?"):
        read_dialect(file)
    with pytest.raises(BadDialect, match=r"the ready dialects are article, centrifugo, phoenix, socket\.io"):
        read_dialect(tmp_path / "missing.toml")


@pytest.mark.parametrize("packing", PACKINGS)
def test_message_survives_its_packing(packing: str) -> None:
    """What is packed is unpacked to the same fields; garbage of any kind raises nothing."""
    message = {"type": "say", "topic": "a", "text": "x"}
    text = packed(packing, "type", message)
    if packing == "array":
        text = f"[{text}]"
    one = json.loads(unpacked(packing, "type", text.encode())[0])
    assert {name: one[name] for name in message} == message
    for garbage in (b"", b"[", b"42", b"42[", b"null", b"[1]", b"{}", b"\xff", b"44/x", b"7", b'[1,2,3,"phx_reply",5]'):
        assert isinstance(unpacked(packing, "type", garbage), list)


def test_socket_io_arguments_are_named_by_their_place() -> None:
    assert packed("socket.io", "type", {"type": "say", "0": "lobby", "1": "hi"}) == '42["say","lobby","hi"]'
    assert json.loads(unpacked("socket.io", "type", b'42["said","lobby",{"text":"hi"}]')[0]) == {
        "type": "said",
        "0": "lobby",
        "1": {"text": "hi"},
        "text": "hi",
    }
