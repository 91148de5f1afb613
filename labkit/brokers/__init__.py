"""How several servers share their rooms. One server needs no broker: its own memory is the default.

    broker.publish(topic, body)   -> the log, which every server reads in the same order, from its beginning
    broker.tell(body)             -> every other server that listens just now; may be lost

What the messages mean is none of a broker's business: `labkit.wire.sharing` says that. Taught in notebook 10.
"""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from labkit.brokers.nats.broker import NatsBroker

NAME = re.compile(r"[a-zA-Z0-9_-]{0,64}")


class LogError(Exception):
    """The log cannot be read; one line says why and what to do."""


class BadBroker(ValueError):
    """A broker that cannot be used: one line with the fault and the way out."""


def broker_at(url: str, token: str | None = None) -> "NatsBroker":
    """The broker at `nats://HOST:PORT` or `nats://HOST:PORT/NAME`; servers under one NAME share their rooms.

    `token` is what the broker asks for, if it does. Raises BadBroker.
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
