"""Read a stream from a given position: each message once, in order, without gaps, even if the broker restarts.

The reader uses an ephemeral consumer without acks and tracks its own position. It recreates the consumer from there
after a gap in the consumer's numbering, after a long silence, and on a new connection. Flow control keeps the broker
from dropping us as a slow consumer while we catch up.
"""

import json
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from labkit.brokers import LogError

HEARTBEAT_S = 1.0  # the broker's heartbeat interval on an idle stream
MAX_IDLE_S = 3.5
REPLY_S = 3.0
FORGET_S = 30.0  # the broker deletes a consumer that nobody has read for this long


NO_SUCH_STREAM = 10059  # JetStream's error code for a missing stream
UNAVAILABLE = 503


class Refused(LogError):
    """An error from JetStream. `status` is an HTTP-like status code; `code` identifies the exact error."""

    def __init__(self, api: str, error: dict[str, Any]) -> None:
        super().__init__(f"the broker refused {api}: {error.get('description')}")
        self.status, self.code = error.get("code"), error.get("err_code")


class Message(NamedTuple):
    """A message in the log. `place` is its position, from 1. `at` is the broker's time in seconds since 1970."""

    place: int
    at: float
    topic: str
    body: bytes


async def ask(nats: Client, api: str, question: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call the JetStream API. Raises Refused, or TimeoutError or a nats-py error if there is no answer."""
    response = await nats.request(f"$JS.API.{api}", json.dumps(question or {}).encode(), timeout=REPLY_S)
    reply: dict[str, Any] = json.loads(response.data)
    if "error" in reply:
        raise Refused(api, reply["error"])
    return reply


class Reader:
    """Reads one stream over one connection to the broker."""

    def __init__(self, nats: Client, stream: str, prefix: str, take: Callable[[Message], None]) -> None:
        """Prepare a reader. `take` gets each message; its topic is the subject without `prefix`."""
        self.place = 0
        self.pending = 1  # unread messages in the log, as last reported
        self._nats = nats
        self._stream = stream
        self._prefix = prefix
        self._take = take
        self._subscription: Subscription | None = None
        self._generation = 0
        self._consumed = 0
        self._received_at = monotonic()

    @property
    def is_reading(self) -> bool:
        """Whether there is a consumer and it has sent something recently."""
        return self._subscription is not None and monotonic() - self._received_at < MAX_IDLE_S

    async def start(self) -> None:
        """Create a consumer that starts after our position. Raises the exceptions of `ask`."""
        await self.stop()  # from here on, ignore messages from an older consumer
        self._consumed, self._received_at = 0, monotonic()
        inbox = self._nats.new_inbox()
        take = partial(self._receive, self._generation)
        subscription = await self._nats.subscribe(inbox, cb=take, pending_msgs_limit=-1, pending_bytes_limit=-1)
        try:
            question = {"stream_name": self._stream, "config": _consumer(inbox, self.place + 1)}
            made = await ask(self._nats, f"CONSUMER.CREATE.{self._stream}", question)
        except BaseException:
            await subscription.unsubscribe()
            raise
        if self._consumed == 0:  # otherwise a message arrived before the answer, with a newer count
            self.pending = int(made["num_pending"])
        self._subscription = subscription

    async def stop(self) -> None:
        """Delete the consumer."""
        self._generation += 1
        subscription, self._subscription = self._subscription, None
        if subscription is not None and not self._nats.is_closed:
            await subscription.unsubscribe()

    async def _receive(self, generation: int, message: Msg) -> None:
        if generation != self._generation:
            return
        if not message.reply.startswith("$JS.ACK."):
            await self._control(message)
            return
        tokens = message.reply.split(".")
        place, consumed, at_ns, pending = map(int, tokens[5:9] if len(tokens) == 9 else tokens[7:11])
        if consumed != self._consumed + 1:  # something was lost between the broker and us
            self.drop()
            return
        self._consumed, self._received_at, self.pending = consumed, monotonic(), pending
        if place > self.place:
            self.place = place
            self._take(Message(place, at_ns / 1e9, message.subject.removeprefix(self._prefix), message.data))

    async def _control(self, message: Msg) -> None:
        """Handle a heartbeat or a flow-control request."""
        headers = message.headers or {}
        if int(headers.get("Nats-Last-Consumer", self._consumed)) != self._consumed:
            self.drop()  # the last messages were lost
            return
        self._received_at = monotonic()
        stalled = message.reply or headers.get("Nats-Consumer-Stalled")
        if stalled:
            await self._nats.publish(stalled)

    def drop(self, place: int | None = None) -> None:
        """Ignore this consumer from now on. The next one starts after `place`, or else after our own position."""
        self.place = self.place if place is None else place
        self._generation += 1
        self._received_at = 0.0


def _consumer(inbox: str, start: int) -> dict[str, Any]:
    return {
        "deliver_subject": inbox,
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": start,
        "ack_policy": "none",
        "max_deliver": 1,
        "mem_storage": True,
        "num_replicas": 1,
        "flow_control": True,
        "idle_heartbeat": round(HEARTBEAT_S * 1e9),
        "inactive_threshold": round(FORGET_S * 1e9),
    }
