"""A plain `labkit serve` that restarts: which sessions resume, and which must not."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from labkit.commands.session_key import NAME, forget_session_key, session_key, state_folder
from labkit.wire.keyfile import KeyFileError
from tests.classroom.test_no_home import no_home
from tests.ports import free_port
from tests.wire.people import FILE, OPS, refused, revoke, ticket
from tests.wire.raw import TOKEN, Raw, process

PLAIN = {"host": "localhost", "port": 8080, "token": "dev-token", "users": None}


async def test_session_resumes_after_restart(tmp_path: Path) -> None:
    """Also after a crash; the room is new, which the client sees as a gap."""
    options = ["--port", str(free_port())]
    names, resume, since = [], TOKEN, None
    for end in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
        async with process(tmp_path, *options, XDG_STATE_HOME=str(tmp_path)) as server:
            member = await Raw.enter(server.url, resume)
            member.say(type="join", roomId="a", **({"since": since} if since else {}))
            joined = await member.hear("joined")
            assert joined["gap"] is (since is not None)
            names, resume = [*names, member.ok["userId"]], member.ok["resume"]
            since = {"epoch": joined["epoch"], "seq": joined["seq"]}
            await server.end(end)
    assert len(names) == 3 and len(set(names)) == 1
    key = tmp_path / "labkit" / NAME
    assert key.stat().st_mode & 0o777 == 0o600 and key.parent.stat().st_mode & 0o777 == 0o700


async def test_ticket_and_revoked_user_end_with_server(tmp_path: Path) -> None:
    """Neither is stored without an audit file, so a restart must admit neither."""
    users = tmp_path / "users.csv"
    users.write_text(FILE)
    options = ["--port", str(free_port()), "--users", str(users)]
    environment = {"XDG_STATE_HOME": str(tmp_path), "OPS_TOKEN": OPS}
    async with process(tmp_path, *options, **environment) as server:
        spent, unused = await ticket(server.url, "ada"), await ticket(server.url, "ada")
        ada = await Raw.enter(server.url, spent)
        await server.end(signal.SIGTERM)
    async with process(tmp_path, *options, **environment) as server:
        assert [await refused(server.url, one) for one in (spent, unused)] == [(4403, "auth failed")] * 2
        again = await Raw.enter(server.url, ada.ok["resume"])
        assert again.ok["userId"] == "ada"
        assert (await revoke(server.url, "ada")).status == 200
        await server.end(signal.SIGTERM)
    async with process(tmp_path, *options, **environment) as server:
        assert (await refused(server.url, again.ok["resume"]))[0] == 4419


async def test_key_is_not_kept_in_foreign_folder(tmp_path: Path) -> None:
    """With a parent, an audit file or a random port, the server stores no key."""
    port = str(free_port())
    for options in (["--port", "0"], ["--port", port, "--audit", str(tmp_path / "room.db")]):
        async with process(tmp_path, *options, XDG_STATE_HOME=str(tmp_path)) as server:
            await server.end(signal.SIGTERM)
    async with process(
        tmp_path, "--port", port, "--with-parent", stdin=asyncio.subprocess.PIPE, XDG_STATE_HOME=str(tmp_path)
    ) as server:
        await server.end(signal.SIGTERM)
    assert not (tmp_path / "labkit").exists()


def test_key_differs_between_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session is not valid at a server with another folder, port, token or user list."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    users = tmp_path / "users.csv"
    users.write_text("name,code\nana,one")
    kinds = [PLAIN, PLAIN | {"port": 8081}, PLAIN | {"token": "other-token"}, PLAIN | {"users": users}]
    keys = [session_key(**kind) for kind in kinds]
    assert session_key(**PLAIN) == keys[0]
    users.write_text("name,code\nana,two")
    keys.append(session_key(**kinds[3]))
    monkeypatch.chdir(tmp_path / "state")
    keys.append(session_key(**PLAIN))
    (state_folder() / NAME).unlink()
    keys.append(session_key(**PLAIN))
    assert len({key.secret for key in keys}) == len(keys)


def test_key_folder_unusable_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(KeyFileError, match="the state folder cannot store a key"):
        session_key(**PLAIN)


def test_user_without_home_has_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And none to forget, when a user is revoked."""
    no_home(monkeypatch, tmp_path)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    with pytest.raises(KeyFileError, match=r"this user has no home folder; set XDG_STATE_HOME$"):
        session_key(**PLAIN)
    forget_session_key()


async def test_server_without_key_says_so_and_runs(tmp_path: Path) -> None:
    async with process(tmp_path, "--port", str(free_port()), XDG_STATE_HOME=os.devnull) as server:
        await Raw.enter(server.url, TOKEN)
        assert await server.end(signal.SIGTERM) == 0
        assert server.child.stdout is not None
        rest = (await server.child.stdout.read()).decode()
    assert "because the state folder cannot store a key" in rest and "--audit FILE keeps them" in rest
