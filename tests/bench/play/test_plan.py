"""Plans: who publishes, in which order things happen, and what is refused."""

from typing import Any

import pytest

from labkit.bench.play.actions import freeze, heal, kill_server, read_at
from labkit.bench.play.plan import Plan, plan
from labkit.rules.limits import Limits

FREE = Limits(messages_per_s=None)


def made(**given: Any) -> Plan:
    return plan(**{"members": 3, "rate": 10, "at": {}, "seconds": 5, "limits": FREE, **given})


def test_actions_are_in_order_of_time() -> None:
    found = made(at={3: heal("ben"), 1: [freeze("ben"), read_at("cleo", 2000)]})
    assert [(when, action.member) for when, action in found.actions] == [(1, "ben"), (1, "cleo"), (3, "ben")]
    assert found.watched == "ben"


def test_only_undisturbed_members_publish() -> None:
    assert made(at={1: freeze("ana")}).speakers == ("ben",)


def test_as_many_publish_as_the_rate_limit_demands() -> None:
    assert made(members=4, rate=25, limits=Limits(messages_per_s=10)).speakers == ("ana", "ben", "cleo")


def test_many_members_have_names() -> None:
    assert made(members=7).members[4:] == ("eve", "member 6", "member 7")


def test_plan_reads_as_a_sentence() -> None:
    assert str(made(at={2: freeze("ben")})) == ("3 members, 10 messages per second, 5 s; at 2 s ben's network stops")
    behind = "3 members, 10 messages per second, 5 s; ben and cleo behind a hop"
    assert str(made(hops=["ben", "cleo"])) == behind


def test_what_happens_to_the_server_disturbs_no_member() -> None:
    found = made(at={1: kill_server(), 2: freeze("cleo")})
    assert (found.watched, found.speakers, found.about_disk) == ("cleo", ("ana",), True)
    assert str(made(at={1: kill_server()})).endswith("at 1 s the server is killed")
    assert made(at={1: kill_server()}).watched == "ben"
    assert (made().about_disk, made(about="disk").about_disk) == (False, True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"members": 1}, "members=1 must be at least 2"),
        ({"about": "disc"}, "about='disc' is none of outbox, disk, history"),
        ({"rate": 0}, "rate=0 must be above 0"),
        ({"rate": float("nan")}, "rate=nan must be above 0"),
        ({"seconds": 0}, "seconds=0 must be above 0"),
        ({"seconds": 601}, "at most 600"),
        ({"at": {5: freeze("ben")}}, "at=5 is outside of the experiment's 5 seconds"),
        ({"at": {-1: freeze("ben")}}, "at=-1 is outside"),
        ({"hops": ["dan"]}, "'dan' is not a member; the members are ana, ben, cleo"),
        ({"at": {1: freeze("dan")}}, "'dan' is not a member; the members are ana, ben, cleo"),
        ({"rate": 40, "limits": Limits(messages_per_s=10)}, "rate=40 needs 4 publishers at messages_per_s=10"),
        ({"members": 2, "at": {1: [freeze("ana"), freeze("ben")]}}, "leave one of them alone"),
    ],
)
def test_impossible_plan_is_refused_with_the_way_out(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made(**given)


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_reading_rate_is_above_zero(rate: float) -> None:
    with pytest.raises(ValueError, match=r"freeze\('ben'\)"):
        read_at("ben", rate)
