"""The order of judgement against an oracle of our own, the table of states, and the message rate on a virtual clock."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.rules import actions
from labkit.rules.close_codes import CloseCode
from labkit.rules.grants import EVERY_ROOM, Grants
from labkit.rules.limits import Limits
from labkit.rules.messages import (
    Auth,
    Chat,
    Join,
    Leave,
    Message,
    Ping,
    Presence,
    Progress,
    Publication,
    Read,
    Refresh,
    Since,
)
from labkit.rules.session import STRIKE_WINDOW_S, STRIKES, TABLE, Do, Identity, Input, Session, State
from tests.clock import Clock

GRANTS = Grants.of([["open:*", "rw"], ["read", "r"], ["write", "w"]])
ACCESS = {"open:1": "rw", "open:2": "rw", "open:3": "rw", "read": "r", "write": "w", "secret": ""}
SLOW = Limits(messages_per_s=2, message_burst=5, rooms_per_connection=3)
FREE = Limits(messages_per_s=None, rooms_per_connection=3)


def identity(grants: Grants = GRANTS) -> Identity:
    """Somebody."""
    return Identity("session-1", "ann", grants, 2_000_000.0)


def opened(limits: Limits, now: float, grants: Grants = GRANTS) -> Session:
    """A session whose credential was accepted."""
    session = Session(limits, now)
    session.happened(Input.HANDSHAKE)
    session.accepted(identity(grants))
    return session


ROOMS = st.sampled_from(sorted(ACCESS))
IDS = st.none() | st.sampled_from(["r-1", ""])
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(Auth, token=st.just("dev-token"), previous=st.none() | st.just("c-1")),
    st.builds(Refresh, token=st.just("dev-token")),
    st.builds(Join, room_id=ROOMS, since=st.none() | st.just(Since("e", 3))),
    st.builds(Join, room_id=ROOMS),
    st.builds(Leave, room_id=ROOMS),
    st.builds(Presence, room_id=ROOMS),
    st.just(Ping()),
    st.builds(Chat, room_id=ROOMS, request_id=IDS, text=st.just("hi")),
    st.builds(Read, room_id=ROOMS, request_id=IDS, up_to=st.just(3)),
    st.builds(Progress, room_id=ROOMS, job_id=st.just("j"), phase=st.just("p"), percent=st.just(5)),
)
# What comes, how often in a row, and how many 64ths of a second later.
STEPS = st.lists(
    st.tuples(
        MESSAGES | st.sampled_from(["accepted", "frame"]), st.sampled_from([1, 1, 1, 3, 40]), st.integers(0, 300)
    ),
    max_size=40,
)


class Oracle:
    """The order of judgement of docs/protocol.md once more: slow, and with nothing in common with the table."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.is_authenticated = self.is_closed = False
        self.rooms: dict[str, str] = {}
        self.saved, self.counted_at = Fraction(limits.message_burst), Fraction(0)
        self.strikes: list[Fraction] = []

    def expects(self, came: Any, now: Fraction) -> actions.Action | None:
        """What must be done about a message, a control frame, or the answer to a credential."""
        if self.is_closed:
            return None
        if came == "accepted":
            self.is_authenticated = True
            return None
        if came == "frame" or (isinstance(came, Auth) and self.is_authenticated):
            return None if self.may(now) else self.strike(now)
        if isinstance(came, Auth):
            return actions.Authenticate(came.token, came.previous)
        if not self.is_authenticated:
            return self.close(CloseCode.AUTH_FAILED, "auth failed")
        if isinstance(came, Publication | Presence) and came.room_id not in self.rooms:
            return self.close(CloseCode.INVALID_MESSAGE, "join room before chat")
        room, request = getattr(came, "room_id", None), getattr(came, "request_id", None)
        if not self.may(now):
            return self.strike(now) or actions.Refuse("rate_limited", request, room)
        return self.allowed(came, room, request)

    def allowed(self, came: Any, room: Any, request: Any) -> actions.Action:
        """Authenticated, joined and within the rate: is it allowed?"""
        if isinstance(came, Publication):
            may_write = "w" in self.rooms[room]
            return actions.Publish(came) if may_write else actions.Refuse("read_only", request, room)
        if isinstance(came, Presence):
            may_read = "r" in self.rooms[room]
            return actions.WatchPresence(room) if may_read else actions.Refuse("room_denied", None, room)
        if isinstance(came, Join):
            return self.join(came, room)
        if isinstance(came, Leave):
            self.rooms.pop(room, None)
            return actions.Exit(room)
        return actions.Renew(came.token) if isinstance(came, Refresh) else actions.Pong()

    def join(self, came: Join, room: str) -> actions.Action:
        """Once, with a grant, and not too many."""
        if room in self.rooms:
            return actions.Refuse("duplicate_join", None, room)
        if not ACCESS[room]:
            return actions.Refuse("room_denied", None, room)
        if len(self.rooms) == self.limits.rooms_per_connection:
            return actions.Refuse("room_limit", None, room)
        self.rooms[room] = ACCESS[room]
        return actions.Enter(room, came.since, ACCESS[room])

    def may(self, now: Fraction) -> bool:
        """Whether the rate allows one more: so many a second since the last time, and never more than the burst."""
        if self.limits.messages_per_s is None:
            return True
        earned = (now - self.counted_at) * Fraction(self.limits.messages_per_s)
        self.saved = min(Fraction(self.limits.message_burst), self.saved + earned)
        self.counted_at = now
        if self.saved < 1:
            return False
        self.saved -= 1
        return True

    def strike(self, now: Fraction) -> actions.Close | None:
        """The hundredth within ten seconds is the last."""
        self.strikes.append(now)
        recent = [when for when in self.strikes if when >= now - 10]
        return self.close(CloseCode.RATE_LIMITED, "rate limited") if len(recent) >= 100 else None

    def close(self, code: CloseCode, reason: str) -> actions.Close:
        """And nothing after it."""
        self.is_closed = True
        return actions.Close(code, reason)


def act(session: Session, came: Any, now: float) -> actions.Action | None:
    """What the session makes of it."""
    if came == "accepted":
        session.accepted(identity())
        return None
    if came == "frame":  # the connection hands frames on only while the session is alive
        is_alive = session.state in (State.AUTHENTICATING, State.OPEN)
        return session.control_frame(now) if is_alive else None
    return session.receive(came, now)


@settings(max_examples=300)
@given(st.sampled_from([SLOW, FREE]), st.booleans(), STEPS)
def test_judges_in_the_order_of_the_protocol(limits: Limits, is_open: bool, steps: list[Any]) -> None:
    """Any sequence of messages: authenticated, then joined, then allowed, and nothing after a close."""
    session, oracle = Session(limits, 0.0), Oracle(limits)
    session.happened(Input.HANDSHAKE)
    now = Fraction(0)
    for came, times, later in [("accepted", 1, 0)] * is_open + steps:
        now += Fraction(later, 64)
        for _ in range(times):
            assert act(session, came, float(now)) == oracle.expects(came, now)
        assert session.rooms == oracle.rooms


def test_message_of_any_kind_before_auth_closes_4403() -> None:
    """Before auth even an ignored leave or ping is answered 4403, with the same words for all."""
    for message in (Refresh(token="x" * 8), Join(room_id="a"), Leave(room_id="a"), Chat(room_id="a", text="t"), Ping()):
        session = Session(FREE, 0.0)
        session.happened(Input.HANDSHAKE)
        assert session.receive(message, 0.0) == actions.Close(CloseCode.AUTH_FAILED, "auth failed")
        assert session.state is State.CLOSING


def test_auth_fail_then_auth_join_chat_in_one_packet() -> None:
    """Defect 6 of the article: what stands behind the refused message in the same packet does nothing."""
    session = Session(FREE, 0.0)
    session.happened(Input.HANDSHAKE)
    assert isinstance(session.receive(Auth(token="wrong-token"), 0.0), actions.Authenticate)
    session.happened(Input.REJECTED)
    for message in (Auth(token="dev-token"), Join(room_id="open:1"), Chat(room_id="open:1", text="t")):
        assert session.receive(message, 0.0) is None
    session.accepted(identity())  # a check that ends late changes nothing any more
    assert session.state is State.CLOSING
    assert session.receive(Join(room_id="open:1"), 0.0) is None


def test_every_close_a_session_returns_is_final() -> None:
    """A session that returned a close is closing, though nobody told it so."""
    clock = Clock()
    not_joined = opened(FREE, clock.now)
    assert not_joined.receive(Chat(room_id="open:1", text="t"), clock.now) is not None
    flooded = opened(SLOW, clock.now)
    while not isinstance(flooded.receive(Ping(), clock.now), actions.Close):
        pass
    for session in (not_joined, flooded):
        assert session.state is State.CLOSING
        assert session.receive(Ping(), clock.now) is None


def test_a_hundred_strikes_in_ten_seconds() -> None:
    """The hundredth rate_limited within ten seconds closes; spread over a longer time, none ever does."""
    clock = Clock()
    session = opened(SLOW, clock.now)
    for _ in range(SLOW.message_burst):
        assert session.receive(Ping(), clock.now) == actions.Pong()
    for _ in range(STRIKES - 1):
        assert session.receive(Ping(), clock.now) == actions.Refuse("rate_limited")
    clock.tick(STRIKE_WINDOW_S + 0.1)
    while session.receive(Ping(), clock.now) == actions.Pong():
        pass
    outcomes = [session.receive(Ping(), clock.now) for _ in range(STRIKES - 1)]
    assert outcomes[:-1] == [actions.Refuse("rate_limited")] * (STRIKES - 2)
    assert outcomes[-1] == actions.Close(CloseCode.RATE_LIMITED, "rate limited")


@pytest.mark.parametrize("flood", [Auth(token="dev-token"), "frame"])
def test_flood_of_ignored_messages_is_rate_limited(flood: Any) -> None:
    """A second auth and a pong are ignored without an answer, but not for nothing: a flood of them ends in 4429."""
    session = opened(SLOW, 0.0)
    outcomes = [act(session, flood, 0.0) for _ in range(SLOW.message_burst + STRIKES)]
    assert outcomes == [None] * (len(outcomes) - 1) + [actions.Close(CloseCode.RATE_LIMITED, "rate limited")]


@pytest.mark.parametrize("seconds", [1, 10, 100])
def test_the_rate_over_a_long_time(seconds: int) -> None:
    """A client that always sends gets its burst at once, and then its rate; a pause saves up no more than the burst."""
    clock = Clock()
    session = opened(Limits(messages_per_s=4, message_burst=10), clock.now)
    clock.tick(1_000)
    allowed = 0
    for _ in range(seconds * 8 + 1):
        while session.receive(Ping(), clock.now) == actions.Pong():
            allowed += 1
        clock.tick(0.125)
    assert allowed == 10 + 4 * seconds


def test_refresh_keeps_the_rooms_and_changes_the_identity() -> None:
    """A later identity of the same session takes over on the live connection."""
    session = opened(FREE, 0.0)
    session.receive(Join(room_id="read"), 0.0)
    assert session.receive(Refresh(token="newer-token"), 0.0) == actions.Renew("newer-token")
    session.accepted(Identity("session-1", "ann", EVERY_ROOM, 3_000_000.0))
    assert session.state is State.OPEN
    assert session.rooms == {"read": "r"}
    assert session.receive(Join(room_id="secret"), 0.0) == actions.Enter("secret", None, "rw")


def test_a_token_is_not_in_the_text_of_an_action() -> None:
    """What is printed or logged of an action holds no secret."""
    assert "hunter2" not in f"{actions.Authenticate('hunter2-hunter2', None)!r} {actions.Renew('hunter2-hunter2')!r}"


# The table itself


def test_the_table_has_a_row_for_every_state() -> None:
    """Every state is a row, every step leads to a state, and every state can be reached."""
    assert set(TABLE) == set(State)
    reached, frontier = set[State](), {State.CONNECTING}
    while frontier:
        reached |= frontier
        frontier = {step.next for state in frontier for step in TABLE[state].values()} - reached
    assert reached == set(State)


def test_nothing_comes_back_from_closing() -> None:
    """No step leads from CLOSING to a live state, and CLOSED is the end."""
    assert {step.next for step in TABLE[State.CLOSING].values()} == {State.CLOSING, State.CLOSED}
    assert set(TABLE[State.CLOSED].values()) == {(Do.NOTHING, State.CLOSED)}
    assert set(TABLE[State.CLOSED]) == set(Input)


SAYABLE = {Input.AUTH, Input.REFRESH, Input.JOIN, Input.LEAVE, Input.PUBLISH, Input.PRESENCE, Input.PING}


def test_every_message_has_a_step_in_every_state() -> None:
    """In every state in which messages arrive, every message, a close and a loss have a step."""
    for state in (State.AUTHENTICATING, State.OPEN, State.CLOSING):
        assert SAYABLE | {Input.CLOSE, Input.LOST} <= set(TABLE[state])


def test_only_auth_is_accepted_before_auth() -> None:
    """Every message but auth leads from AUTHENTICATING to CLOSING with 4403."""
    heard = {given for given in SAYABLE if TABLE[State.AUTHENTICATING][given] != (Do.CLOSE_4403, State.CLOSING)}
    assert heard == {Input.AUTH}


def test_what_cannot_happen_is_an_error_of_the_caller() -> None:
    """No message can arrive before the handshake."""
    with pytest.raises(KeyError):
        Session(FREE, 0.0).happened(Input.JOIN)


def test_refresh_narrower_removes_rooms_wider_allows_rejoin() -> None:
    """Of the joined ones: less is allowed, a lost one is refused softly; at the limit it takes no second place."""
    session = opened(FREE, 0.0)
    for room_id in ("open:1", "open:2", "read"):
        session.receive(Join(room_id=room_id), 0.0)
    chat, again = Chat(room_id="open:1", request_id="r", text="hi"), Join(room_id="open:1")
    assert session.accepted(identity(Grants.of([["open:2", "r"], ["read", "r"]]))) == {"open:1": "", "open:2": "r"}
    assert session.receive(chat, 0.0) == actions.Refuse("room_denied", "r", "open:1")
    assert session.receive(Chat(room_id="open:2", request_id="r", text="hi"), 0.0) == actions.Refuse(
        "read_only", "r", "open:2"
    )
    assert session.receive(Presence(room_id="open:1"), 0.0) == actions.Refuse("room_denied", room_id="open:1")
    assert session.receive(again, 0.0) == actions.Refuse("room_denied", room_id="open:1")
    assert session.accepted(identity()) == {}
    assert session.receive(chat, 0.0) == actions.Refuse("room_denied", "r", "open:1")
    assert session.receive(again, 0.0) == actions.Enter("open:1", None, "rw")
    assert session.receive(chat, 0.0) == actions.Publish(chat)
    assert session.receive(again, 0.0) == actions.Refuse("duplicate_join", room_id="open:1")
