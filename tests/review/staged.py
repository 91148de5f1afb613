"""Our server, but a test decides what becomes of a message or of raw bytes: to show a probe what it must not judge."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from labkit.broken.planted import Planted
from labkit.evidence import Outcome
from labkit.review.dialect import Dialect
from labkit.review.probes import PROBES
from labkit.review.promise import Profile
from labkit.review.running import run_probe
from labkit.review.scene import Scene
from labkit.review.target import Target
from labkit.rules.answers import encode
from labkit.rules.close_codes import CloseCode
from labkit.rules.limits import Limits
from labkit.wire.connection import Connection
from labkit.wire.hub import Hub
from labkit.wire.member import Member
from labkit.wire.server import Server
from tests.review.full_server import LIMITS, OPS_TOKEN, promised
from tests.wire.raw import TOKEN

DEAF = "reads nothing more from this connection"
IGNORED = "reads on behind it"
DROPS = b""  # instead of an answer: ends the TCP connection
PATIENCE_S = 0.7
Becomes = CloseCode | str | None
Rule = Callable[[list[bytes], bytes], Becomes]  # of the earlier messages of a connection, and the next one
PROBE = {probe.id: probe for probe in PROBES}


def on(pattern: bytes, becomes: Becomes) -> Rule:
    """Return the rule for messages that match."""
    return lambda _before, raw: becomes if re.search(pattern, raw) else None


def again(pattern: bytes, becomes: Becomes) -> Rule:
    """Return the rule for a message that matches and came before on the same connection."""
    return lambda before, raw: becomes if raw in before and re.search(pattern, raw) else None


def staged(rule: Rule = lambda _before, _raw: None, base: type[Planted] = Planted) -> type[Planted]:
    """Return a server that follows the rule; what it says nothing of is received as usual."""

    class Staged(base):  # type: ignore[misc, valid-type]
        def plant(self, hub: Hub) -> None:
            super().plant(hub)
            receive, messages, deaf = hub.receive, dict[str, list[bytes]](), set[str]()

            def receive_by_rule(connection: Member, raw: bytes) -> None:
                if connection.id in deaf:
                    return
                before = messages.setdefault(connection.id, [])
                becomes = rule(before, raw)
                before.append(raw)
                if becomes == DEAF:
                    deaf.add(connection.id)
                elif becomes is None:
                    receive(connection, raw)
                elif becomes != IGNORED:
                    connection.close(CloseCode(becomes))

            hub.receive = receive_by_rule  # type: ignore[method-assign]

    return Staged


def answering(pattern: bytes, answer: bytes | None, base: type[Planted] = Planted) -> type[Planted]:
    """Return a server that answers raw bytes that match with these and the end of TCP, or ignores them for None."""

    class Answering(base.connection):  # type: ignore[misc, name-defined]
        def data_received(self, data: bytes) -> None:
            if not re.search(pattern, data, re.DOTALL):
                super().data_received(data)
            elif answer is not None:
                self.transport.write(answer)
                (self.transport.close if answer else self.transport.abort)()

    return with_connection(Answering, base)


def with_connection(kind: type[Connection], base: type[Planted] = Planted) -> type[Planted]:
    """Return a server whose connections are of this kind."""
    return type("WithConnection", (base,), {"connection": kind})


def late_with(code: CloseCode) -> type[Planted]:
    """Return a server that closes with this code when the auth timeout expires."""

    class LateWith(Connection):
        def close(self, sent: CloseCode, reason: str | None = None) -> None:
            super().close(code if sent is CloseCode.AUTH_TIMEOUT else sent, reason)

    return with_connection(LateWith)


def hiding(*names: str) -> type[Planted]:
    """Return a server that leaves these fields out of its answers and events."""

    def without(message: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in message.items() if name not in names}

    class Hiding(Connection):
        def send(self, body: bytes) -> None:
            super().send(encode(without(json.loads(body))))

    class HidingInEvents(with_connection(Hiding)):  # type: ignore[misc]
        def plant(self, hub: Hub) -> None:
            tell = hub.state.path.broadcast
            hub.state.path.broadcast = lambda members, event, body: tell(members, without(event), body)  # type: ignore

    return HidingInEvents


async def outcome_with(
    kind: type[Server],
    probe: str,
    tmp: Path,
    *,
    profile: Profile = "full",
    limits: dict[str, Any] | None = None,
    dialect: Dialect | None = None,
    **given: Any,
) -> Outcome:
    """Run one probe, and nothing else, against a server of this kind with shortened limits."""
    ours = Limits().set_lines(LIMITS).set(limits or {})
    audit = tmp / "room.db"
    async with kind(port=0, token=TOKEN, limits=ours, audit=audit, ops_token=OPS_TOKEN) as server:
        options: dict[str, Any] = {"audit": audit, "promised": promised(), "patience_s": PATIENCE_S} | given
        target = Target(url=server.url, tokens=(TOKEN,), profile=profile, dialect=dialect or Dialect(), **options)
        async with Scene(target, Random(1)) as scene:
            return await run_probe(PROBE[probe], scene)
