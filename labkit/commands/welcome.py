"""What `labkit serve` prints at startup: its pages and how to sign in.

A token is printed only if the server generated it.
"""

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from labkit.wire.server import Server

EVERYWHERE = ("0.0.0.0", "::")
NOT_IGNORED = 1  # git's exit code; 128: no repository
GIT_TIMEOUT_S = 5
USUAL_TOKEN = "dev-token"  # public, so it may be printed


def welcome(
    server: Server, token: str, users: Path | None, comes_back: str, more_ways: list[str], *, is_drawn: bool = False
) -> list[str]:
    """Return the lines to print below a server's address.

    `comes_back`: what a restart restores. `more_ways`: how to sign in with an identity from elsewhere. `is_drawn`: the
    token was generated at startup and appears nowhere else.
    """
    page = _page(server.url)
    operators = "token: the value of OPS_TOKEN" if os.environ.get("OPS_TOKEN") else "to enable it, set OPS_TOKEN"
    return [
        *_exposed(server.key_file),
        f"  chat     {page}/       {_ways_in(server, token, users, more_ways, is_drawn)}",
        f"  monitor  {page}/watch  {operators}",
        f"  Ctrl-C   stops it; {comes_back}",
    ]


def _exposed(key: Path | None) -> list[str]:
    """Warn about a key file that git would commit."""
    if key is None:
        return []
    command = ["git", "-C", str(key.absolute().parent), "check-ignore", "-q", "--", key.name]
    try:
        done = subprocess.run(command, capture_output=True, timeout=GIT_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return []
    if done.returncode != NOT_IGNORED:
        return []
    return [f"  secret   git does not ignore {key}; so that it is never committed, add {key.name} to .gitignore"]


def _page(url: str) -> str:
    where = urlsplit(url)
    host = "localhost" if where.hostname in EVERYWHERE else where.netloc.rpartition(":")[0]
    return f"{'https' if where.scheme == 'wss' else 'http'}://{host}:{where.port}"


def _ways_in(server: Server, token: str, users: Path | None, more_ways: list[str], is_drawn: bool) -> str:
    ways = []
    if token != "off" and server.hub.state.admission.on_loopback:
        ways.append(
            f"token: {token}" if is_drawn or token == USUAL_TOKEN else "token: the value of --token or DEV_TOKEN"
        )
    if users is not None:
        ways.append(f"name and code: see {users}")
    ways += more_ways
    if ways:
        return "; ".join(ways)
    return "nobody can sign in: the dev token works on loopback only; list users with --users FILE"
