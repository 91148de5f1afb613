"""The base of every broken client, with the parts of our client that a fault may replace."""

from collections.abc import Callable
from typing import Any

from labkit.rules.backoff import Backoff
from labkit.wire.client.client import Client
from labkit.wire.client.dispatcher import Dispatcher
from labkit.wire.client.link import Link
from labkit.wire.client.publisher import Publisher
from labkit.wire.client.reconnect_loop import ReconnectLoop
from labkit.wire.client.requests import Requests


class Planted(Client):
    """Our client, with a planted fault. A subclass replaces the faulty parts."""

    found_by: tuple[str, ...] = ()  # exactly the probes that find the fault; all others pass

    backoff: type[Backoff] = Backoff
    requests: type[Requests] = Requests
    publisher: type[Publisher] = Publisher
    dispatcher: type[Dispatcher] = Dispatcher
    link: Callable[..., Link] = Link
    loop: type[ReconnectLoop] = ReconnectLoop

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._new_backoff, self._new_requests, self._new_publisher = self.backoff, self.requests, self.publisher
        self._new_dispatcher, self._new_link, self._new_loop = self.dispatcher, self.link, self.loop
        super().__init__(*arguments, **options)
