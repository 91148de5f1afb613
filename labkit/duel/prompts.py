"""The three prompts. They differ in what they ask for, and end with the same lines on where to write it."""

from typing import Literal, get_args

from labkit.brief.constraints import Stack
from labkit.brief.writing import brief

Name = Literal["bare", "article", "brief"]
Language = Literal["python", "node"]
NAMES: tuple[Name, ...] = get_args(Name)
LANGUAGES: tuple[Language, ...] = get_args(Language)
_STACKS: dict[Language, Stack] = {"python": "websockets", "node": "node-ws"}
_WITH = {"python": "Python with the package `websockets`", "node": "Node.js with the package `ws`"}
_BARE = "Make a chat with WebSocket."
_ARTICLE = """\
Build the foundation of a realtime feature over WebSocket: a server, and a page for the browser.

- After connecting, the client sends a message that authenticates it. Before that it can neither join nor chat.
- A client joins a room by its roomId. What is sent to a room reaches the clients in that room and no others.
- The messages are JSON. Check each of them by its type, and close with 1008 when one is invalid.
- Keep a heartbeat: the server pings, and keeps track of the pongs.
- Where too much is buffered for a client that reads slowly, close its connection with 1013.
- The page reconnects with exponential backoff and jitter.
- No secret is part of a URL.
- Delivery over WebSocket does not replace an audit log."""
_WHERE = """\
Write it in {}, which is installed; nothing can be downloaded.
Write all files into the current folder. The server listens on 127.0.0.1, on the port in the environment variable PORT,
or 8080. README.md says how to start it."""


def prompt(name: Name, language: Language) -> str:
    """Return a prompt as an assistant receives it. It ends with a newline."""
    asked = {"bare": _BARE, "article": _ARTICLE}.get(name) or brief(_STACKS[language], "server").rstrip()
    return f"{asked}\n\n{_WHERE.format(_WITH[language])}\n"
