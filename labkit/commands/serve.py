"""`labkit serve`: run the room server as a process. This module handles its options, files and signals."""

import asyncio
import logging
import os
import secrets
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from labkit.brokers import BadBroker, LogError, broker_at
from labkit.commands.failing import CannotRun
from labkit.commands.identities import identities_of, identity_options, ways_of
from labkit.commands.leftovers import beside, nothing_left
from labkit.commands.running import (
    LOOPS,
    end_with_parent,
    limits_of,
    listen_fault,
    prepare_process,
    run,
    stopping,
    tls_of,
)
from labkit.commands.session_key import forget_session_key, session_key
from labkit.commands.welcome import welcome
from labkit.platform.os_errors import describe, why
from labkit.rules.limits import MIN_TOKEN_UNITS, Limits
from labkit.rules.origin import OPAQUE
from labkit.text import files as text_files
from labkit.text.nearest import nearest
from labkit.wire.audit.writer import AuditError
from labkit.wire.http.users import BadUsers, read_users
from labkit.wire.keyfile import Key, KeyFileError, key_from
from labkit.wire.log import logging_to_stderr
from labkit.wire.output import wait_written
from labkit.wire.server import CannotListen, Server

RANDOM = "random"
EXAMPLES = """\b
Examples:
  labkit serve                                  # on localhost:8080, with the dev token
  labkit serve --port 0 --audit room.db         # any free port, and an audit log
  labkit serve --set outbox_age_s=2 --set messages_per_s=off
  labkit serve --broker nats://localhost:4222   # one of several servers; see also: labkit cluster
  labkit serve --host 0.0.0.0 --users users.csv --certfile c.pem --keyfile k.pem
  labkit serve --token off --jwks keys.json --jwt-audience chat --jwt-issuer https://login.example
"""


def _read_config(ctx: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    """Read defaults for the options from a TOML file, and limits from its table [limits]. Raises CannotRun."""
    if path is None:
        return None
    try:
        config = tomllib.loads(text_files.read(path))
    except (OSError, ValueError) as error:
        fault = why(error) if isinstance(error, OSError) else error
        raise CannotRun(f"cannot read {path}: {fault}") from None
    known = {one.name: one for one in ctx.command.params if isinstance(one, click.Option)}
    del known["config"], known["settings"]
    options = {name.replace("-", "_"): value for name, value in config.items() if name != "limits"}
    unknown = sorted(set(options) - set(known))
    if unknown:
        near = nearest(unknown[0], [*known, "limits"])
        options_there = ", ".join(sorted(known))
        raise CannotRun(f"{path}: {unknown[0]!r} is not an option{near}; the options are limits and {options_there}")
    ctx.default_map = {name: _typed(path, known[name], value) for name, value in options.items()}
    ctx.obj = config.get("limits", {})
    if not isinstance(ctx.obj, dict):
        raise CannotRun(f"{path}: limits is not a table; write [limits] and one line NAME = VALUE for each limit")
    return path


def _typed(path: Path, option: click.Option, value: object) -> object:
    """Convert a TOML value to its command-line form, so that the same checks apply. Raises CannotRun."""
    if option.is_flag and isinstance(value, bool):
        return value
    values = value if option.multiple and isinstance(value, list) else [value]
    if not all(isinstance(one, str | int | float) for one in values):
        raise CannotRun(f"{path}: {option.name} cannot be {value!r}; write it as on the command line")
    arguments = [str(one) for one in values]
    return arguments if option.multiple else arguments[0]


@click.command(epilog=EXAMPLES)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    is_eager=True,
    callback=_read_config,
    help="Read options from a TOML file.",
)
@click.option("--host", default="localhost", show_default=True, help="The address to listen on; 0.0.0.0 for all.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    envvar="PORT",
    show_default=True,
    help="The port to listen on; 0 picks a free one.",
)
@click.option(
    "--token",
    default="dev-token",
    envvar="DEV_TOKEN",
    help="The dev token, accepted on loopback only; random: generate and print one; off: none.",
)
@click.option("--users", type=click.Path(path_type=Path), help="CSV of users who may get tickets (name,code,rooms).")
@identity_options
@click.option("--audit", type=click.Path(path_type=Path), help="The audit file; created if it does not exist.")
@click.option("--broker", help="nats://HOST:PORT[/NAME]: share rooms with other servers. Needs CLUSTER_KEY.")
@click.option("--reuse-port", is_flag=True, help="Share the port with other servers on this machine.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Set a limit; NAME=off turns it off. Repeatable."
)
@click.option("--certfile", type=click.Path(path_type=Path), help="TLS certificate chain (PEM).")
@click.option("--keyfile", type=click.Path(path_type=Path), help="TLS private key (PEM).")
@click.option(
    "--allow-origin",
    "allow_origin",
    multiple=True,
    help="Let web pages from this Origin connect; null: pages opened from a file. Repeatable.",
)
@click.option("--loop", type=click.Choice(LOOPS), default=LOOPS[0], show_default=True, help="The event loop to run on.")
@click.option("--with-parent", is_flag=True, help="Exit when stdin closes, as it does when the parent dies.")
@click.option("--quiet", is_flag=True, help="Log only warnings and errors.")
@click.pass_context
def serve(
    ctx: click.Context, /, settings: tuple[str, ...], loop: str, with_parent: bool, quiet: bool, **options: Any
) -> None:
    """Run the room server until SIGTERM, SIGHUP or Ctrl-C, then drain it: tell each client when to reconnect.

    Environment: PORT and DEV_TOKEN set --port and --token. OPS_TOKEN enables /connections and /revoke. CLUSTER_KEY
    (64 hex digits) signs credentials for all servers on one broker, and BROKER_TOKEN authenticates to the broker.
    """
    is_drawn = options["token"] == RANDOM
    if is_drawn:
        _draw_token(options)
    key, comes_back = _remembered(with_parent, is_drawn, **options)
    server = _make_server(limits_of(settings, ctx.obj), key, **options)
    audit = options["audit"]
    try:
        with (
            logging_to_stderr(logging.WARNING if quiet else logging.INFO),
            nothing_left(beside(audit) if audit else [], audit) as keep,
        ):

            def lines(serving: Server) -> list[str]:
                keep()
                if with_parent:
                    return []
                ways = ways_of(**options)
                return welcome(serving, options["token"], options["users"], comes_back, ways, is_drawn=is_drawn)

            prepare_process()
            run(_serve(server, with_parent, lines), loop)
    except CannotListen as error:
        raise CannotRun(listen_fault(error, server.host, server.port)) from None
    except OSError as error:
        raise CannotRun(f"cannot start the server: {describe(error)}") from None
    except (AuditError, KeyFileError, LogError) as error:
        raise CannotRun(str(error)) from None


def _make_server(
    limits: Limits,
    session_key: Key | None,
    host: str,
    port: int,
    token: str,
    users: Path | None,
    audit: Path | None,
    broker: str | None,
    reuse_port: bool,
    certfile: Path | None,
    keyfile: Path | None,
    allow_origin: tuple[str, ...],
    **more: Any,
) -> Server:
    if token != "off" and len(token) < MIN_TOKEN_UNITS:
        raise CannotRun(
            f"the dev token is shorter than {MIN_TOKEN_UNITS} characters, which servers refuse; choose a longer one"
        )
    try:
        return Server(
            host,
            port,
            token=None if token == "off" else token,
            users=read_users(users) if users else None,
            identities=identities_of(token, **more),
            ops_token=os.environ.get("OPS_TOKEN"),
            allow_origins=allow_origin,
            audit=audit,
            broker=None if broker is None else broker_at(broker, os.environ.get("BROKER_TOKEN")),
            key=None if broker is None else _cluster_key(),
            session_key=session_key,
            forget_key=forget_session_key,
            reuse_port=reuse_port,
            limits=limits,
            tls=tls_of(certfile, keyfile),
        )
    except (BadUsers, BadBroker, KeyFileError) as error:
        raise CannotRun(str(error)) from None


def _cluster_key() -> Key:
    """Return the key that all servers of a cluster share. Raises CannotRun without CLUSTER_KEY."""
    text = os.environ.get("CLUSTER_KEY")
    if text is None:
        raise CannotRun(
            "--broker needs CLUSTER_KEY in the environment, the same on all servers; generate it: openssl rand -hex 32"
        )
    return key_from(text)


def _draw_token(options: dict[str, Any]) -> None:
    """Generate a secret token. Pages with the origin null may then connect, because they need the token."""
    options["token"] = secrets.token_urlsafe(16)
    options["allow_origin"] = (*options["allow_origin"], OPAQUE)


def _remembered(
    with_parent: bool, is_drawn: bool, audit: Path | None, broker: str | None, **options: Any
) -> tuple[Key | None, str]:
    """Return the key that resumes sessions after a restart, and a sentence about what a restart restores."""
    if audit is not None or broker is not None:
        return None, "a restart continues where the server stopped"
    if with_parent or is_drawn or options["port"] == 0:
        return None, "rooms and sessions are lost; --audit FILE keeps them"
    try:
        key = session_key(**options)
    except KeyFileError as error:
        return None, f"rooms and sessions are lost because {error}; --audit FILE keeps them"
    return key, "a restart from this folder keeps sessions but not rooms; --audit FILE keeps both"


async def _serve(server: Server, with_parent: bool, lines: Callable[[Server], list[str]]) -> None:
    stop = stopping()
    async with server:
        # One write: a reader that wants only the first line may close the pipe before a second write.
        click.echo("\n".join([f"WebSocket server listening on {server.url}", *lines(server)]))
        await asyncio.to_thread(wait_written)
        if with_parent:
            end_with_parent(stop)
        await stop.wait()
