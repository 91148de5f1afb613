"""A users file, its users, and how they come by a ticket."""

import base64
from pathlib import Path

from labkit.wire.http.users import Users, read_users
from tests.wire.raw import Answer, Raw, ask, request

CODES = {"ada": "correct-horse", "bob": "battery-staple", "eve": "paper-clip"}
FILE = """name,code,rooms
ada,correct-horse,team:* news=r box=w
bob,battery-staple,*
eve,paper-clip,"[[""team:1"", ""r""]]"
"""


def users(tmp: Path) -> Users:
    """Ada and Bob and Eve."""
    path = tmp / "users.csv"
    path.write_text(FILE, encoding="utf-8")
    return read_users(path)


def basic(name: str, code: str) -> dict[str, str]:
    """The header of HTTP Basic."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{code}".encode()).decode()}


async def ticket_answer(url: str, name: str, code: str | None = None) -> Answer:
    """What the server says to somebody who asks for a ticket."""
    headers = basic(name, CODES[name] if code is None else code)
    return await ask(url, request("POST", "/ticket", {**headers, "Content-Length": "0"}))


async def ticket(url: str, name: str) -> str:
    """A fresh ticket."""
    answer = await ticket_answer(url, name)
    assert answer.status == 200, answer
    return str(answer.json["ticket"])


async def enter_as(name: str, url: str, *rooms: str) -> Raw:
    """A connection of a user, with a ticket of its own."""
    return await Raw.enter(url, await ticket(url, name), *rooms)


async def refused(url: str, token: str, **headers: str) -> tuple[int, str]:
    """How a connection with that credential ends."""
    raw = await Raw.open(url, **headers)
    raw.say(type="auth", token=token)
    return await raw.ending()


OPS = "ops-secret"
OPERATOR = {"Authorization": f"Bearer {OPS}"}


async def revoke(url: str, name: str) -> Answer:
    """End a user's sessions."""
    return await ask(url, request("POST", f"/revoke/{name}", {**OPERATOR, "Content-Length": "0"}))
