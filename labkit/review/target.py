"""The server under review, and everything that the reviewer knows about it."""

import asyncio
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from labkit.evidence import CannotTell
from labkit.review.dialect import Dialect
from labkit.review.finding import CannotReview
from labkit.review.hosted_server import Hosted
from labkit.review.promise import Profile
from labkit.review.promised_limits import Promised


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The server under review, and everything that the reviewer knows about it."""

    url: str
    tokens: tuple[str, ...] = ()
    token_command: str | None = (
        None  # a command that prints a fresh ticket for a user with access to review:ticket only
    )
    ops_token: str | None = None
    pid: int | None = None
    log: Path | None = None
    audit: Path | None = None
    cafile: Path | None = None  # the certificate to trust
    hosted: Hosted | None = None  # the server's process, if the review started it
    log_starts_at: int = 0
    promised: Promised = field(default_factory=Promised)
    dialect: Dialect = field(default_factory=Dialect)
    patience_s: float = 10
    profile: Profile = "full"

    @classmethod
    def of(cls, url: str, tokens: tuple[str, ...], **given: Any) -> Self:
        """Build a target from command-line values. Raises CannotReview if the URL is invalid or a file is missing."""
        check_url(url)
        paths = {name: Path(given[name]) for name in ("log", "audit", "cafile") if given.get(name) is not None}
        hosted, log = given.get("hosted"), paths.get("log")
        for name, path in paths.items():
            if not path.is_file() and (
                hosted is None or name == "cafile"
            ):  # a server that we start may still create it
                raise CannotReview(f"--{name}: there is no file {path}")
        if log is None and hosted is not None:
            paths["log"] = hosted.log
        starts_at = log.stat().st_size if log is not None and log.exists() else 0
        return cls(url=url, tokens=tokens, log_starts_at=starts_at, **{**given, **paths})


def check_url(url: str) -> None:
    """Raise CannotReview unless `url` is a WebSocket URL."""
    try:
        where = urlsplit(url)
        is_valid = where.scheme in ("ws", "wss") and where.hostname and where.port != 0
        (where.hostname or "").encode("idna")  # a label of a host name has at most 63 characters
    except ValueError:
        is_valid = False
    if not is_valid:
        raise CannotReview(f"{url!r} is not a WebSocket URL; give one such as ws://localhost:8080")


def existing(path: Path) -> Path:
    """Return the path if the file exists.

    Otherwise raises CannotTell: a mistyped name says nothing about the server.
    """
    if not path.is_file():
        raise CannotTell(f"there is no file {path}")
    return path


def environment_ops_token() -> str | None:
    """Read the operations token from the environment, as the server does."""
    return os.environ.get("OPS_TOKEN")


async def connect_tcp(host: str, port: int, receive_buffer: int | None) -> socket.socket:
    """Open a TCP connection with a receive buffer of the given size in bytes. Raises OSError."""
    loop, fault = asyncio.get_running_loop(), OSError("no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await loop.sock_connect(sock, address)
            return sock
        except OSError as error:
            sock.close()
            fault = error
    raise fault
