"""The records of both ends, merged: the root cause is named, in causal order, and nothing is made up."""

import asyncio
import json
from pathlib import Path

import pytest

from labkit.bench.timeline.cause import Cause
from labkit.bench.timeline.merge import Moment, Sample, Timeline, timeline
from labkit.wire.audit.schema import Entry
from labkit.wire.client.reconnect_loop import SILENCE
from labkit.wire.client.state import Journal
from tests.bench.incidents import Records, incident, live_all

KINDS = 15
MANY, MOST_WRONG = 200, 0.05


def judged(lived: dict[int, Records]) -> dict[str, tuple[Cause, Cause]]:
    """What was named and what it was, where the two differ."""
    found = {seed: timeline(records.client, records.server).cause for seed, records in lived.items()}
    truths = {seed: incident(seed).truth for seed in lived}
    return {f"{seed} {incident(seed)}": (found[seed], truths[seed]) for seed in lived if found[seed] != truths[seed]}


def test_each_kind_of_incident_is_named_from_the_records_alone(tmp_path: Path) -> None:
    assert judged(asyncio.run(live_all(range(KINDS), tmp_path))) == {}


@pytest.mark.matrix
@pytest.mark.timeout(600)
def test_the_root_cause_of_200_seeded_faults_is_named_nineteen_times_of_twenty(tmp_path: Path) -> None:
    wrong = judged(asyncio.run(live_all(range(MANY), tmp_path)))
    assert len(wrong) <= MOST_WRONG * MANY, wrong


def client_log(code: int = 1006, *, why: str = "", ends_at: float = 105.0, connection: str | None = "c1") -> Journal:
    """A connection that began at 100, was let in at 100.2 and in the room at 100.4."""
    log = Journal()
    log.add(100.0, "connecting")
    log.add(100.1, "authenticating")
    if connection is not None:
        log.add(100.2, "auth_ok", connection=connection, user="ana", previous_close=None)
        log.add(100.4, "joined", room="demo", seq=0, gap=False)
    log.add(ends_at, "closed", code=code, reason="", **({"why": why} if why else {}))
    return log


def close_row(
    code: int, reason: str = "", at: float = 104.0, connection: str = "c1", user: str | None = "ana"
) -> Entry:
    body = json.dumps({"code": code, "reason": reason})
    return Entry(at, "close", id=connection, user=user, connection=connection, body=body)


def join_row(at: float) -> Entry:
    return Entry(at, "join", room="demo", user="ana", connection="c1")


def what(told: Timeline) -> list[str]:
    return [f"{moment.side} {moment.what}" for moment in told.moments]


@pytest.mark.parametrize(
    ("log", "rows", "cause"),
    [
        (client_log(4408), [close_row(4408, at=104.99)], Cause.NO_PONG),
        (client_log(4408), [close_row(4408, at=103.9)], Cause.LATE),
        (client_log(why=SILENCE), [close_row(4408)], Cause.UNREACHABLE),
        (client_log(), [close_row(4408)], Cause.NO_PONG),
        (client_log(), [close_row(1013, "slow")], Cause.SLOW),
        (client_log(1013), [close_row(1013, "busy retry=1200", user=None)], Cause.BUSY),
        (client_log(), [close_row(1006)], Cause.CUT),
        (client_log(), [join_row(100.3)], Cause.SERVER_GONE),
        (client_log(), [], Cause.UNKNOWN),
        (client_log(4401, connection=None), [close_row(4401, connection="c9", user=None)], Cause.AUTH_LATE),
        (client_log(4410), [close_row(4410)], Cause.SAID),
    ],
)
def test_the_difference_between_the_two_ends_is_the_cause(log: Journal, rows: list[Entry], cause: Cause) -> None:
    assert timeline(log, rows).cause is cause


def test_nobody_at_the_address_is_no_matter_of_the_server() -> None:
    log = Journal()
    log.add(100.0, "connecting")
    log.add(100.1, "closed", code=1006, reason="", why="refused")
    told = timeline(log, [close_row(4408, user=None)])
    assert told.cause is Cause.NO_SERVER
    assert told.sentence.startswith(
        "closed because nobody answered at the address; first visible at 1970-01-01T00:01:40"
    )


def test_a_client_without_the_servers_file_believes_the_previous_close_that_it_is_told() -> None:
    log = client_log(why=SILENCE)
    log.add(105.1, "connecting")
    log.add(105.2, "authenticating")
    told = {"code": 1013, "reason": "slow", "at": "1970-01-01T00:01:44.000Z"}
    log.add(105.3, "auth_ok", connection="c2", user="ana", previous_close=told)
    assert timeline(log).cause is Cause.UNREACHABLE
    assert "server closed 1013 slow" in what(timeline(log))


def test_the_other_clients_rows_are_not_looked_at() -> None:
    rows = [close_row(4410, connection="c2"), close_row(1013, "slow"), close_row(4401, connection="c3", user=None)]
    assert timeline(client_log(), rows).cause is Cause.SLOW


def test_a_wrong_clock_changes_neither_order_nor_cause() -> None:
    """The server's clock is an hour ahead; it let the client join between auth_ok and joined, which sets it right."""
    right = timeline(client_log(4408), [join_row(100.3), close_row(4408, at=104.9)])
    wrong = timeline(client_log(4408), [join_row(3700.3), close_row(4408, at=3704.9)])
    assert what(wrong) == what(right)
    assert wrong.cause is right.cause is Cause.NO_PONG
    assert [moment.at for moment in wrong.moments] == pytest.approx([moment.at for moment in right.moments], abs=0.2)


def test_a_close_frame_is_sent_before_it_is_heard() -> None:
    told = timeline(client_log(4408), [close_row(4408, "no pong", at=105.001)])
    assert what(told)[-2:] == ["server closed 4408 no pong", "client closed 4408"]
    assert told.visible.side == "server"


def test_what_waited_for_the_client_shows_it_first() -> None:
    """The first look of the last run: an earlier burst that went out is not the beginning of this end."""
    looks = [(101.0, 500), (101.5, 0), (102.0, 900), (102.5, 4000)]
    samples = [Sample(at, "c1", waiting, 10 * waiting) for at, waiting in looks]
    told = timeline(client_log(), [close_row(1013, "slow")], [*samples, Sample(100.5, "c2", 9, 9)])
    assert told.visible.at == 102.0
    assert told.sentence.endswith("at the server: 900 bytes wait, the oldest for 9000 ms")
    assert not any("9 bytes wait" in line for line in what(told)[:3])


def test_a_connection_is_named_by_its_id_or_is_the_first_that_ended() -> None:
    log = client_log()
    log.add(105.1, "connecting")
    log.add(105.2, "authenticating")
    log.add(105.3, "auth_ok", connection="c2", user="ana", previous_close=None)
    log.add(109.0, "closed", code=4410, reason="session revoked")
    rows = [close_row(1006), close_row(4410, "session revoked", at=108.9, connection="c2")]
    assert timeline(log, rows).cause is Cause.CUT
    assert timeline(log, rows, connection="c2").because == "of 4410: the session was revoked"
    with pytest.raises(ValueError, match="no connection of this client has ended"):
        timeline(log, rows, connection="c3")


def test_its_text_is_a_line_a_moment_and_the_sentence() -> None:
    lines = str(timeline(client_log(), [close_row(1006)])).splitlines()
    assert lines[0] == "    0.000 s  client  connecting"
    assert lines[-1].startswith("closed because TCP ended without a close frame; first visible at")
    assert len(lines) == 7


def test_looks_that_follow_one_another_are_one_line() -> None:
    """Four a second are no news; what else happened, and the first that showed it, keep their lines."""
    looks = [Moment(10 + number / 4, "server", f"{number} bytes wait", number) for number in range(8)]
    moments = (Moment(9, "client", "open"), *looks, Moment(13, "client", "closed 1006"))
    told = Timeline(moments, Cause.UNREACHABLE, "nothing came", moments[-1])
    assert [moment.what for moment in told.briefly] == [
        "open",
        "8 looks in 1.8 s: at most 7 bytes wait",
        "closed 1006",
    ]
    assert looks[3] in Timeline(moments, Cause.UNREACHABLE, "nothing came", looks[3]).briefly
