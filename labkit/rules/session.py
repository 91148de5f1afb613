"""The state machine of one connection, as a table.

This module follows two rules. The state changes only through a step in TABLE, and nothing here sends, stores or looks
up anything: `receive` returns an action, and `wire.hub` has it performed.

Three checks apply to a valid message, in this order: authenticated (else 4403), joined (else 1008), allowed (else an
`error`).
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import NamedTuple

from labkit.rules.actions import Action, Authenticate, Close, Enter, Exit, Pong, Publish, Refuse, Renew, WatchPresence
from labkit.rules.admission import TokenBucket
from labkit.rules.close_codes import CloseCode, row
from labkit.rules.grants import Grants
from labkit.rules.limits import Limits
from labkit.rules.messages import BY_TYPE, Auth, Join, Leave, Message, Ping, Presence, Publication, Refresh, RoomMessage

STRIKES = 100  # this many rate_limited errors within STRIKE_WINDOW_S close the connection with 4429
STRIKE_WINDOW_S = 10.0
CLOSES_KEPT = 10_000  # how many ended connections are remembered for `previousClose`


class State(StrEnum):
    """The state of a connection."""

    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class Input(StrEnum):
    """An input to the state machine."""

    HANDSHAKE = "handshake done"
    REFUSED = "handshake refused"
    AUTH = "auth"
    ACCEPTED = "credential accepted"
    REJECTED = "credential rejected"
    REFRESH = "refresh"
    JOIN = "join"
    LEAVE = "leave"
    PUBLISH = "chat, progress, comment, read, alert, exercise"
    PRESENCE = "presence"
    PING = "ping"
    CLOSE = "server decides to close"
    LOST = "connection lost"


class Do(StrEnum):
    """The actions that a step may require."""

    NOTHING = "nothing"
    AUTHENTICATE = "check the credential"
    REFRESH = "check the newer credential"
    JUDGE = "joined? allowed? then act"
    ANSWER = "answer"
    CLOSE_4403 = "close 4403"
    SEND_CLOSE = "send the close frame, abort after the deadline"
    FORGET = "leave all rooms"


class Step(NamedTuple):
    """One step of the state machine: an action and the next state."""

    do: Do
    next: State


_CLIENT_INPUTS = (Input.REFRESH, Input.JOIN, Input.LEAVE, Input.PUBLISH, Input.PRESENCE, Input.PING)
TABLE: dict[State, dict[Input, Step]] = {
    State.CONNECTING: {
        Input.HANDSHAKE: Step(Do.NOTHING, State.AUTHENTICATING),
        Input.REFUSED: Step(Do.NOTHING, State.CLOSED),
        Input.LOST: Step(Do.NOTHING, State.CLOSED),
    },
    State.AUTHENTICATING: {
        Input.AUTH: Step(Do.AUTHENTICATE, State.AUTHENTICATING),
        Input.ACCEPTED: Step(Do.ANSWER, State.OPEN),
        Input.REJECTED: Step(Do.SEND_CLOSE, State.CLOSING),
        **{given: Step(Do.CLOSE_4403, State.CLOSING) for given in _CLIENT_INPUTS},
        Input.CLOSE: Step(Do.SEND_CLOSE, State.CLOSING),
        Input.LOST: Step(Do.FORGET, State.CLOSED),
    },
    State.OPEN: {
        Input.AUTH: Step(Do.NOTHING, State.OPEN),
        Input.REFRESH: Step(Do.REFRESH, State.OPEN),
        **{given: Step(Do.JUDGE, State.OPEN) for given in (Input.JOIN, Input.LEAVE, Input.PUBLISH, Input.PRESENCE)},
        Input.PING: Step(Do.ANSWER, State.OPEN),
        Input.CLOSE: Step(Do.SEND_CLOSE, State.CLOSING),
        Input.LOST: Step(Do.FORGET, State.CLOSED),
    },
    # After a close, ignore further messages from the peer.
    State.CLOSING: {
        **{given: Step(Do.NOTHING, State.CLOSING) for given in (Input.AUTH, *_CLIENT_INPUTS, Input.CLOSE)},
        Input.LOST: Step(Do.FORGET, State.CLOSED),
    },
    State.CLOSED: {given: Step(Do.NOTHING, State.CLOSED) for given in Input},
}


@dataclass(frozen=True, slots=True)
class Identity:
    """An authenticated session: its user, its grants, and when it expires (seconds since 1970).

    `ends_at`: the session's own credential cannot extend it beyond this, because an issuer elsewhere said so.
    """

    session_id: str
    user_id: str
    grants: Grants
    expires_at: float
    ends_at: float = inf


class Known(NamedTuple):
    """A session that a server started, or recovered from its audit file.

    `is_revoked` comes from that file. `since` is the number of the newest revocation at the session's last login; any
    later revocation ends the session.
    """

    user_id: str
    expires_at: float
    is_revoked: bool = False
    since: float = -inf


_INPUTS: dict[type[Message], Input] = dict.fromkeys(BY_TYPE.values(), Input.PUBLISH) | {
    Auth: Input.AUTH,
    Refresh: Input.REFRESH,
    Join: Input.JOIN,
    Leave: Input.LEAVE,
    Presence: Input.PRESENCE,
    Ping: Input.PING,
}
_MEMBERS_ONLY = (Publication, Presence)


class Session:
    """One connection's state: its identity once authenticated, its rooms, and its message rate."""

    __slots__ = ("_bucket", "_rooms_allowed", "_strikes", "identity", "rooms", "state")

    def __init__(self, limits: Limits, now: float) -> None:
        rate = limits.messages_per_s
        self.state = State.CONNECTING
        self.identity: Identity | None = None
        self.rooms: dict[str, str] = {}  # room id -> access; "" once a refresh has removed the rights
        self._rooms_allowed = limits.rooms_per_connection
        self._bucket = None if rate is None else TokenBucket(rate, limits.message_burst, now)
        self._strikes: deque[float] | None = None  # an empty deque is 600 bytes, and few connections need one

    @property
    def listens(self) -> bool:
        """Whether to act on messages from the peer. False after a close."""
        state = self.state
        return state is State.OPEN or state is State.AUTHENTICATING

    def happened(self, given: Input) -> Do:
        """Take the step that TABLE gives. Raises KeyError if this state does not allow the input: a caller's bug."""
        step = TABLE[self.state][given]
        self.state = step.next
        return step.do

    def accepted(self, identity: Identity) -> dict[str, str]:
        """Set the identity after a valid `auth` or `refresh`. Return joined rooms with fewer rights, and those rights.

        To use additional rights, a client must join again. Publishing to a room without rights gets an `error`, not a
        close, because the message may predate the refresh. A later credential may allow the room again.
        """
        self.identity = identity
        if self.state is State.AUTHENTICATING:
            self.happened(Input.ACCEPTED)
        less: dict[str, str] = {}
        for room_id, held in self.rooms.items():
            allowed = identity.grants.access(room_id)
            kept = "".join(letter for letter in held if letter in allowed)
            if kept != held:
                less[room_id] = kept
        self.rooms.update(less)
        return less

    def receive(self, message: Message, now: float) -> Action | None:
        """Return the action for a valid message, or None. If it is a `Close`, the session is already in CLOSING."""
        do = self.happened(_INPUTS[type(message)])
        if do is Do.NOTHING:
            return self.control_frame(now) if self.state is State.OPEN else None  # a second auth
        if do is Do.CLOSE_4403:
            return self._close(CloseCode.AUTH_FAILED)
        if isinstance(message, Auth):
            return Authenticate(message.token, message.previous)
        return self._judge(message, now)

    def allows_ping(self, now: float) -> bool:
        """Return whether to answer a `ping` now. If so, count it against the message rate."""
        return self.state is State.OPEN and (self._bucket is None or self._bucket.take(now))

    def control_frame(self, now: float) -> Close | None:
        """Count a frame without an answer, such as a pong, against the message rate. Over the rate, add a strike."""
        if self._bucket is None or self._bucket.take(now):
            return None
        return self._strike(now)

    def _judge(self, message: Message, now: float) -> Action:
        room_id = message.room_id if isinstance(message, RoomMessage) else None
        if isinstance(message, _MEMBERS_ONLY) and room_id not in self.rooms:
            return self._close(CloseCode.INVALID_MESSAGE, "join room before chat")
        if self._bucket is not None and not self._bucket.take(now):
            return self._strike(now) or Refuse("rate_limited", _request_id(message), room_id)
        return self._allow(message)

    def _strike(self, now: float) -> Close | None:
        """Count a message that exceeded the rate. Return a `Close` after STRIKES within STRIKE_WINDOW_S."""
        if self._strikes is None:
            self._strikes = deque()
        self._strikes.append(now)
        while self._strikes[0] < now - STRIKE_WINDOW_S:
            self._strikes.popleft()
        return self._close(CloseCode.RATE_LIMITED) if len(self._strikes) >= STRIKES else None

    def _close(self, code: CloseCode, reason: str | None = None) -> Close:
        self.happened(Input.CLOSE)
        return Close(code, row(code).reason if reason is None else reason)

    def _allow(self, message: Message) -> Action:
        match message:
            case Publication():
                if "w" in self.rooms[message.room_id]:
                    return Publish(message)
                code = "read_only" if self.rooms[message.room_id] else "room_denied"
                return Refuse(code, message.request_id, message.room_id)
            case Join():
                return self._allow_join(message)
            case Leave():
                self.rooms.pop(message.room_id, None)
                return Exit(message.room_id)
            case Presence():
                if "r" in self.rooms[message.room_id]:
                    return WatchPresence(message.room_id)
                return Refuse("room_denied", room_id=message.room_id)
            case Refresh():
                return Renew(message.token)
            case _:
                return Pong()

    def _allow_join(self, message: Join) -> Action:
        room_id = message.room_id
        access = self.identity.grants.access(room_id) if self.identity else ""
        if self.rooms.get(room_id):
            return Refuse("duplicate_join", room_id=room_id)
        if not access:
            return Refuse("room_denied", room_id=room_id)
        if room_id not in self.rooms and len(self.rooms) >= self._rooms_allowed:
            return Refuse("room_limit", room_id=room_id)
        self.rooms[room_id] = access
        return Enter(room_id, message.since, access)


def _request_id(message: Message) -> str | None:
    return message.request_id if isinstance(message, Publication) else None
