"""Membership and publishing, nearly all with no socket: a failing audit, too much missed, nobody there."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from labkit.rules import actions
from labkit.rules.fields import Since
from labkit.rules.grants import EVERY_ROOM
from labkit.rules.limits import Limits
from labkit.rules.messages import Chat
from labkit.rules.outbox import Outbox
from labkit.rules.rooms import Event, Membership, Rooms
from labkit.rules.session import Identity
from labkit.wire.delayed_joins import DelayedJoins
from labkit.wire.fast.path import FastPath
from labkit.wire.held_input import HeldInput
from labkit.wire.membership import Memberships
from labkit.wire.publishing import Publishing
from tests.wire.raw import TOKEN, Raw, serving, until

Effect = Callable[[], None]


class Queue:
    """A commit queue whose audit succeeds or fails when the test says so."""

    is_full = False

    def __init__(self) -> None:
        self._waiting: list[tuple[Any, Effect, Effect]] = []

    def then(self, entry: Any, effect: Effect, otherwise: Effect | None = None) -> None:
        """Wait."""
        self._waiting.append((entry, effect, otherwise or effect))

    def tell(self, is_stored: bool) -> None:
        """The audit has answered."""
        waiting, self._waiting = self._waiting, []
        for entry, effect, otherwise in waiting:
            (effect if is_stored or entry is None else otherwise)()


class Peer:
    """A connection that keeps what it is sent."""

    id = "c-1"

    def __init__(self) -> None:
        self.session = SimpleNamespace(identity=Identity("s", "ann", EVERY_ROOM, 0.0), rooms={})
        self.outbox = Outbox(1_000, None)
        self.closing = False
        self.sent: list[dict[str, Any]] = []

    def send(self, body: bytes) -> None:
        """Keep it."""
        self.sent.append(json.loads(body))


def server() -> Any:
    """What rooms and publications need of a server, and what was refused."""
    refused: list[actions.Action] = []
    state: Any = SimpleNamespace(
        rooms=Rooms(Limits(), lambda: "epoch"),
        queue=Queue(),
        path=FastPath(),
        limits=Limits(),
        counts=SimpleNamespace(duplicates=0, events=0, delivered=0),
        new_id=lambda: "id",
        encode_event=None,
    )

    def refuse(_: Any, action: actions.Refuse) -> None:
        refused.append(action)

    backlog = DelayedJoins(state, HeldInput(lambda *_: None), lambda *_: None)
    return SimpleNamespace(
        queue=state.queue,
        rooms=state.rooms,
        refused=refused,
        memberships=Memberships(state, backlog, refuse),
        publishing=Publishing(state, refuse),
    )


def test_leaving_rooms_that_are_not_there_makes_none() -> None:
    """A thousand `leave` of names nobody uses push no room out of memory, and are answered."""
    hub, peer = server(), Peer()
    memberships: Any = hub.memberships
    for number in range(1_000):
        memberships.exit(peer, actions.Exit(f"room-{number}"))
    hub.queue.tell(is_stored=True)
    assert len(hub.rooms) == 0
    assert peer.sent[-1] == {"type": "left", "roomId": "room-999"}


def test_too_much_to_be_given_again_is_a_gap_and_no_overflow() -> None:
    """A member that missed more than its outbox holds gets a gap, because sending it all would close it as slow."""
    hub, behind, ahead = server(), Peer(), Peer()
    memberships: Any = hub.memberships
    room = hub.rooms.room("a")
    for seq in range(1, 6):
        room.deliver(Event(seq, "bob", "r", b'{"seq":%d,"text":"%s"}' % (seq, b"x" * 100)))
    memberships.enter(behind, actions.Enter("a", Since("epoch", 0), "rw"))
    memberships.enter(ahead, actions.Enter("a", Since("epoch", 2), "rw"))
    hub.queue.tell(is_stored=True)
    assert [(said["seq"], said.get("gap")) for said in behind.sent] == [(5, True)]
    assert [(said["seq"], said.get("gap")) for said in ahead.sent] == [(5, False), (3, None), (4, None), (5, None)]


def test_repeat_of_an_unstored_request_is_refused() -> None:
    """Said twice while the audit is failing: both are refused, and neither answer claims that the event exists."""
    hub, peer = server(), Peer()
    publishing: Any = hub.publishing
    for _ in range(2):
        publishing.publish(peer, actions.Publish(Chat(room_id="a", request_id="r-1", text="hi")))
    hub.queue.tell(is_stored=False)
    assert peer.sent == []
    assert hub.refused == [actions.Refuse("unavailable", "r-1", "a")] * 2


def test_repeat_of_a_stored_request_gets_its_event() -> None:
    """Said twice while the audit is at work: one event, and the sender gets it again, marked."""
    hub, peer = server(), Peer()
    publishing: Any = hub.publishing
    for _ in range(2):
        publishing.publish(peer, actions.Publish(Chat(room_id="a", request_id="r-1", text="hi")))
    hub.queue.tell(is_stored=True)
    assert [(said["seq"], said["duplicate"]) for said in peer.sent] == [(1, True)]
    assert hub.refused == []


def test_user_back_before_leave_is_stored_is_not_gone() -> None:
    """The second connection's join waits for the disk while the first one leaves: those who watch must not lose it."""
    hub, first, second, watcher = server(), Peer(), Peer(), Peer()
    memberships: Any = hub.memberships
    room = hub.rooms.room("a")
    watcher.session.identity = Identity("s2", "bob", EVERY_ROOM, 0.0)
    for peer in (first, watcher):
        memberships.enter(peer, actions.Enter("a", None, "rw"))
    hub.queue.tell(is_stored=True)
    room.watchers.add(watcher)
    watcher.sent.clear()
    memberships.enter(second, actions.Enter("a", None, "rw"))
    memberships._leave(first, "a")
    hub.queue.tell(is_stored=True)
    assert [said["type"] for said in watcher.sent] == ["entered"]
    memberships._leave(second, "a")
    hub.queue.tell(is_stored=True)
    assert [said["type"] for said in watcher.sent] == ["entered", "gone"]


def test_presence_is_cached_until_members_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking often in a big room costs the server no more than the bytes."""
    hub, ann, bob = server(), Peer(), Peer()
    memberships: Any = hub.memberships
    room, looks = hub.rooms.room("a"), list[int]()
    present = room.present
    monkeypatch.setattr(room, "present", lambda: looks.append(1) or present())
    bob.session.identity = Identity("s2", "bob", EVERY_ROOM, 0.0)
    told = []
    for act in ("ann comes", "ask", "ask", "bob comes", "ask", "bob goes", "ask", "ask"):
        if act == "ask":
            memberships.watch_presence(ann, actions.WatchPresence("a"))
        elif act == "bob goes":
            memberships.exit(bob, actions.Exit("a"))
        else:
            memberships.enter(ann if act == "ann comes" else bob, actions.Enter("a", None, "rw"))
        hub.queue.tell(is_stored=True)
        told += [len(said["members"]) for said in ann.sent if said["type"] == "presence"]
        ann.sent.clear()
    assert told == [1, 1, 2, 1, 1] and len(looks) == 3


def test_presence_that_an_outbox_cannot_take_is_refused() -> None:
    """Sent, it would close the one who asks as slow; back again it would ask again, and never get in."""
    hub, peer = server(), Peer()
    memberships: Any = hub.memberships
    room = hub.rooms.room("a")
    memberships.enter(peer, actions.Enter("a", None, "rw"))
    for number in range(10):
        room.enter(number, Membership(f"user-{number}", "rw", 0.0))
    memberships.watch_presence(peer, actions.WatchPresence("a"))
    hub.queue.tell(is_stored=True)
    assert [said["type"] for said in peer.sent] == ["joined"] and not room.watchers
    assert hub.refused == [actions.Refuse("unavailable", room_id="a")]


async def test_requests_in_idle_rooms_are_forgotten() -> None:
    """A member that goes from room to room would fill the memory: whole texts, and nobody to ask for them."""
    async with serving(limits={"dedupe_s": 0.2}) as running:
        raw = await Raw.enter(running.url, TOKEN, "a", "b")
        for room in ("a", "b"):
            raw.chat(room, "x" * 1_000, requestId="r")
            await raw.hear("chat")
        raw.say(type="leave", roomId="a")
        await until(lambda: sum(room.remembered for room in running.hub.state.rooms) == 0)
        assert len(running.hub.state.rooms) == 2
