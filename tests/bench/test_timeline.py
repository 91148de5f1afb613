"""The merged timeline: its root cause, its order, and its text."""

import asyncio
import json
from pathlib import Path

import pytest

from labkit.bench.timeline.cause import Cause
from labkit.bench.timeline.merge import BufferSample, Moment, Timeline, timeline
from labkit.wire.audit.schema import Entry
from labkit.wire.client.reconnect_loop import SILENCE
from labkit.wire.client.state import Journal
from tests.bench.incidents import Records, incident, live_all

KINDS = 15
MANY, MOST_WRONG = 200, 0.05


def judged(lived: dict[int, Records]) -> dict[str, tuple[Cause, Cause]]:
    """Return the named and the true cause where they differ."""
    found = {seed: timeline(records.client, records.server).cause for seed, records in lived.items()}
    truths = {seed: incident(seed).truth for seed in lived}
    return {f"{seed} {incident(seed)}": (found[seed], truths[seed]) for seed in lived if found[seed] != truths[seed]}


def test_timeline_names_each_kind_of_incident(tmp_path: Path) -> None:
    assert judged(asyncio.run(live_all(range(KINDS), tmp_path))) == {}


@pytest.mark.matrix
@pytest.mark.timeout(600)
def test_timeline_names_95_percent_of_200_root_causes(tmp_path: Path) -> None:
    wrong = judged(asyncio.run(live_all(range(MANY), tmp_path)))
    assert len(wrong) <= MOST_WRONG * MANY, wrong


def client_log(code: int = 1006, *, why: str = "", ends_at: float = 105.0, connection: str | None = "c1") -> Journal:
    """A connection that started at 100, got auth_ok at 100.2 and joined at 100.4."""
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


def what(merged: Timeline) -> list[str]:
    return [f"{moment.side} {moment.what}" for moment in merged.moments]


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
        (client_log(4410), [close_row(4410)], Cause.DELIBERATE),
    ],
)
def test_timeline_cause_follows_from_both_ends(log: Journal, rows: list[Entry], cause: Cause) -> None:
    assert timeline(log, rows).cause is cause


def test_timeline_refused_connection_ignores_the_server() -> None:
    log = Journal()
    log.add(100.0, "connecting")
    log.add(100.1, "closed", code=1006, reason="", why="refused")
    merged = timeline(log, [close_row(4408, user=None)])
    assert merged.cause is Cause.NO_SERVER
    assert merged.sentence.startswith(
        "closed because nobody answered at the address; first visible at 1970-01-01T00:01:40"
    )


def test_timeline_without_audit_uses_previous_close() -> None:
    log = client_log(why=SILENCE)
    log.add(105.1, "connecting")
    log.add(105.2, "authenticating")
    close = {"code": 1013, "reason": "slow", "at": "1970-01-01T00:01:44.000Z"}
    log.add(105.3, "auth_ok", connection="c2", user="ana", previous_close=close)
    assert timeline(log).cause is Cause.UNREACHABLE
    assert "server closed 1013 slow" in what(timeline(log))


def test_timeline_ignores_other_clients_rows() -> None:
    rows = [close_row(4410, connection="c2"), close_row(1013, "slow"), close_row(4401, connection="c3", user=None)]
    assert timeline(client_log(), rows).cause is Cause.SLOW


def test_timeline_wrong_clock_changes_nothing() -> None:
    """The server's clock is an hour ahead, but its join must lie between the client's auth_ok and joined."""
    right = timeline(client_log(4408), [join_row(100.3), close_row(4408, at=104.9)])
    wrong = timeline(client_log(4408), [join_row(3700.3), close_row(4408, at=3704.9)])
    assert what(wrong) == what(right)
    assert wrong.cause is right.cause is Cause.NO_PONG
    assert [moment.at for moment in wrong.moments] == pytest.approx([moment.at for moment in right.moments], abs=0.2)


def test_timeline_close_frame_is_sent_before_it_arrives() -> None:
    merged = timeline(client_log(4408), [close_row(4408, "no pong", at=105.001)])
    assert what(merged)[-2:] == ["server closed 4408 no pong", "client closed 4408"]
    assert merged.visible.side == "server"


def test_timeline_waiting_bytes_are_the_first_sign() -> None:
    """Only the last run of samples counts: an earlier burst was delivered."""
    looks = [(101.0, 500), (101.5, 0), (102.0, 900), (102.5, 4000)]
    samples = [BufferSample(at, "c1", waiting, 10 * waiting) for at, waiting in looks]
    merged = timeline(client_log(), [close_row(1013, "slow")], [*samples, BufferSample(100.5, "c2", 9, 9)])
    assert merged.visible.at == 102.0
    assert merged.sentence.endswith("at the server: 900 bytes waiting, the oldest for 9000 ms")
    assert not any("9 bytes waiting" in line for line in what(merged)[:3])


def test_timeline_connection_is_chosen_by_id() -> None:
    log = client_log()
    log.add(105.1, "connecting")
    log.add(105.2, "authenticating")
    log.add(105.3, "auth_ok", connection="c2", user="ana", previous_close=None)
    log.add(109.0, "closed", code=4410, reason="session revoked")
    rows = [close_row(1006), close_row(4410, "session revoked", at=108.9, connection="c2")]
    assert timeline(log, rows).cause is Cause.CUT
    assert timeline(log, rows, connection="c2").because == "of 4410: the session was revoked"
    with pytest.raises(ValueError, match="does not contain the end of a connection"):
        timeline(log, rows, connection="c3")


def test_timeline_text_has_one_line_per_moment() -> None:
    lines = str(timeline(client_log(), [close_row(1006)])).splitlines()
    assert lines[0] == "    0.000 s  client  connecting"
    assert lines[-1].startswith("closed because TCP ended without a close frame; first visible at")
    assert len(lines) == 7


def test_timeline_consecutive_samples_are_merged() -> None:
    looks = [Moment(10 + number / 4, "server", f"{number} bytes wait", number) for number in range(8)]
    moments = (Moment(9, "client", "open"), *looks, Moment(13, "client", "closed 1006"))
    merged = Timeline(moments, Cause.UNREACHABLE, "nothing came", moments[-1])
    assert [moment.what for moment in merged.briefly] == [
        "open",
        "8 samples in 1.8 s: at most 7 bytes waiting",
        "closed 1006",
    ]
    assert looks[3] in Timeline(moments, Cause.UNREACHABLE, "nothing came", looks[3]).briefly


def test_marked_timeline_shows_what_was_done_to_network_in_order() -> None:
    plain = timeline(client_log(), [close_row(1006)])
    first, last = plain.moments[0].at, plain.moments[-1].at
    marked = plain.marked((first + last) / 2, "ben's network stalls")
    assert f"{(last - first) / 2:9.3f} s  network ben's network stalls" in str(marked).splitlines()[1:-2]
    assert marked.sentence == plain.sentence
    assert [moment for moment in marked.moments if moment.side != "network"] == list(plain.moments)
