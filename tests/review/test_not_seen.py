"""What a probe did not see is unknown: a close of another cause and a silence are evidence for nothing."""

import asyncio
from contextlib import nullcontext
from pathlib import Path
from random import Random
from typing import Any

import pytest

from labkit.broken import SERVER_FAULTS
from labkit.broken import broken as server_with
from labkit.broken.planted import Planted
from labkit.evidence import NotSeen, broken, held, unknown
from labkit.review.dialect import Dialect
from labkit.review.endpoint import ConnectionEnded
from labkit.review.judge import must_be_refusal
from labkit.review.peer import Peer
from labkit.review.promise import Profile
from labkit.review.running import run_probe
from labkit.review.scene import Scene
from labkit.review.target import Target
from labkit.review.unresponsive import UnresponsivePair
from labkit.rules.answers import encode
from labkit.rules.close_codes import CloseCode
from labkit.wire.hub import Hub
from labkit.wire.server import Server
from tests.review.full_server import promised
from tests.review.matrix import logging_to
from tests.review.staged import (
    DEAF,
    DROPS,
    IGNORED,
    PROBE,
    again,
    answering,
    hiding,
    late_with,
    on,
    outcome_with,
    staged,
)

BUSY, LATE, IDLE = CloseCode.TRY_LATER, CloseCode.AUTH_TIMEOUT, CloseCode.HEARTBEAT_TIMEOUT
RESTART, PLAIN = CloseCode.RESTART, b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
TOKEN_FIRST = b'"auth".*not-the-token|"auth".*wrong-token|"auth".*marker'


def large(before: list[bytes], raw: bytes) -> CloseCode | str | None:
    """Say nothing to the first large message, and refuse all others."""
    if len(raw) <= 8192:
        return None
    seen.append(raw)
    return DEAF if len(seen) == 1 else CloseCode.INVALID_MESSAGE


seen: list[bytes] = []
LARGE = {"max_message_bytes": 32768}
without_pings = answering(rb"^\x89", None, server_with("pings_put_off_auth"))
PATIENT = {"auth_timeout_s": 30}
UNSEEN: list[tuple[str, Profile, type[Server], str, dict[str, float]]] = [
    (
        "auth/5",
        "full",
        without_pings,
        "no answer to a ping was seen",
        {},
    ),
    (
        "auth/5",
        "core",
        without_pings,
        "no answer to a ping was seen",
        {},
    ),
    (
        "rooms/2",
        "full",
        staged(on(b"the last chat", DEAF)),
        "whether the chat message reached the room was not seen",
        {},
    ),
    ("rooms/2", "full", staged(on(b"the last chat", IDLE)), "for the member, the connection ended with 4408", {}),
    ("rooms/7", "full", staged(again(b'"join"', DEAF)), "before the second join, whose end was not seen", {}),
    ("rooms/7", "full", staged(again(b'"join"', BUSY)), "no refusal of the message was seen: the connection", {}),
    ("rooms/7", "core", staged(again(b'"join"', BUSY)), "no refusal of the message was seen: the connection", {}),
    ("validation/8", "full", staged(large), "neither a refusal of 8193 bytes nor an answer was seen", LARGE),
    ("validation/8", "full", staged(lambda _, raw: BUSY if len(raw) > 8192 else None), "no refusal", LARGE),
    ("validation/8", "core", staged(lambda _, raw: DEAF if len(raw) > 8192 else None), "neither a refusal", LARGE),
    ("secrets/1", "full", answering(rb"\?token=", DROPS), "no answer to the handshake was seen", {}),
    ("secrets/1", "core", answering(rb"\?token=", PLAIN % b"503 Busy"), "HTTP 503 is the answer of a busy server", {}),
    ("secrets/2", "full", staged(on(b"marker", LATE)), "no refusal of the message was seen: the connection", {}),
    ("secrets/2", "full", staged(on(b"marker", DEAF)), "neither a close reason nor an answer was seen", PATIENT),
    ("secrets/4", "full", staged(on(TOKEN_FIRST, LATE)), "no refusal of the message was seen: the connection", {}),
    ("secrets/4", "full", staged(on(TOKEN_FIRST, DEAF)), "the connection stays open", PATIENT),
    ("audit/5", "full", staged(on(b"this is not JSON", IDLE)), "no refusal of the message was seen", {}),
    ("audit/5", "full", staged(on(b"this is not JSON", DEAF)), "the connection stays open", {}),
    ("audit/6", "full", staged(on(TOKEN_FIRST, LATE)), "no refusal of the message was seen: the connection", {}),
    ("audit/6", "full", staged(on(TOKEN_FIRST, DEAF)), "the connection stays open", PATIENT),
    ("auth/1", "core", staged(on(b'"join"', BUSY)), "no refusal of the message was seen", {}),
    ("auth/4", "core", late_with(BUSY), "too busy to show what it does: the connection ended with 1013", {}),
    ("auth/6", "core", staged(on(TOKEN_FIRST, RESTART)), "no refusal of the message was seen", {}),
    ("auth/8", "core", staged(on(TOKEN_FIRST, BUSY)), "no refusal of the message was seen", {}),
    ("auth/8", "core", staged(on(TOKEN_FIRST, DEAF)), "nor an answer to the next message was seen", PATIENT),
    ("auth/9", "core", staged(on(TOKEN_FIRST, BUSY)), "no refusal of the message was seen", {}),
    ("rooms/4", "core", staged(on(b"this is not JSON", BUSY)), "no refusal of the message was seen", {}),
    ("rooms/4", "core", staged(on(b"this is not JSON", DEAF)), "nor an answer to the next message was seen", {}),
    ("rooms/9", "core", staged(on(b"__proto__", DEAF)), "nor an answer to the next message was seen", {}),
    ("rooms/9", "core", staged(on(b"__proto__", BUSY)), "no refusal of the message was seen", {}),
    ("validation/4", "core", staged(on(b"a b", DEAF)), "nor an answer to the next message was seen", {}),
    ("validation/5", "core", staged(on(b'"chat"', BUSY)), "no refusal of the message was seen", {}),
    ("validation/5", "core", staged(on(b'"chat"', DEAF)), "nor an answer to the next message was seen", {}),
    ("validation/15", "core", staged(on(rb"\[\[\[", BUSY)), "no refusal of the message was seen", {}),
    ("protocol/9", "core", answering(rb"^\x88", None), "the close frame was not answered", {}),
    ("protocol/17", "core", answering(rb"Version: 7", PLAIN % b"429 Slow"), "HTTP 429 is the answer of a busy", {}),
    ("secrets/5", "core", answering(rb"^POST", DROPS), "no response to POST", {}),
    ("secrets/6", "full", answering(rb"^GET /metrics", DROPS), "no response to GET /metrics was seen", {}),
]


@pytest.mark.parametrize(
    ("probe", "profile", "kind", "words", "limits"), UNSEEN, ids=[f"{one[0]}-{one[1]}-{one[3]}" for one in UNSEEN]
)
async def test_probe_that_saw_something_else_first_is_unknown(
    probe: str, profile: Profile, kind: type[Server], words: str, limits: dict[str, float], tmp_path: Path
) -> None:
    seen.clear()
    log = tmp_path / "log"
    log.write_text("a line\n")
    outcome = await outcome_with(kind, probe, tmp_path, profile=profile, limits=limits, log=log)
    assert outcome.verdict == "unknown", outcome
    assert words in outcome.actual


@pytest.mark.parametrize(("probe", "profile"), sorted({one[:2] for one in UNSEEN}))
async def test_same_probe_holds_where_it_sees_what_it_needs(probe: str, profile: Profile, tmp_path: Path) -> None:
    with logging_to(tmp_path / "log"):
        outcome = await outcome_with(Planted, probe, tmp_path, profile=profile, log=tmp_path / "log", patience_s=5)
    assert outcome.verdict == "held", outcome


JUDGED = sorted({one[0] for one in UNSEEN if any(one[0] in server_with(fault).found_by for fault in SERVER_FAULTS)})


@pytest.mark.parametrize("probe", JUDGED)
async def test_same_probe_finds_a_planted_fault(probe: str, tmp_path: Path) -> None:
    fault = next(server_with(fault) for fault in SERVER_FAULTS if probe in server_with(fault).found_by)
    with logging_to(tmp_path / "log"):
        outcome = await outcome_with(fault, probe, tmp_path, log=tmp_path / "log", patience_s=5)
    assert outcome.verdict == "broken", outcome


def test_each_probe_of_the_first_report_has_all_three() -> None:
    """Unknown without its evidence, held and broken with it."""
    assert {"auth/5", "rooms/2", "rooms/7", "validation/8", "secrets/1", "secrets/4", "audit/6"} <= set(JUDGED)


async def test_file_that_is_not_of_this_server_shows_nothing(tmp_path: Path) -> None:
    """An empty log, and an audit file without the member that has just been there, contain no secret either."""
    other = tmp_path / "other"
    other.touch()
    log = await outcome_with(Planted, "secrets/4", tmp_path, log=other)
    assert log == unknown("no log of a session was seen: the log is empty")
    audit = await outcome_with(Planted, "audit/6", tmp_path, audit=other)
    assert audit == unknown("no entry of a member of this review was seen in the audit file")


@pytest.mark.parametrize(
    ("probe", "names", "verdict"),
    [
        ("auth/12", ["userId"], "broken"),
        ("auth/16", ["userId"], "broken"),
        ("auth/16", ["expiresAt"], "broken"),
        ("rooms/19", ["userId"], "broken"),
        ("auth/18", ["userId", "connectionId"], "unknown"),
        ("auth/18", ["connectionId"], "held"),
        ("audit/5", ["connectionId"], "unknown"),
    ],
)
async def test_two_missing_fields_are_not_the_same_value(
    probe: str, names: list[str], verdict: str, tmp_path: Path
) -> None:
    outcome = await outcome_with(hiding(*names), probe, tmp_path)
    assert outcome.verdict == verdict, outcome


async def test_id_that_may_be_anywhere_in_a_file_is_no_evidence(tmp_path: Path) -> None:
    """The file contains "None" and 1, but not the event; it is searched for the text instead."""
    other = tmp_path / "other"
    other.write_text("None 1 2 3")
    for probe in ("audit/1", "audit/2"):
        assert (await outcome_with(hiding("id"), probe, tmp_path, audit=other)).verdict == "broken"
        assert (await outcome_with(hiding("id"), probe, tmp_path)).verdict == "held"


async def test_probe_with_nothing_to_try_is_unknown(tmp_path: Path) -> None:
    """No other room, no credential in a message, no answer to join."""
    for probe, dialect, words in (
        ("rooms/6", Dialect(room=("only-room",)), "the dialect lists no other room"),
        ("secrets/2", Dialect(no_messages=("auth",)), "needs a message with a credential"),
        ("rooms/9", Dialect(no_answers=("joined",)), "needs an answer to join"),
    ):
        outcome = await outcome_with(Planted, probe, tmp_path, profile="core", dialect=dialect)
        assert (outcome.verdict, words in outcome.actual) == ("unknown", True), outcome


async def test_size_is_measured_without_an_answer_to_join(tmp_path: Path) -> None:
    """Where no join separates them, a second pong shows that the large message was answered; one alone, that not."""
    for rule in (on(b"nothing like this", None), lambda _, raw: IGNORED if len(raw) > 8192 else None):
        outcome = await outcome_with(
            staged(rule),
            "validation/8",
            tmp_path,
            profile="core",
            limits=LARGE if rule([], b"x" * 8193) else {},
            dialect=Dialect(no_answers=("joined",)),
        )
        assert outcome == held("8192 bytes are accepted, 16384 are refused, in one frame and in fragments")


async def test_loop_of_a_probe_runs_at_least_once(tmp_path: Path) -> None:
    """A server that admits two clients a second has one member reset."""
    few = promised().set_lines(["handshakes_per_s=2"])
    outcome = await outcome_with(Planted, "storms/6", tmp_path, promised=few, patience_s=5)
    assert outcome == held("after 1 members were reset, the room still works")


def test_close_means_what_the_dialect_says(tmp_path: Path) -> None:
    """Where our codes are not promised, 4401 may refuse a token, and so may any code that a dialect uses for that."""
    cases: list[tuple[Profile, dict[int, int | str], int, bool]] = [
        ("full", {}, 4401, False),
        ("full", {}, 1006, False),
        ("full", {4401: 4403}, 4403, True),
        ("core", {}, 4401, True),
        ("core", {}, 1006, True),
        ("core", {4401: 3000}, 3000, False),
        ("core", {}, 1013, False),
        ("core", {}, 1012, False),
        ("core", {}, 1001, False),
        ("core", {4403: 1013}, 1013, True),
        ("core", {1013: 4000}, 4000, False),
    ]
    for profile, codes, code, is_refusal in cases:
        target = Target(url="ws://localhost", dialect=Dialect(codes=codes), profile=profile)
        with nullcontext() if is_refusal else pytest.raises(NotSeen, match=f"ended with {code}"):
            must_be_refusal(Scene(target, Random(1)), ConnectionEnded(code, ""))


async def test_chat_of_another_room_is_not_judged_in_place_of_ours(tmp_path: Path) -> None:
    """A server that spreads messages and leaks: the leaked chat comes first, and it contains nothing odd."""

    class Leaks(server_with("message_is_spread")):  # type: ignore[misc]
        def plant(self, hub: Hub) -> None:
            super().plant(hub)
            tell = hub.state.path.broadcast

            def tell_another_first(members: Any, event: Any, body: bytes) -> None:
                leaked = {"type": "chat", "id": "another", "roomId": "another", "userId": "x", "text": "leaked"}
                tell(members, leaked, encode(leaked))
                tell(members, event, body)

            hub.state.path.broadcast = tell_another_first  # type: ignore[assignment, method-assign]

    for probe in ("secrets/3", "rooms/5", "validation/7"):
        assert (await outcome_with(Leaks, probe, tmp_path)).verdict == "broken", probe


def test_heartbeat_is_judged_by_a_connection_that_was_pinged() -> None:
    gone = ConnectionEnded(4408, "no pong")
    assert UnresponsivePair(gone, None, 2, 1).outcome.verdict == "held"
    assert UnresponsivePair(None, None, 0, 1).outcome.verdict == "broken"
    with pytest.raises(NotSeen, match="no ping of the healthy connection was seen"):
        assert UnresponsivePair(gone, None, 0, 1).outcome


async def test_pause_of_ours_is_no_unmatched_pong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes any pong for the right one closes a client that sends none for long enough."""
    until_ended = Peer.until_ended

    async def late(peer: Peer, timeout_s: float) -> ConnectionEnded | None:
        await asyncio.sleep(1.5)  # more than ping_timeout_s and an interval
        return await until_ended(peer, timeout_s)

    fault = server_with("any_pong_counts")
    assert (await outcome_with(fault, "heartbeat/4", tmp_path)).verdict == "broken"
    monkeypatch.setattr(Peer, "until_ended", late)
    outcome = await outcome_with(fault, "heartbeat/4", tmp_path)
    assert (outcome.verdict, "which ping it missed was not seen" in outcome.actual) == ("unknown", True), outcome


@pytest.mark.parametrize(
    ("head", "verdict", "words"),
    [
        (b"HTTP/1.1 431 Too large\r\n\r\n", "held", "refused with HTTP/1.1 431"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "broken", "and answered with HTTP 200"),
        (b"HTTP/1.1 503 Busy\r\n\r\n", "unknown", "HTTP 503 is the answer of a busy server"),
        (b"", "unknown", "a connection without 256 KiB of headers ended too"),
    ],
)
async def test_end_of_a_large_request_is_a_refusal_only_by_itself(head: bytes, verdict: str, words: str) -> None:
    """A server that reads on and on, and ends all connections after a moment."""
    writers: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        size = 0
        while size < 200_000 and (taken := await reader.read(65536)):
            size += len(taken)
        for one in writers if not head else [writer]:
            one.write(head)
            one.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with Scene(Target(url=url, patience_s=2), Random(1)) as scene:
            outcome = await run_probe(PROBE["protocol/14"], scene)
    assert (outcome.verdict, words in outcome.actual) == (verdict, True), outcome


async def test_end_of_tcp_does_not_answer_a_close_frame(tmp_path: Path) -> None:
    outcome = await outcome_with(answering(rb"^\x88", DROPS), "protocol/16", tmp_path, profile="core")
    assert outcome == broken("the connection ended with 1006")
