"""Message brokers, through which several servers share their rooms. A single server needs none.

    broker.publish(topic, body)   appends to the log, which every server reads in the same order, from its beginning
    broker.broadcast(body)        sends to every server that is connected now; may be lost

A broker does not interpret messages; `labkit.wire.cluster` does.
"""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from labkit.brokers.nats.broker import NatsBroker

NAME = re.compile(r"[a-zA-Z0-9_-]{0,64}")


class LogError(Exception):
    """The log cannot be read; the text says why and what to do, in one line."""


class BadBroker(ValueError):
    """A broker that cannot be used; the text says why and what to do, in one line."""


def broker_at(url: str, token: str | None = None) -> "NatsBroker":
    """Return the broker at `nats://HOST:PORT` or `nats://HOST:PORT/NAME`; servers with the same NAME share their rooms.

    `token` is the broker's own token, if it needs one. Raises BadBroker.
    """
    if "@" in url:
        raise BadBroker("a password does not belong in an address, where every process list shows it; set BROKER_TOKEN")
    if urlsplit(url).scheme not in ("nats", "tls") or not NAME.fullmatch(urlsplit(url).path.strip("/")):
        raise BadBroker("a broker is nats://HOST:PORT or nats://HOST:PORT/NAME; without --broker one server needs none")
    try:
        from labkit.brokers.nats.broker import NatsBroker
    except ImportError:
        raise BadBroker("a broker needs the extra cluster: pip install 'labkit[cluster]'") from None
    return NatsBroker(url, token)
