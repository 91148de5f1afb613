"""Who is in our rooms by way of other servers: counted changes, lost words found out, the dead forgotten."""

from typing import Any

import pytest

from labkit.wire.cluster.bus_messages import BusMessage, PresenceRequest, read_bus_message, write
from labkit.wire.cluster.remote_presence import DEAD_S, MEMBERS_PER_MESSAGE, RemotePresence


class Two:
    """Two servers; what each says is kept, so that a test may lose it."""

    def __init__(self) -> None:
        self.said: list[BusMessage] = []
        self.seen: list[tuple[str, str, str]] = []
        note = lambda what: lambda room, user: self.seen.append((what, room, user))  # noqa: E731
        self.here = RemotePresence("here", self.said.append, note("entered"), note("gone"))
        self.there = RemotePresence("there", self.said.append, note("?"), note("?"))
        self.members: list[tuple[str, str, float]] = []
        self.now = 0.0

    def carry(self, lose: int = 0) -> None:
        """What was said arrives at the other one, as bytes; the first so many words are lost."""
        words, self.said[:] = self.said[lose:], []
        for word in words:
            again: Any = read_bus_message(write(word))
            if isinstance(again, PresenceRequest):
                self.there.send_members(self.members)
            else:
                self.here.receive(again, self.now)

    def enter(self, room: str, user: str) -> None:
        self.members.append((room, user, 1.0))
        self.there.announce_entered(room, user, 1.0)

    def go(self, room: str, user: str) -> None:
        self.members.remove((room, user, 1.0))
        self.there.announce_gone(room, user)

    def beat(self) -> None:
        """One heartbeat, with the question and the answer that may follow."""
        self.there.announce_alive()
        for _ in range(3):
            self.carry()


@pytest.fixture
def two() -> Two:
    made = Two()
    made.beat()
    return made


def test_entered_and_gone_are_sent_once(two: Two) -> None:
    """In order."""
    two.enter("a", "ann")
    two.go("a", "ann")
    two.carry()
    assert two.seen == [("entered", "a", "ann"), ("gone", "a", "ann")]
    assert two.here.present("a") == {}


def test_a_lost_word_is_found_out_at_the_next_heartbeat(two: Two) -> None:
    """Also when later words came: they cannot be taken without it."""
    two.enter("a", "ann")
    two.enter("a", "bob")
    two.carry(lose=1)
    assert two.seen == []
    two.beat()
    assert set(two.seen) == {("entered", "a", "ann"), ("entered", "a", "bob")}
    assert two.here.present("a") == {"ann": 1.0, "bob": 1.0}


def test_a_lost_goodbye_is_found_out_too(two: Two) -> None:
    """The full answer makes what was known before void."""
    two.enter("a", "ann")
    two.beat()
    two.go("a", "ann")
    two.carry(lose=1)
    two.beat()
    assert two.seen == [("entered", "a", "ann"), ("gone", "a", "ann")]


def test_a_server_that_falls_silent_takes_its_members_with_it(two: Two) -> None:
    """Not before DEAD_S."""
    two.enter("a", "ann")
    two.carry()
    two.here.forget_silent(DEAD_S)
    assert two.here.is_in("a", "ann")
    two.here.forget_silent(DEAD_S + 0.1)
    assert two.seen[-1] == ("gone", "a", "ann")
    assert not two.here.is_in("a", "ann")


def test_a_user_on_two_other_servers_enters_once_and_goes_once(two: Two) -> None:
    """With the last of them."""
    third = RemotePresence("third", two.said.append, lambda *_: None, lambda *_: None)
    third.announce_alive()
    two.carry()
    third.send_members([("a", "ann", 5.0)])
    two.carry()
    two.enter("a", "ann")
    two.carry()
    assert two.here.present("a") == {"ann": 1.0}
    two.go("a", "ann")
    two.carry()
    assert two.seen == [("entered", "a", "ann")]
    third.announce_gone("a", "ann")
    two.carry()
    assert two.seen == [("entered", "a", "ann"), ("gone", "a", "ann")]


def test_a_large_server_answers_in_pieces(two: Two) -> None:
    """Each fits into one message of the broker."""
    two.members = [("a", f"user-{number}", 1.0) for number in range(MEMBERS_PER_MESSAGE * 2 + 3)]
    two.there.send_members(two.members)
    assert len(two.said) == 3
    assert max(len(write(word)) for word in two.said) < 100_000
    two.carry()
    assert len(two.here.present("a")) == MEMBERS_PER_MESSAGE * 2 + 3


def test_own_broadcasts_are_ignored(two: Two) -> None:
    """The broker gives everybody every word."""
    two.here.announce_entered("a", "ann", 1.0)
    two.carry()
    assert two.here.present("a") == {}
