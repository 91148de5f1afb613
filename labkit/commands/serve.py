"""`labkit serve`: the room server as a process. Signals, options and files are met here; the server is in wire/."""

import asyncio
import contextlib
import errno
import gc
import logging
import os
import signal
import ssl
import sys
import tomllib
from pathlib import Path
from threading import Thread
from typing import Any

import click

from labkit.commands.failing import CannotRun
from labkit.rules.limits import BadLimit, Limits
from labkit.wire.audit import AuditError
from labkit.wire.keyfile import KeyFileError
from labkit.wire.log import log_to_stderr
from labkit.wire.server import Server
from labkit.wire.users import BadUsers, read_users

MIN_TOKEN = 8
STDIN = 0
EXAMPLES = """\b
Examples:
  labkit serve                                  on localhost:8080, with the dev token
  labkit serve --port 0 --audit room.db         any free port, and an audit log
  labkit serve --set outbox_age_s=2 --set messages_per_s=off
  labkit serve --host 0.0.0.0 --users users.csv --certfile c.pem --keyfile k.pem
"""


def _read_config(ctx: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    """Options from a TOML file; the command line wins. Limits are in its table [limits]."""
    if path is None:
        return None
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CannotRun(f"cannot read {path}: {error}") from None
    known = {parameter.name for parameter in ctx.command.params} - {"config", "settings"}
    options = {name.replace("-", "_"): value for name, value in config.items() if name != "limits"}
    unknown = sorted(set(options) - known)
    if unknown:
        raise CannotRun(f"{path}: there is no option {unknown[0]!r}; there are limits and {', '.join(sorted(known))}")
    ctx.default_map = options
    ctx.obj = config.get("limits", {})
    return path


@click.command(epilog=EXAMPLES)
@click.option(
    "--config", type=click.Path(path_type=Path), is_eager=True, callback=_read_config, help="Options as TOML."
)
@click.option("--host", default="localhost", show_default=True, help="Where to listen; 0.0.0.0 for every address.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, envvar="PORT", show_default=True, help="0: any.")
@click.option(
    "--token", default="dev-token", envvar="DEV_TOKEN", help="The dev token, for this machine only; off: none."
)
@click.option("--users", type=click.Path(path_type=Path), help="CSV name,code,rooms: who may fetch tickets.")
@click.option("--audit", type=click.Path(path_type=Path), help="The audit file; made when it does not exist.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A limit; VALUE may be off. Repeatable.")
@click.option("--certfile", type=click.Path(path_type=Path), help="TLS certificate chain (PEM).")
@click.option("--keyfile", type=click.Path(path_type=Path), help="TLS private key (PEM).")
@click.option("--allow-origin", "allow_origin", multiple=True, help="A page's origin that may connect. Repeatable.")
@click.option("--with-parent", is_flag=True, help="End when stdin closes, as it does when the parent dies.")
@click.option("--quiet", is_flag=True, help="Log warnings and errors only.")
@click.pass_context
def serve(ctx: click.Context, /, settings: tuple[str, ...], with_parent: bool, quiet: bool, **options: Any) -> None:
    """Run the room server until SIGTERM or Ctrl-C, then drain: every client is told when to come back.

    PORT and DEV_TOKEN are read from the environment; OPS_TOKEN there opens /connections and /revoke.
    """
    server = _make_server(_limits(ctx.obj or {}, settings), **options)
    log_to_stderr(logging.WARNING if quiet else logging.INFO)
    _prepare_process()
    try:
        asyncio.run(_serve(server, with_parent))
    except OSError as error:
        raise CannotRun(_listen_fault(error, server.host, server.port)) from None
    except (AuditError, KeyFileError) as error:
        raise CannotRun(str(error)) from None


def _limits(from_file: dict[str, Any], settings: tuple[str, ...]) -> Limits:
    try:
        return Limits().set(from_file).set_lines(settings)
    except BadLimit as error:
        raise CannotRun(str(error)) from None


def _make_server(
    limits: Limits,
    host: str,
    port: int,
    token: str,
    users: Path | None,
    audit: Path | None,
    certfile: Path | None,
    keyfile: Path | None,
    allow_origin: tuple[str, ...],
    **_: Any,
) -> Server:
    if token != "off" and len(token) < MIN_TOKEN:
        raise CannotRun(f"the dev token is shorter than {MIN_TOKEN} characters, so no client could send it")
    try:
        return Server(
            host,
            port,
            token=None if token == "off" else token,
            users=read_users(users) if users else None,
            ops_token=os.environ.get("OPS_TOKEN"),
            allow_origins=allow_origin,
            audit=audit,
            limits=limits,
            tls=_tls(certfile, keyfile),
        )
    except BadUsers as error:
        raise CannotRun(str(error)) from None


def _tls(certfile: Path | None, keyfile: Path | None) -> ssl.SSLContext | None:
    if certfile is None and keyfile is None:
        return None
    if certfile is None:
        raise CannotRun("--keyfile needs --certfile as well")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certfile, keyfile, password="")  # an encrypted key is refused, not asked about
    except (OSError, ssl.SSLError) as error:
        raise CannotRun(f"cannot use the certificate {certfile}: {error.strerror or error}") from None
    return context


def _listen_fault(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; stop the other server, or choose another with --port (0 picks one)"
    if error.errno == errno.EACCES:
        return f"port {port} needs rights that this user has not; choose one above 1023"
    return f"cannot listen on {host}:{port}: {error.strerror or error}"


def _prepare_process() -> None:
    """Room for 10,000 sockets, and a garbage collector that does not stop a storm of handshakes."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        del soft
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 1_000)


async def _serve(server: Server, with_parent: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with server:
        click.echo(f"WebSocket server listening on {server.url}")
        sys.stdout.flush()
        if with_parent:
            Thread(target=_outlive_stdin, args=(loop, stop), daemon=True).start()
        await stop.wait()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)  # a second Ctrl-C ends it at once


def _outlive_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """When the other end of stdin is gone, so are we. In a thread, as stdin may be anything; closed, it is None."""
    with contextlib.suppress(OSError):
        while sys.stdin is not None and os.read(STDIN, 4096):
            pass
    with contextlib.suppress(RuntimeError):  # the loop has ended before
        loop.call_soon_threadsafe(stop.set)
