"""Faults in the audit file."""

import asyncio
from time import time

from labkit.broken.planted import Planted, drop_entries
from labkit.rules.actions import Authenticate
from labkit.wire.audit.writer import Entry
from labkit.wire.commit_queue import Effect
from labkit.wire.connection import Connection
from labkit.wire.hub import Hub

LATER_S = 0.3


class AuditInTheBackground(Planted):
    """Events are delivered immediately, and written to the audit file only later."""

    found_by = ("audit/2", "audit/3", "audit/4", "audit/5")

    def plant(self, hub: Hub) -> None:
        then = hub.state.queue.then

        def deliver_first(entry: Entry | None, effect: Effect, otherwise: Effect | None = None) -> None:
            effect()
            if entry is not None:
                asyncio.get_running_loop().call_later(LATER_S, then, entry, lambda: None)

        hub.state.queue.then = deliver_first  # type: ignore[method-assign]


class AuditWithoutCloses(Planted):
    """The audit file does not record which connections were closed, or why."""

    found_by = ("audit/5",)

    def plant(self, hub: Hub) -> None:
        drop_entries(hub, "close")


class AuditWithoutDenials(Planted):
    """The audit file records only successful actions, and no denials."""

    found_by = ("audit/4",)

    def plant(self, hub: Hub) -> None:
        drop_entries(hub, "denied")


class TokenInTheAudit(Planted):
    """When a token is refused, the audit file records the token itself."""

    found_by = ("audit/6",)

    def plant(self, hub: Hub) -> None:
        authenticate = hub.order.performers[Authenticate]

        def authenticate_and_record(connection: Connection, action: Authenticate) -> None:
            hub.state.queue.record(Entry(time(), "denied", connection=connection.id, body=action.token))
            authenticate(connection, action)

        hub.order.performers[Authenticate] = authenticate_and_record
