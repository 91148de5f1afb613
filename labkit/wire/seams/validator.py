"""Run your own function as a server's validator, for lessons and experiments: `Server(validator=my_validator)`.

    def my_validator(text): ...    # return the message as a dict, or None to close its sender with 1008

The server asks it about every text message of a member that is logged in, except the valid ones that only steer the
connection: auth, refresh, join, leave, presence and ping. What it accepts is published as it is, NaN included. If it
raises something, or returns anything else, the sender is closed with 1011, and the server reports the fault.
"""

import json
from collections.abc import Callable
from typing import Any

from labkit.rules import fields
from labkit.rules.answers import Answer
from labkit.rules.close_codes import CloseCode, row
from labkit.rules.messages import BY_TYPE, InvalidMessage, Message, Publication, decode, judge
from labkit.wire.seams.learners_class import OwnClass

Validate = Callable[[str], dict[str, Any] | None]


class OwnFault(Exception):
    """Your function failed, so the connection ends with 1011. The fault is recorded already."""


class OwnValidator(OwnClass):
    """A validator of a learner's own. `faults` holds what it raised so far."""

    def decode(self, raw: bytes, max_bytes: int) -> Message:
        """Decode a message of a member that is logged in. Raises InvalidMessage or OwnFault."""
        try:
            message = decode(raw, max_bytes)
        except InvalidMessage:
            return self._accepted(raw)
        return self._accepted(raw) if isinstance(message, Publication) else message

    def _accepted(self, raw: bytes) -> Message:
        value = self._ask(raw.decode("utf-8"))
        if value is None:
            raise InvalidMessage(row(CloseCode.INVALID_MESSAGE).reason)
        kind = BY_TYPE.get(value["type"]) if isinstance(value.get("type"), str) else None
        if kind is None or not issubclass(kind, Publication):
            return judge(value)  # nothing to publish, so the server's own rules apply
        return self._published(kind, value)

    def _ask(self, text: str) -> dict[str, Any] | None:
        name = getattr(self._new, "__name__", "your validator")
        try:
            value = self._new(text)
            json.dumps(value)
        except Exception as error:
            self.add(f"{name} raised {type(error).__name__}: {error}")
            raise OwnFault from None
        if value is None or isinstance(value, dict):
            return value
        self.add(f"{name} must return a dict or None, and returned {type(value).__name__}")
        raise OwnFault

    def _published(self, kind: type[Publication], value: dict[str, Any]) -> Publication:
        """Return a message with the values as they are. Only the room and the requestId are used by the server."""
        if not isinstance(value.get("roomId"), str):
            self.add(f"{getattr(self._new, '__name__', 'your validator')} accepted a roomId that is no string")
            raise OwnFault
        names = zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
        given: dict[str, Any] = {attribute: value.get(name) for attribute, name in names}
        given["request_id"] = fields.request_id(value.get("requestId"))
        return kind(**given)


def encode_as_python(answer: Answer) -> bytes:
    """Encode an event as Python's `json` does by default: NaN is written as NaN, although that is not JSON."""
    return json.dumps(answer, separators=(",", ":")).encode()
