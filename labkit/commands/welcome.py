"""What `labkit serve` prints for people: its pages, and how to get in. Only a token drawn at start is printed."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from labkit.wire.server import Server

EVERYWHERE = ("0.0.0.0", "::")
USUAL_TOKEN = "dev-token"  # everybody knows it


def welcome(server: Server, token: str, users: Path | None, comes_back: str, *, is_drawn: bool = False) -> list[str]:
    """Lines below the address of a server that listens.

    `comes_back`: what a restart brings back. `is_drawn`: the token was drawn at start and stands nowhere else.
    """
    page = _page(server.url)
    operators = "token: the value of OPS_TOKEN" if os.environ.get("OPS_TOKEN") else "start it with OPS_TOKEN=SECRET"
    return [
        f"  talk     {page}/       {_ways_in(server, token, users, is_drawn)}",
        f"  watch    {page}/watch  {operators}",
        f"  Ctrl-C   ends it; {comes_back}",
    ]


def _page(url: str) -> str:
    where = urlsplit(url)
    host = "localhost" if where.hostname in EVERYWHERE else where.netloc.rpartition(":")[0]
    return f"{'https' if where.scheme == 'wss' else 'http'}://{host}:{where.port}"


def _ways_in(server: Server, token: str, users: Path | None, is_drawn: bool) -> str:
    ways = []
    if token != "off" and server.hub.state.admission.on_loopback:
        ways.append(
            f"token: {token}" if is_drawn or token == USUAL_TOKEN else "token: the value of --token or DEV_TOKEN"
        )
    if users is not None:
        ways.append(f"name and code: as in {users}")
    if ways:
        return "; ".join(ways)
    return "nobody can enter: the dev token is for loopback alone, so name people with --users FILE"
