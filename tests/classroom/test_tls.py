"""A certificate of the class's own: made once, and trusted by its fingerprint and nothing else."""

import asyncio
import stat
from pathlib import Path

import pytest

from labkit.bench.ask import ask
from labkit.classroom.tls import NoCertificate, fingerprint, own_certificate, pinned
from labkit.commands.running import tls_of
from labkit.wire.server import Server
from tests.wire.raw import on_a_loop


def test_it_is_made_once_and_its_key_is_ours_alone(tmp_path: Path) -> None:
    """A restart of the class shows the same certificate, so the slips stay right."""
    made = own_certificate(tmp_path / "physics.class.db", "192.0.2.9")
    before = fingerprint(made[0])
    assert own_certificate(tmp_path / "physics.class.db", None) == made
    assert fingerprint(made[0]) == before
    assert stat.S_IMODE(made[1].stat().st_mode) == 0o600


def test_somebody_elses_certificate_is_left_alone(tmp_path: Path) -> None:
    """One of the two files without the other is not ours to write over."""
    for name in ("server.crt", "server.pem"):
        (tmp_path / name).write_text("theirs")
        with pytest.raises(NoCertificate, match=f"{name} is there"):
            own_certificate(tmp_path / "server.db", None)
        assert (tmp_path / name).read_text() == "theirs"
        (tmp_path / name).unlink()


@on_a_loop
async def test_the_slips_fingerprint_opens_it_and_another_does_not(tmp_path: Path) -> None:
    """Who stands in between, with a certificate of their own, gets no code."""
    theirs = own_certificate(tmp_path / "theirs.db", None)
    ours = own_certificate(tmp_path / "ours.db", None)
    async with Server("127.0.0.1", 0, tls=tls_of(*ours)) as server:
        expected = fingerprint(ours[0]) or ""
        context = await asyncio.to_thread(pinned, server.url, expected.upper())
        assert await asyncio.to_thread(ask, server.url, "/healthz", tls=context) == b"ok\n"
        with pytest.raises(NoCertificate, match="another certificate than the one on your slip"):
            await asyncio.to_thread(pinned, server.url, fingerprint(theirs[0]) or "")
    async with Server("127.0.0.1", 0, tls=tls_of(*theirs)) as impostor:
        with pytest.raises(OSError, match="certificate verify failed"):
            await asyncio.to_thread(ask, impostor.url, "/healthz", tls=context)
