"""Write the brief as Markdown. Every requirement names the probe that will judge it."""

from collections.abc import Iterable, Iterator
from typing import Literal

from labkit.brief.constraints import CONSTRAINTS, STACKS, TRANSPORTS, Stack
from labkit.brief.schema import json_schema_text, typescript
from labkit.review.client.probes import CLIENT_PROBES
from labkit.review.probe import Probe
from labkit.review.probes import PROBES
from labkit.rules.close_codes import TABLE, Then
from labkit.rules.limits import Limits

Part = Literal["all", "server", "client", "schema"]
_LIMITS = {
    "auth_timeout_s": "from the end of the handshake to a valid auth; then 4401",
    "ping_interval_s": "between two pings of one connection",
    "ping_timeout_s": "from a ping to its pong; then the end of the connection, with 4408 if your library lets you",
    "close_deadline_s": "from a close frame to the abort of the TCP connection",
    "outbox_bytes": "waiting for one member; then 1013",
    "outbox_age_s": "age of the oldest frame in your queue or the library's buffer; then 1013, whichever comes first",
    "max_message_bytes": "one message from a client; then 1008",
    "max_frame_bytes": "one frame from a client; then 1009, as soon as its header arrives",
}
_MORE_LIMITS = """\
The names end in their unit. A request head has at most 64 KiB; refuse a longer one with HTTP 431, or end the
connection. `outbox_bytes` counts everything that waits for one client: events, answers and pongs. A message in
fragments that exceeds `max_frame_bytes` may get 1009."""
_PROBES = """\
The names in brackets are probes of `labkit review`. Each will be run,
those after "optional" only with `--profile full`."""
_REASONS = """\
The codes are judged, except where the lists below call a probe optional; the reasons are a proposal. For 1002, 1007 and
1009 your library's own reason will do. Never put anything from a client into a reason. A slot follows the reason, in
milliseconds: `restart retry=1500`."""
_WIRE = """\
All messages are JSON objects in text frames. `>` is sent by the client, `<` by the server.

```text
> {"type":"auth","token":"dev-token"}
< {"type":"auth_ok","connectionId":"TEXT","userId":"TEXT"}
> {"type":"join","roomId":"room:demo"}
< {"type":"joined","roomId":"room:demo"}
> {"type":"chat","roomId":"room:demo","requestId":"r1","text":"hi"}
< {"type":"chat","id":"UNIQUE","requestId":"r1","roomId":"room:demo","userId":"TEXT","text":"hi","sentAt":"ISO 8601"}
> {"type":"ping"}
< {"type":"pong","sentAt":"ISO 8601"}
```

The sender of a chat receives the event too: it is the acknowledgement. Check each message in this order, and let the
first rule that fails decide: valid (else close 1008), authenticated (else close 4403), joined (else close 1008).

A server may add `resume`, `expiresAt`, `pingMs` and `reconnect: {"windowMs": NUMBER}` to `auth_ok`, and `epoch`, `seq`
and `gap` to `joined`. Both sides ignore fields that they do not know. A client ignores unknown types too; to a server
they are invalid. `labkit brief --for schema` prints every message, those of optional features included."""
_SERVER = """\
Listen on 127.0.0.1, on the port in the environment variable `PORT` (8080 if it is unset). Accept a WebSocket on any
path; a plain `GET /` gets 200, and other plain requests what you like. The accepted token is in `DEV_TOKEN`
(`dev-token` if it is unset); each login is a new user. Record an event by writing it as one line of JSON to standard
output, with nothing secret in it: deliver once the write has succeeded, and never if it fails. On SIGTERM close every
connection with 1001 or 1012.

Offer `auth`, `join`, `chat` and `ping`; without a feature from the lists below, every other type is unknown."""
_CLIENT = """\
Read `LABKIT_URL`, `LABKIT_TOKEN` and `LABKIT_ROOM` from the environment. Join the room and stay in it. Send each line
of standard input as a chat. A POST to `LABKIT_TICKET_URL` returns a fresh ticket as JSON: `{"ticket": TEXT}`.

Reconnect attempt `n` counts from 0 since the last connection that lasted 10 s after `auth_ok`. `window` is the newest
`windowMs`, or 1000 ms before the first one:

```text
width = n == 0 ? window : max(window, min(30 s, 1 s * 2^(n-1)))
drawn = random(0, width)
wait  = close reason has retry=MS (1012, 1013, 4429) ? MS : drawn
if n > 0:                                      wait = max(wait, drawn)
if code == 1013 and (no retry= or wait < 1 s): wait = wait + 1 s
```

Authenticate with the newest `resume`, if there is one. After 4401 and 4419, drop it and fetch a ticket. After
`pingMs` (30 s if it is 0 or missing) without data send `{"type":"ping"}`; without a reply for 10 s, reconnect."""


def brief(stack: Stack = "any", part: Part = "all") -> str:
    """Return the brief for a stack: server and client, or one of them, or the schema of the messages alone."""
    if part == "schema":
        return "\n\n".join(("# The messages of a room server", *_schema())) + "\n"
    return "\n\n".join(_sections(stack, part)) + "\n"


def _sections(stack: Stack, part: Part) -> Iterator[str]:
    yield f"# Build a room {'server and its client' if part == 'all' else part} over WebSocket"
    yield "## Is it a WebSocket?\n\n" + _table(
        ("transport", "when", "put this in the brief"), ((name, when, f"{line}") for name, when, line in TRANSPORTS)
    )
    yield f"## The constraints\n\n{_PROBES}"
    yield "\n".join(_constraints(part))
    yield "## The stack\n\n" + "\n".join(f"- {line}" for line in STACKS[stack])
    yield "## The messages\n\n" + _WIRE
    if part != "client":
        yield "## How the server starts\n\n" + _SERVER
    if part != "server":
        yield "## How the client starts\n\n" + _CLIENT
    yield "## The numbers\n\n" + _numbers()
    yield f"## Close codes\n\n{_REASONS}\n\n{_codes()}"
    yield "## What each constraint leaves open"
    yield from _open(part)
    yield "## How it is judged\n\n" + _commands(part)


def _probes(part: Part) -> tuple[Probe, ...]:
    server = () if part == "client" else PROBES
    return server + (() if part == "server" else CLIENT_PROBES)


def _constraints(part: Part) -> Iterator[str]:
    profiles = {probe.id: probe.profile for probe in _probes(part)}
    for number, one in enumerate(CONSTRAINTS, 1):
        required = [name for name in one.probes if profiles.get(name, "full") != "full"]
        optional = [name for name in one.probes if profiles.get(name) == "full"]
        judged = ", ".join(required) or ("" if optional else "judged at the other end")
        more = f"{'; ' if judged else ''}optional: {', '.join(optional)}" if optional else ""
        yield f"{number}. **{one.rule}** Without it: {one.failure} [{judged}{more}]"


def _open(part: Part) -> Iterator[str]:
    for number, one in enumerate(CONSTRAINTS, 1):
        probes = [probe for probe in _probes(part) if probe.chapter in one.chapters]
        if probes:
            yield f"### {number}. {one.rule}"
            yield from _lines(probes)


def _lines(probes: list[Probe]) -> Iterator[str]:
    required = [_line(probe) for probe in probes if probe.profile != "full"]
    offered = [_line(probe) for probe in probes if probe.profile == "full"]
    if required:
        yield "\n".join(required)
    if offered:
        yield "Only if you offer the feature (`--profile full`):\n\n" + "\n".join(offered)


def _line(probe: Probe) -> str:
    return f"- {probe.title}. {probe.requirement} Expected: {probe.expected}. [{probe.id}, {probe.severity}]"


def _numbers() -> str:
    limits = Limits()
    rows = ((f"`{name}`", f"{getattr(limits, name)}", bounds) for name, bounds in _LIMITS.items())
    return _table(("name", "value", "bounds"), rows) + f"\n\n{_MORE_LIMITS}"


def _codes() -> str:
    rows = (
        (str(row.code), row.reason, row.when, row.then.value, row.wait.value if row.then is Then.RECONNECT else "")
        for row in TABLE.values()
    )
    return _table(("code", "reason", "when", "the client then", "after"), rows)


def _commands(part: Part) -> str:
    server = 'labkit review ws://localhost:8080 --profile article --start "COMMAND THAT STARTS IT"'
    client = 'labkit review --client "COMMAND THAT STARTS IT"'
    lines = [line for line, other in ((server, "client"), (client, "server")) if part != other]
    return "```sh\n" + "\n".join(lines) + "\n```\n\nExit code 0 means that nothing is broken. P0 blocks a release."


def _schema() -> Iterator[str]:
    yield "Reject what the schema rejects with close code 1008. Unknown fields are valid and are ignored."
    yield "Lengths are in UTF-16 code units; JSON Schema counts code points, so check lengths in code as well."
    yield f"```json\n{json_schema_text()}\n```"
    yield f"```ts\n{typescript()}\n```"
    probes = [probe for probe in PROBES if probe.chapter == "validation"]
    yield "\n".join(_line(probe) for probe in probes)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)
