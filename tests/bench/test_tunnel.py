"""A class behind a mandatory proxy: Debian's tinyproxy, which wants a name and a password."""

import asyncio
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labkit.bench import tunnel
from labkit.bench.ask import ask
from labkit.bench.tunnel import route_to
from labkit.classroom import joining
from labkit.classroom.membership import NotAdmitted
from labkit.classroom.tls import NoCertificate, fingerprint, own_certificate, pinned
from labkit.commands.running import tls_of
from labkit.platform import proxies
from labkit.wire.client.client import Client
from labkit.wire.server import Server
from tests.classroom.school import teaching
from tests.e2e.need import missing
from tests.ports import free_port
from tests.wire.raw import TOKEN

NAME, PASSWORD = "ana", "s3cret"
QUOTED = f"{NAME}:%733cret"  # as a URL may write it


class Tinyproxy:
    """A running tinyproxy and its log."""

    def __init__(self, port: int, log: Path) -> None:
        self.port, self.log = port, log

    @property
    def tunnels(self) -> list[str]:
        """The addresses that were asked for with CONNECT."""
        return re.findall(r"CONNECT (\S+:\d+) HTTP", self.log.read_text())


@contextmanager
def tinyproxy(folder: Path) -> Iterator[Tinyproxy]:
    program = shutil.which("tinyproxy") or shutil.which("tinyproxy", path="/usr/sbin")
    if program is None:
        missing("tinyproxy")
    port, log = free_port(), folder / "tinyproxy.log"
    settings = [f"Port {port}", "Listen 127.0.0.1", "Allow 127.0.0.1", f"BasicAuth {NAME} {PASSWORD}", "Timeout 60"]
    settings += [f'LogFile "{log}"', "LogLevel Connect", "MaxClients 50"]
    (folder / "tinyproxy.conf").write_text("\n".join(settings) + "\n")
    process = subprocess.Popen([str(program), "-d", "-c", str(folder / "tinyproxy.conf")], stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield Tinyproxy(port, log)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tinyproxy]:
    """The only way out: the class is on loopback, and counts as a machine that cannot be reached directly."""
    monkeypatch.setattr(proxies, "_is_loopback", lambda host: False)
    monkeypatch.setattr(tunnel, "_is_direct", lambda url: False)
    with tinyproxy(tmp_path) as running:
        yield running


def through(proxy: Tinyproxy, login: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{login}127.0.0.1:{proxy.port}")
    monkeypatch.setenv("HTTP_PROXY", f"http://{login}127.0.0.1:{proxy.port}")


async def test_class_is_joined_and_followed_through_the_proxy(
    proxy: Tinyproxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))
    through(proxy, f"{QUOTED}@", monkeypatch)
    caplog.set_level("DEBUG")
    async with teaching(tmp_path, "otter") as school:
        status = await asyncio.to_thread(joining.join, school.url, school.codes["otter"], "otter")
        try:
            assert status.state == joining.CONNECTED, status
            status = await asyncio.to_thread(joining.raise_hand, "02-auth")
            assert status.waiting == 0
            assert (await school.students())["otter"]["hand"] == "02-auth"
        finally:
            await asyncio.to_thread(joining.leave)
    assert len(proxy.tunnels) >= 4 and set(proxy.tunnels) == {school.url.removeprefix("ws://")}
    assert "s3cret" not in caplog.text + repr(status) + (tmp_path / "home" / "progress.jsonl").read_text()


async def test_certificate_is_pinned_through_the_tunnel(
    proxy: Tinyproxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    through(proxy, f"{QUOTED}@", monkeypatch)
    ours = own_certificate(tmp_path / "ours.db", None)
    async with Server("127.0.0.1", 0, tls=tls_of(*ours)) as server:
        way = await asyncio.to_thread(route_to, server.url)
        context = await asyncio.to_thread(pinned, server.url, fingerprint(ours[0]) or "", way)
        assert await asyncio.to_thread(ask, server.url, "/healthz", tls=context, proxy=way) == b"ok\n"
        async with Client(server.url, TOKEN, tls=context, route=lambda: way) as client:
            assert client.user_id
        with pytest.raises(NoCertificate):
            await asyncio.to_thread(pinned, server.url, "0" * 32, way)
    assert len(proxy.tunnels) == 4


@pytest.mark.parametrize(
    ("login", "told"), [("", "needs a name and a password"), ("ana:s3cret-other@", "needs a name and a password")]
)
async def test_proxy_that_refuses_us_is_named_without_the_password(
    login: str, told: str, proxy: Tinyproxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))
    through(proxy, login, monkeypatch)
    async with teaching(tmp_path, "otter") as school:
        with pytest.raises(ConnectionError, match=told) as raised:
            await asyncio.to_thread(joining.join, school.url, school.codes["otter"], "otter")
    assert f"127.0.0.1:{proxy.port}" in str(raised.value) and "s3cret" not in str(raised.value)


async def test_class_in_the_same_room_needs_no_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead proxy in the environment does not matter where the class can be reached."""
    monkeypatch.setattr(proxies, "_is_loopback", lambda host: False)
    monkeypatch.setenv("HTTPS_PROXY", "http://ana:s3cret@127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "socks5://ana:s3cret@127.0.0.1:9")
    async with teaching(tmp_path, "otter") as school:
        assert await asyncio.to_thread(route_to, school.url) is None
        assert await asyncio.to_thread(route_to, school.url.replace("ws", "wss", 1)) is None


def test_unusable_proxy_is_one_sentence_when_joining(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "socks5://ana:s3cret@127.0.0.1:9")
    with pytest.raises((ConnectionError, NotAdmitted), match="which labkit cannot use") as raised:
        joining.join("wss://class.invalid:1", "code-code", "otter")
    assert "s3cret" not in str(raised.value)
