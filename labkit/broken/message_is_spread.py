"""The event is made by spreading the message over it, as {...event, ...message} does."""

import json
from typing import Any

from labkit.broken.planted import Planted
from labkit.rules import answers
from labkit.wire.hub import Hub
from labkit.wire.member import Member

FOUND_BY = ("secrets/3", "rooms/5", "validation/7", "validation/9")


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Let the fields of the message win."""
        receive, tell = hub.receive, hub.state.path.broadcast
        messages: dict[str, Any] = {}

        def receive_and_keep(connection: Member, raw: bytes) -> None:
            if raw.startswith(b'{"type":"chat"') and isinstance(text := json.loads(raw).get("text"), str):
                messages[text] = json.loads(raw)
            receive(connection, raw)

        def tell_spread(members: Any, said: answers.Answer, _: bytes) -> None:
            spread = {**said, **messages.get(said["text"], {})} if "text" in said else said
            tell(members, spread, answers.encode(spread))

        hub.receive = receive_and_keep  # type: ignore[method-assign]
        hub.state.path.broadcast = tell_spread  # type: ignore[assignment, method-assign]
