"""`labkit serve` as a process: how it starts, how it ends, and its errors."""

import asyncio
import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from labkit.cli import main
from labkit.commands.failing import CannotRun
from labkit.commands.running import run
from labkit.platform.packages import missing
from labkit.wire.audit.verify import verify
from labkit.wire.server import Server
from tests.commands.certificates import certificate
from tests.hangup import heeded
from tests.wire.people import FILE, OPERATOR, OPS, refused, ticket
from tests.wire.raw import TOKEN, Raw, ask, command, pair, port_of, process, request, upgrade


async def test_sigterm_drains_and_exits_0(tmp_path: Path) -> None:
    audit = tmp_path / "room.db"
    async with process(tmp_path, "--audit", str(audit)) as server:
        members = [await Raw.enter(server.url, TOKEN, "a") for _ in range(10)]
        members[0].chat("a", "last words")
        for member in members:
            assert (await member.hear("chat"))["text"] == "last words"
        endings = [asyncio.create_task(member.ending()) for member in members]
        assert await server.end(signal.SIGTERM) == 0
        slots = [
            re.fullmatch(r"1012 restart retry=(\d+)", f"{code} {why}") for code, why in await asyncio.gather(*endings)
        ]
        assert all(slots) and len({slot[1] for slot in slots if slot}) == 10
        assert {json.loads(line)["level"] for line in server.log.read_text().splitlines()} == {"INFO"}
    assert verify(audit).is_intact


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_server_runs_on_either_event_loop(tmp_path: Path, loop: str) -> None:
    async with process(tmp_path, "--loop", loop, "--audit", str(tmp_path / "room.db")) as server:
        ana, ben = [await Raw.enter(server.url, TOKEN, "a") for _ in range(2)]
        ana.chat("a", "hello")
        assert (await ben.hear("chat"))["text"] == "hello"
        ending = asyncio.create_task(ben.ending())
        assert await server.end(signal.SIGTERM) == 0, server.log.read_text()[-3000:]
        assert (await ending)[0] == 1012
        lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert [line["loop"] for line in lines if line["what"] == "listening"] == [loop]


def test_uvloop_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not ask for uvloop does not use it."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    found: list[str] = []

    async def note() -> None:
        found.append(type(asyncio.get_running_loop()).__module__)

    run(note())
    assert found and found[0].startswith("asyncio")
    refused = note()
    with pytest.raises(CannotRun, match=re.escape(missing("uvloop", "omit --loop"))):
        run(refused, "uvloop")
    with pytest.raises(RuntimeError, match="already awaited"):  # it is closed, so nobody is warned about it
        refused.send(None)


async def test_closed_terminal_drains_like_sigterm(tmp_path: Path) -> None:
    """Some terminals send SIGHUP twice, and systemd sends it right after SIGTERM; that must not cut the drain short."""
    for signals in ((signal.SIGHUP, signal.SIGHUP), (signal.SIGTERM, signal.SIGHUP)):
        with heeded():
            server_of = process(tmp_path, "--audit", str(tmp_path / "room.db"))
            async with server_of as server:
                mute, member = [await Raw.enter(server.url, TOKEN, "a") for _ in range(2)]
                server.child.send_signal(signals[0])
                assert (await member.ending())[0] == 1012
                assert await server.end(signals[1]) == 0
                assert mute.ok


async def test_nohup_ignores_closed_terminal(tmp_path: Path) -> None:
    usual = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        async with process(tmp_path) as server:
            server.child.send_signal(signal.SIGHUP)
            await pair(server.url)
            assert await server.end(signal.SIGTERM) == 0
    finally:
        signal.signal(signal.SIGHUP, usual)


async def test_ctrl_c_ends_cleanly(tmp_path: Path) -> None:
    async with process(tmp_path) as server:
        member = await Raw.enter(server.url, TOKEN, "a")
        ending = asyncio.create_task(member.ending())
        assert await server.end(signal.SIGINT) == 0
        assert (await ending)[0] == 1012
        assert "Traceback" not in server.log.read_text()


async def test_ctrl_c_twice_ends_at_once(tmp_path: Path) -> None:
    """While it drains for a client that does not respond; still no traceback."""
    async with process(tmp_path, "--set", "close_deadline_s=60") as server:
        member = await Raw.enter(server.url, TOKEN, "a")
        member.answers_close = False
        server.child.send_signal(signal.SIGINT)
        assert (await member.ending())[0] == 1012
        assert await server.end(signal.SIGINT) != 0
        assert "Traceback" not in server.log.read_text()


async def test_with_parent_ends_when_stdin_closes(tmp_path: Path) -> None:
    async with process(tmp_path, "--with-parent", stdin=asyncio.subprocess.PIPE) as server:
        assert server.child.stdin is not None
        server.child.stdin.write(b"hello\n")
        await pair(server.url)
        member = await Raw.enter(server.url)
        ending = asyncio.create_task(member.ending())
        server.child.stdin.close()
        assert await asyncio.wait_for(server.child.wait(), 20) == 0
        assert (await ending)[0] == 1012


async def test_with_parent_without_stdin_ends_at_once(tmp_path: Path) -> None:
    async with process(tmp_path, "--with-parent") as server:
        assert await asyncio.wait_for(server.child.wait(), 20) == 0
        assert "Traceback" not in server.log.read_text()


async def test_stdin_without_with_parent_is_ignored(tmp_path: Path) -> None:
    async with process(tmp_path) as server:
        await pair(server.url)
        assert server.child.returncode is None


async def test_localhost_is_both_loopback_addresses(tmp_path: Path) -> None:
    async with process(tmp_path) as server:
        for host in ("127.0.0.1", "::1"):
            assert (await ask(server.url, request("GET", "/healthz"), host)).status == 200


async def test_environment_sets_port_and_token(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    ours = {"PORT": str(port), "DEV_TOKEN": "another-token", "OPS_TOKEN": OPS}
    async with process(tmp_path, **ours) as server:
        assert port_of(server.url) == port
        assert (await Raw.enter(server.url, "another-token")).ok["type"] == "auth_ok"
        assert await refused(server.url, TOKEN) == (4403, "auth failed")
        assert (await ask(server.url, request("GET", "/connections", OPERATOR))).status == 200
    async with process(tmp_path, "--token", "a-third-token", "--port", "0", **ours) as server:
        assert port_of(server.url) != port
        assert (await Raw.enter(server.url, "a-third-token")).ok["type"] == "auth_ok"


async def test_random_token_is_printed_and_admits_file_page(tmp_path: Path) -> None:
    """Nobody else knows the token; the default token does not admit such a page."""
    async with process(tmp_path, "--token", "random") as server:
        assert server.child.stdout is not None
        line = (await server.child.stdout.readline()).decode()
        drawn = line.partition("token: ")[2].strip()
        assert len(drawn) >= 16 and (await Raw.enter(server.url, drawn, Origin="null")).ok["type"] == "auth_ok"
        assert await refused(server.url, TOKEN) == (4403, "auth failed")
        assert drawn not in server.log.read_text()


async def test_page_from_file_needs_option(tmp_path: Path) -> None:
    """Every sandboxed page has the origin null, and `dev-token` is public."""
    async with process(tmp_path) as server:
        assert (await ask(server.url, upgrade(Origin="null"))).status == 403
    async with process(tmp_path, "--allow-origin", "null") as server:
        assert (await Raw.enter(server.url, Origin="null")).ok["type"] == "auth_ok"


async def test_tls_works(tmp_path: Path) -> None:
    """Members receive every message; a stranger that speaks no TLS, or sends nothing, does no harm."""
    made = certificate(tmp_path)
    files = ["--certfile", str(made.certfile), "--keyfile", str(made.keyfile)]
    async with process(tmp_path, *files, "--set", "auth_timeout_s=1", "--set", "close_deadline_s=0.5") as server:
        assert server.url.startswith("wss://localhost:")
        tls = {"ssl": made.trusting, "server_hostname": "localhost"}
        silent = await Raw.dial(server.url)
        plain = await Raw.dial(server.url)
        plain.send(request("GET", "/healthz"))
        await plain.gone()
        members = []
        for _ in range(2):
            raw = await Raw.open(server.url, options=tls)
            raw.say(type="auth", token=TOKEN)
            raw.say(type="join", roomId="a")
            await raw.hear("joined")
            members.append(raw)
        for number in range(50):
            members[0].chat("a", str(number) + "x" * 900)
            numbers = [(await raw.hear("chat"))["seq"] for raw in members]
            assert numbers == [number + 1] * 2
        await silent.gone()
        health = await Raw.dial(server.url, **tls)
        health.send(request("GET", "/healthz"))
        assert (await health.http()).body == b"ok\n"
        endings = [asyncio.create_task(raw.ending()) for raw in members]
        assert await server.end(signal.SIGTERM) == 0
        assert [code for code, _ in await asyncio.gather(*endings)] == [1012, 1012]
        assert "Traceback" not in server.log.read_text()


async def test_log_of_busy_run_has_no_secret(tmp_path: Path) -> None:
    """Tokens, codes, tickets, resumes and bearers, right and wrong: none is in stderr or the audit file."""
    (tmp_path / "users.csv").write_text(FILE)
    audit = tmp_path / "room.db"
    async with process(
        tmp_path, "--users", str(tmp_path / "users.csv"), "--audit", str(audit), OPS_TOKEN=OPS
    ) as server:
        secrets = [
            TOKEN,
            OPS,
            "correct-horse",
            "battery-staple",
            "wrong-secret-1",
            "wrong-secret-2",
            "r.nobody.knows.it",
        ]
        for name in ("ada", "bob"):
            spent = await ticket(server.url, name)
            raw = await Raw.enter(server.url, spent, "team:1")
            raw.say(type="refresh", token=await ticket(server.url, name))
            secrets += [spent, raw.ok["resume"], (await raw.hear("auth_ok"))["resume"]]
            await refused(server.url, spent)
            again = await Raw.enter(server.url, raw.ok["resume"], previous=raw.ok["connectionId"])
            again.send(b"\x81\x85mask" + b"wrong-secret-1")
            await again.ending()
        for token in ("wrong-secret-1", "r.nobody.knows.it", TOKEN):
            raw = await Raw.open(server.url)
            raw.say(type="auth", token=token)
            raw.say(type="auth", token="wrong-secret-2", roomId=7)
            raw.say(type="wrong-secret-1")
            raw.send(b"wrong-secret-1" * 50)
            await raw.ending()
        await ask(
            server.url, request("GET", "/connections?token=wrong-secret-1", {"Authorization": "Bearer wrong-secret-2"})
        )
        await ask(server.url, request("POST", "/revoke/ada", OPERATOR))
        await ask(server.url, b"GET / HTTP/1.1\r\nAuthorization wrong-secret-1\r\n\r\n")
        await pair(server.url)
        assert await server.end(signal.SIGTERM) == 0
        log = server.log.read_text()
        assert log.count('"closed"') >= 8 and "Traceback" not in log
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("room.db*"))
    assert b"team:1" in kept
    assert [secret for secret in secrets if secret in log or secret.encode() in kept] == []


def cannot_run(*arguments: str) -> str:
    """The error of a server that cannot run: one line on stderr, exit code 2."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (2, "")
    return only_line(done.stderr)


def cannot_begin(*arguments: str) -> str:
    """The same in this process, for errors found before anything is opened."""
    done = CliRunner().invoke(main, ["serve", *arguments])
    assert (done.exit_code, done.stdout) == (2, "")
    return only_line(done.stderr)


def only_line(text: str) -> str:
    """The last line on stderr; the log may be before it."""
    *log, line = text.splitlines()
    assert line.startswith("Error: ") and all(json.loads(entry) for entry in log)
    return line


def test_port_in_use_is_reported() -> None:
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as taken:
            taken.bind((host, 0))
            taken.listen()
            port = taken.getsockname()[1]
            line = cannot_run("--port", str(port))
            assert f"port {port} is in use" in line and "--port" in line


def test_address_not_local_is_reported() -> None:
    assert "cannot listen on 192.0.2.1:0" in cannot_run("--host", "192.0.2.1", "--port", "0")


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("outbox_bytes=1", "outbox_bytes=1 is below max_frame_bytes"),
        ("no_such_limit=1", "there is no limit named 'no_such_limit'"),
        ("ping_interval_s=often", "ping_interval_s=often is not a number"),
        ("ping_timeout_s=off", "ping_timeout_s cannot be off"),
        ("outbox_bytes", "is not NAME=VALUE"),
    ],
)
def test_limit_invalid_is_reported(setting: str, says: str) -> None:
    assert says in cannot_begin("--set", setting)


def test_config_file_invalid_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "serve.toml"
    assert "cannot read" in cannot_begin("--config", str(path))
    for text, says in (
        ("not toml", "cannot read"),
        ("colour = 'red'", "'colour' is not an option"),
        ("[limits]\noutbox_bytes = 1", "outbox_bytes=1 is below"),
        ("[limits]\noutbox_bytes = [1]", "outbox_bytes"),
        ("[limits.outbox_bytes]\na = 1", "outbox_bytes"),
        ("limits = 5", "limits is not a table"),
        ("limits = [1, 2]", "limits is not a table"),
        ("port = [1]", "port cannot be [1]"),
        ("users = 7", "cannot read the users file 7"),
        ("users = ['a', 'b']", "users cannot be"),
        ("token = 2026-01-01", "token cannot be"),
        ("allow-origin = [[1]]", "allow_origin cannot be"),
    ):
        path.write_text(text)
        assert says in cannot_begin("--config", str(path))


def test_config_value_is_checked_like_an_option(tmp_path: Path) -> None:
    path = tmp_path / "serve.toml"
    for text, says in (
        ("port = true", "'True' is not a valid integer"),
        ("port = 1.5", "'1.5' is not a valid integer"),
        ("quiet = 'perhaps'", "'perhaps' is not a valid boolean"),
    ):
        path.write_text(text)
        done = CliRunner().invoke(main, ["serve", "--config", str(path)])
        assert (done.exit_code, done.stdout) == (2, "")
        assert says in done.stderr


@pytest.mark.parametrize(
    ("code", "way_out"),
    [(errno.ENOSPC, "free some space"), (errno.EROFS, "another folder"), (errno.EACCES, "permissions"),
     (errno.EDQUOT, "quota"), (errno.EMFILE, "ulimit -n")],
)  # fmt: skip
def test_start_failed_names_cause(tmp_path: Path, code: int, way_out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file that a start creates, and other errors of the system: none is reported as a listen error."""
    audit, real = tmp_path / "room.db", os.open

    def failing_at(name: str) -> Callable[..., int]:
        def fail(path: str | Path, *rest: Any, **more: Any) -> int:
            if name in str(path):
                raise OSError(code, os.strerror(code), str(path))
            return real(path, *rest, **more)

        return fail

    for name in ("room.db.lock", "room.db", "room.key"):
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", failing_at(name))
            line = cannot_begin("--port", "0", "--audit", str(audit))
        assert os.strerror(code) in line and way_out in line and str(tmp_path) in line, line
        assert "listen" not in line

    async def refuse(_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Server, "__aenter__", refuse)
    line = cannot_begin("--port", "0")
    assert way_out in line and "listen" not in line


def test_disk_full_behind_stdout_is_reported() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(command("--port", "0"), stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 2
    line = only_line(done.stderr)
    assert "standard output: No space left on device; free some space" in line and "listen on" not in line


def test_a_reader_of_stdout_that_has_ended_is_told() -> None:
    """By name: a broken pipe could be any."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command("--port", "0"), stdout=writing, stderr=subprocess.PIPE, text=True, timeout=30)
    os.close(writing)
    assert done.returncode == 2 and "standard output: Broken pipe" in only_line(done.stderr)


@pytest.mark.parametrize("host", ["x..y", "a" * 300])
def test_a_host_that_no_name_server_knows_is_told(host: str) -> None:
    """One that cannot even be asked for."""
    done = subprocess.run(command("--port", "0", "--host", host), capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "not a valid host name; this name is unknown here" in only_line(done.stderr)


def test_an_audit_file_that_is_no_file_is_told(tmp_path: Path) -> None:
    """A folder, also the one that an empty name stands for, and a device."""
    for path in ("", "/", str(tmp_path), os.devnull):
        assert "is a folder or a device; choose a file name" in cannot_begin("--port", "0", "--audit", path)


def test_audit_file_unusable_is_reported(tmp_path: Path) -> None:
    """A folder, a text, a missing folder, a key that others can read; none of them is changed."""
    text = tmp_path / "notes.db"
    text.write_text("nothing of the kind " * 100)
    for path in (tmp_path, text, tmp_path / "nowhere" / "room.db"):
        assert str(path) in cannot_run("--port", "0", "--audit", str(path))
    assert text.read_text() == "nothing of the kind " * 100
    (tmp_path / "room.key").write_text("00" * 32)
    (tmp_path / "room.key").chmod(0o644)
    assert "chmod 600" in cannot_run("--port", "0", "--audit", str(tmp_path / "room.db"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ada,correct-horse", "line 1: found 2 fields instead of 3"),
        ("ada,short,*", "line 1: the code is shorter than 8"),
        ("ada,correct-horse,*\nada,correct-horse,*", "line 2: this name appears twice"),
        ("ada,correct-horse,room:x=q", "line 1: rooms must be room ids or prefixes"),
        ("name,code,rooms\n", "lists no users"),
        ("a:b,correct-horse,*", "line 1: a name must have"),
    ],
)
def test_users_file_invalid_is_reported_without_codes(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "users.csv"
    path.write_text(text)
    line = cannot_begin("--port", "0", "--users", str(path))
    assert says in line and "correct-horse" not in line
    assert "cannot read the users file" in cannot_begin("--users", str(tmp_path / "missing.csv"))


def test_tls_files_invalid_are_reported(tmp_path: Path) -> None:
    """Missing, not a certificate, another one's key, an encrypted key (without a prompt), a key alone."""
    other, made = tmp_path / "other", tmp_path / "made"
    other.mkdir()
    made.mkdir()
    mine, theirs = certificate(made), certificate(other)
    (tmp_path / "text.pem").write_text("nothing of the kind")
    for certfile, keyfile in (
        (tmp_path / "missing.pem", mine.keyfile),
        (tmp_path / "text.pem", mine.keyfile),
        (mine.certfile, theirs.keyfile),
        (mine.certfile, tmp_path / "missing.pem"),
    ):
        line = cannot_begin("--port", "0", "--certfile", str(certfile), "--keyfile", str(keyfile))
        assert "cannot use the certificate" in line
    locked = certificate(made, b"password")
    assert "cannot use the certificate" in cannot_begin(
        "--port", "0", "--certfile", str(locked.certfile), "--keyfile", str(locked.keyfile)
    )
    assert "--keyfile has no effect without --certfile" in cannot_begin("--keyfile", str(mine.keyfile))


def test_dev_token_short_is_reported() -> None:
    assert "shorter than 8" in cannot_begin("--token", "short") == cannot_run("--token", "short")


async def test_config_is_read_and_command_line_wins(tmp_path: Path) -> None:
    config = tmp_path / "serve.toml"
    config.write_text(
        'token = "from-the-file"\nquiet = true\nallow-origin = "https://one"\n'
        "[limits]\nping_interval_s = 7\nrooms_per_connection = 1\n"
    )
    async with process(tmp_path, "--config", str(config), "--set", "ping_interval_s=9") as server:
        raw = await Raw.enter(server.url, "from-the-file", "a")
        assert raw.ok["pingMs"] == 9_000
        raw.say(type="join", roomId="b")
        assert (await raw.hear())["code"] == "room_limit"
