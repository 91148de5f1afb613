"""Message brokers. Several servers share their rooms through a broker; a single server needs none.

    broker.publish(topic, body)   append to the log, which every server reads from the start, in the same order
    broker.broadcast(body)        send to every connected server; the message may be lost

A broker does not interpret messages; `labkit.wire.cluster` does.
"""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from labkit.platform.packages import missing

if TYPE_CHECKING:
    from labkit.brokers.nats.broker import NatsBroker

NAME = re.compile(r"[a-zA-Z0-9_-]{0,64}")


class LogError(Exception):
    """The log cannot be read. The message says why, and what to do, in one line."""


class BadBroker(ValueError):
    """The broker cannot be used. The message says why, and what to do, in one line."""


def broker_at(url: str, token: str | None = None) -> "NatsBroker":
    """Return the broker at `nats://HOST:PORT` or `nats://HOST:PORT/NAME`. Servers with the same NAME share rooms.

    `token` authenticates to the broker, if it requires one. Raises BadBroker.
    """
    if "@" in url:
        raise BadBroker("do not put a password in the address, where every process list shows it; set BROKER_TOKEN")
    if urlsplit(url).scheme not in ("nats", "tls") or not NAME.fullmatch(urlsplit(url).path.strip("/")):
        raise BadBroker("a broker address is nats://HOST:PORT or nats://HOST:PORT/NAME; a single server needs none")
    try:
        from labkit.brokers.nats.broker import NatsBroker
    except ImportError:
        raise BadBroker(missing("nats", "omit --broker")) from None
    return NatsBroker(url, token)
