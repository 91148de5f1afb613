"""A self-signed certificate of a class: made once, and trusted by its fingerprint only."""

import asyncio
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labkit.bench.ask import ask
from labkit.classroom import joining, tls
from labkit.classroom.tls import NoCertificate, fingerprint, own_certificate, pinned
from labkit.commands.running import tls_of
from labkit.wire.client.client import Client, NotARoomServer
from labkit.wire.server import Server


def test_certificate_is_made_once_with_private_key(tmp_path: Path) -> None:
    """A restarted class shows the same certificate, so that the slips stay valid."""
    made = own_certificate(tmp_path / "physics.class.db", "192.0.2.9")
    before = fingerprint(made[0])
    assert own_certificate(tmp_path / "physics.class.db", None) == made
    assert fingerprint(made[0]) == before
    assert stat.S_IMODE(made[1].stat().st_mode) == 0o600


def test_certificate_of_someone_else_is_kept(tmp_path: Path) -> None:
    for name in ("server.crt", "server.pem"):
        (tmp_path / name).write_text("theirs")
        with pytest.raises(NoCertificate, match=f"{name} exists"):
            own_certificate(tmp_path / "server.db", None)
        assert (tmp_path / name).read_text() == "theirs"
        (tmp_path / name).unlink()


async def test_fingerprint_on_slip_admits_only_that_server(tmp_path: Path) -> None:
    """A man in the middle with another certificate gets no code."""
    theirs = own_certificate(tmp_path / "theirs.db", None)
    ours = own_certificate(tmp_path / "ours.db", None)
    async with Server("127.0.0.1", 0, tls=tls_of(*ours)) as server:
        expected = fingerprint(ours[0]) or ""
        context = await asyncio.to_thread(pinned, server.url, expected.upper())
        assert await asyncio.to_thread(ask, server.url, "/healthz", tls=context) == b"ok\n"
        with pytest.raises(NoCertificate, match="is not the one on your slip"):
            await asyncio.to_thread(pinned, server.url, fingerprint(theirs[0]) or "")
    async with Server("127.0.0.1", 0, tls=tls_of(*theirs)) as impostor:
        with pytest.raises(OSError, match="certificate verify failed"):
            await asyncio.to_thread(ask, impostor.url, "/healthz", tls=context)


def made_when(folder: Path, off: timedelta, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The certificate of a class whose clock differs from ours by that much."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "Clock":
            return cls.fromtimestamp((datetime.now(UTC) + off).timestamp(), UTC)

    with monkeypatch.context() as patch:
        patch.setattr(tls, "datetime", Clock)
        return own_certificate(folder / "class.db", None)


@pytest.mark.parametrize("days", [-463, -32, 60, 463])
async def test_fingerprint_works_with_any_clock(tmp_path: Path, days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over HTTP and WebSocket, long before the certificate starts and long after it ends."""
    made = made_when(tmp_path, timedelta(days=days), monkeypatch)
    async with Server("127.0.0.1", 0, tls=tls_of(*made)) as server:
        context = await asyncio.to_thread(pinned, server.url, fingerprint(made[0]) or "")
        assert await asyncio.to_thread(ask, server.url, "/healthz", tls=context) == b"ok\n"
        async with Client(server.url, "dev-token", tls=context) as client:
            assert client.user_id


def test_certificate_is_backdated_by_weeks(tmp_path: Path) -> None:
    """For browsers, which know no fingerprint, on a laptop whose clock is behind."""
    certfile, _ = own_certificate(tmp_path / "class.db", None)
    decoded = ssl._ssl._test_decode_cert(str(certfile))  # type: ignore[attr-defined]
    begins = ssl.cert_time_to_seconds(decoded["notBefore"])
    assert begins < (datetime.now(UTC) - timedelta(weeks=3)).timestamp()
    assert ssl.cert_time_to_seconds(decoded["notAfter"]) - begins <= timedelta(days=400).total_seconds()


@pytest.mark.parametrize(("days", "fault"), [(463, "becomes valid"), (-463, "certificate expired")])
async def test_certificate_date_fault_names_clock(
    tmp_path: Path, days: int, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a fingerprint the system checks the dates; the message must not blame the address."""
    certfile, keyfile = made_when(tmp_path, timedelta(days=days), monkeypatch)
    monkeypatch.setenv("SSL_CERT_FILE", str(certfile))
    async with Server("localhost", 0, tls=tls_of(certfile, keyfile)) as server:
        with pytest.raises(ConnectionError, match=rf"responds, but your clock says \d{{4}}-.*{fault}") as error:
            await asyncio.to_thread(joining.join, server.url, "code", "ana")
        assert "no class responds" not in str(error.value)
        with pytest.raises(NotARoomServer, match=f"your clock says .*{fault}"):
            async with Client(server.url, "dev-token"):
                pass


async def test_certificate_without_fingerprint_is_explained(tmp_path: Path) -> None:
    async with Server("localhost", 0, tls=tls_of(*own_certificate(tmp_path / "class.db", None))) as server:
        with pytest.raises(ConnectionError, match=r"is not trusted here .*give the fingerprint"):
            await asyncio.to_thread(joining.join, server.url, "code", "ana")
