"""The wire, row by row: what each message is answered with, letter for letter, in every form of the server."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.wire.houses import in_every_house, serving_in
from tests.wire.raw import TOKEN, Raw, Said, pair, until

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HEAD = ["type", "id", "requestId", "roomId", "userId"]
PUBLICATIONS: list[tuple[Said, Said]] = [
    ({"type": "chat", "text": "hi"}, {"text": "hi"}),
    (
        {"type": "progress", "jobId": "j", "phase": "p", "percent": 12.5, "note": "n"},
        {"jobId": "j", "phase": "p", "percent": 12.5, "note": "n"},
    ),
    ({"type": "progress", "jobId": "j", "phase": "p", "percent": 100}, {"jobId": "j", "phase": "p", "percent": 100}),
    ({"type": "comment", "target": "t", "text": "x"}, {"target": "t", "text": "x"}),
    ({"type": "read", "upTo": 3}, {"upTo": 3}),
    (
        {"type": "alert", "severity": "critical", "customer": "c", "text": "x"},
        {"severity": "critical", "customer": "c", "text": "x"},
    ),
    (
        {"type": "exercise", "exercise": "e1", "status": "pass", "check": "c", "at": 5, "n": 2},
        {"exercise": "e1", "status": "pass", "check": "c", "at": 5, "n": 2},
    ),
]


@in_every_house
async def test_auth_ok_holds_the_user_and_a_resume_credential(house: str, tmp_path: Path) -> None:
    """auth_ok, whole; a user of the dev token is `user-` and 8 hex digits."""
    async with serving_in(house, tmp_path) as server:
        ann = await Raw.enter(server.url)
        assert list(ann.ok) == ["type", "connectionId", "userId", "resume", "expiresAt", "pingMs", "reconnect"]
        assert UUID.fullmatch(ann.ok["connectionId"])
        assert re.fullmatch("user-[0-9a-f]{8}", ann.ok["userId"])
        assert ISO.fullmatch(ann.ok["expiresAt"])
        assert (ann.ok["pingMs"], ann.ok["reconnect"]) == (30_000, {"windowMs": 4})  # 2000 x 1 / 500


@in_every_house
async def test_join_leave_ping_and_presence(house: str, tmp_path: Path) -> None:
    """The answers that concern one client, whole; and presence tells who comes and goes, once a user."""
    async with serving_in(house, tmp_path) as server:
        ann, bob = await Raw.enter(server.url), await Raw.enter(server.url)
        ann.say(type="join", roomId="a")
        joined = await ann.hear()
        assert joined == {
            "type": "joined",
            "roomId": "a",
            "epoch": joined["epoch"],
            "seq": 0,
            "gap": False,
            "access": "rw",
        }
        ann.say(type="presence", roomId="a")
        present = await ann.hear()
        since = present["members"][0].pop("since")
        assert present == {"type": "presence", "roomId": "a", "members": [{"userId": ann.ok["userId"]}]}
        assert ISO.fullmatch(since)
        bob.say(type="join", roomId="a")
        assert await ann.hear() == {"type": "entered", "roomId": "a", "userId": bob.ok["userId"]}
        bob.say(type="leave", roomId="a")
        assert [(await bob.hear())["type"], await bob.hear()] == ["joined", {"type": "left", "roomId": "a"}]
        assert await ann.hear() == {"type": "gone", "roomId": "a", "userId": bob.ok["userId"]}
        ann.say(type="ping")
        pong = await ann.hear()
        assert list(pong) == ["type", "sentAt"] and ISO.fullmatch(pong["sentAt"])


@in_every_house
async def test_a_publication_becomes_one_event_for_every_member(house: str, tmp_path: Path) -> None:
    """Each kind: its own fields between head and tail; the same text for all; seq 1, 2, 3 without holes."""
    async with serving_in(house, tmp_path) as server:
        ann, bob = await Raw.enter(server.url, TOKEN, "a"), await Raw.enter(server.url, TOKEN, "a")
        outside = await Raw.enter(server.url, TOKEN, "b")
        for number, (said, own) in enumerate(PUBLICATIONS, 1):
            ann.say(roomId="a", requestId=f"r{number}", ignored="me", **said)
            event = await ann.hear()
            assert list(event) == [*HEAD, *own, "sentAt", "seq"]
            assert event == {
                "type": said["type"],
                "id": event["id"],
                "requestId": f"r{number}",
                "roomId": "a",
                "userId": ann.ok["userId"],
                **own,
                "sentAt": event["sentAt"],
                "seq": number,
            }
            assert UUID.fullmatch(event["id"]) and ISO.fullmatch(event["sentAt"])
            assert await bob.hear() == event
        assert await outside.everything() == []


@in_every_house
async def test_answers_keep_the_order_of_messages(house: str, tmp_path: Path) -> None:
    """Said in one packet: answered in that order, whatever has to wait for the disk and whatever has not."""
    async with serving_in(house, tmp_path) as server:
        raw = await Raw.open(server.url)
        raw.say(type="auth", token=TOKEN)
        for number in range(5):
            room = f"r{number}"
            raw.say(type="ping")
            raw.say(type="join", roomId=room)
            raw.say(type="join", roomId=room)
            raw.chat(room, "x")
            raw.say(type="ping")
            raw.say(type="presence", roomId=room)
            raw.say(type="leave", roomId=room)
        kinds = [said["type"] for said in await raw.hear_many(36)]
        assert kinds == ["auth_ok", *(["pong", "joined", "error", "chat", "pong", "presence", "left"] * 5)]


@in_every_house
async def test_a_close_comes_behind_the_answers_that_are_due(house: str, tmp_path: Path) -> None:
    """Ten chats and a mistake in one packet: ten events, then 1008, and nothing said after the mistake is acted on."""
    async with serving_in(house, tmp_path) as server:
        witness = await Raw.enter(server.url, TOKEN, "a")
        raw = await Raw.enter(server.url, TOKEN, "a")
        for number in range(10):
            raw.chat("a", str(number))
        raw.say(type="nonsense")
        raw.chat("a", "too late")
        assert [said["text"] for said in await raw.hear_many(10)] == [str(number) for number in range(10)]
        assert await raw.ending() == (1008, "unsupported type")
        assert [said["text"] for said in await witness.everything()] == [str(number) for number in range(10)]


@in_every_house
async def test_repeated_request_is_published_once(house: str, tmp_path: Path) -> None:
    """The sender is given the first event again, marked; the others hear nothing; another user's is another."""
    async with serving_in(house, tmp_path) as server:
        ann, bob = await Raw.enter(server.url, TOKEN, "a"), await Raw.enter(server.url, TOKEN, "a")
        ann.chat("a", "first", requestId="r")
        ann.chat("a", "changed", requestId="r")
        first, again = await ann.hear_many(2)
        assert again == {**first, "duplicate": True}
        bob.chat("a", "mine", requestId="r")
        assert [(said["text"], said["seq"]) for said in await bob.hear_many(2)] == [("first", 1), ("mine", 2)]
        ann.chat("a", "without")
        ann.chat("a", "without")
        mine, *generated = await ann.hear_many(3)
        assert mine["seq"] == 2 and [said["seq"] for said in generated] == [3, 4]
        assert generated[0]["requestId"] != generated[1]["requestId"]


async def test_request_is_forgotten_by_age_and_by_number(tmp_path: Path) -> None:
    """The memory of what was said is bounded."""
    async with serving_in("fast", tmp_path, dedupe_entries=2) as server:
        ann = await Raw.enter(server.url, TOKEN, "a")
        for request in ("r1", "r2", "r3", "r1", "r3"):
            ann.chat("a", "x", requestId=request)
        heard = await ann.hear_many(5)
        assert [said["seq"] for said in heard] == [1, 2, 3, 4, 3]
        assert "duplicate" not in heard[3] and heard[4]["duplicate"] is True


async def test_a_long_request_id_is_cut_and_an_odd_one_replaced(tmp_path: Path) -> None:
    """100 characters are kept; what is no string is as good as none."""
    async with serving_in("fast", tmp_path) as server:
        ann = await Raw.enter(server.url, TOKEN, "a")
        ann.chat("a", "x", requestId="r" * 150)
        ann.chat("a", "x", requestId=7)
        cut, generated = await ann.hear_many(2)
        assert cut["requestId"] == "r" * 100
        assert UUID.fullmatch(generated["requestId"])


@in_every_house
async def test_a_member_that_comes_back_is_given_what_it_missed(house: str, tmp_path: Path) -> None:
    """In order, then what is new; a gap for another epoch, for the future, and for more than is kept."""
    async with serving_in(house, tmp_path, history_events=4) as server:
        ann = await Raw.enter(server.url, TOKEN, "a")
        for number in range(1, 7):
            ann.chat("a", str(number))
        await ann.hear_many(6)
        probe = await Raw.enter(server.url)
        epoch = None
        cases: list[tuple[Any, bool, list[int]]] = [
            (None, False, []),
            (6, False, []),
            (3, False, [4, 5, 6]),
            (2, False, [3, 4, 5, 6]),
            (1, True, []),
            (7, True, []),
        ]
        for since, gap, seqs in cases:
            given = {} if since is None else {"since": {"epoch": epoch, "seq": since}}
            probe.say(type="join", roomId="a", **given)
            joined = await probe.hear()
            epoch = joined["epoch"]
            assert (joined["seq"], joined["gap"]) == (6, gap)
            assert [said["seq"] for said in await probe.everything()] == seqs
            probe.say(type="leave", roomId="a")
            assert (await probe.hear())["type"] == "left"
        probe.say(type="join", roomId="a", since={"epoch": "another", "seq": 6})
        assert (await probe.hear())["gap"] is True


async def test_refusals_leave_the_connection_open(tmp_path: Path) -> None:
    """room_limit and duplicate_join: an error with its words, and the client goes on."""
    async with serving_in("fast", tmp_path, rooms_per_connection=2) as server:
        ann = await Raw.enter(server.url, TOKEN, "a", "b")
        ann.say(type="join", roomId="c")
        ann.say(type="join", roomId="a")
        limit, twice = await ann.hear_many(2)
        assert limit == {
            "type": "error",
            "code": "room_limit",
            "message": "too many rooms on one connection; leave one first",
            "roomId": "c",
        }
        assert (twice["code"], twice["roomId"]) == ("duplicate_join", "a")
        ann.say(type="leave", roomId="a")
        ann.say(type="join", roomId="c")
        assert [said["type"] for said in await ann.hear_many(2)] == ["left", "joined"]


async def test_window_is_sent_on_doubling_but_not_before_auth_ok(tmp_path: Path) -> None:
    """2, 4 and 8 connections are told; 3 are not; who has no auth_ok yet hears nothing."""
    async with serving_in("fast", tmp_path, handshakes_per_s=100) as server:
        ann = await Raw.enter(server.url)
        silent = [await Raw.open(server.url) for _ in range(7)]
        assert await ann.everything() == []
        assert ann.windows == [40, 80, 160]
        silent[0].say(type="auth", token=TOKEN)
        assert (await silent[0].hear())["type"] == "auth_ok"
        assert silent[0].windows == []
        for raw in silent[1:]:
            raw.drop()
        await until(lambda: len(server.hub.state.connections) == 2)
        await ann.everything()
        assert ann.windows[3:] == [80, 40]


async def test_the_rate_limit_refuses_softly_and_then_closes(tmp_path: Path) -> None:
    """Beyond the burst each message is refused with its requestId; the hundredth refusal is 4429 with a slot."""
    async with serving_in("fast", tmp_path, messages_per_s=1e-6, message_burst=3) as server:
        ann = await Raw.enter(server.url, TOKEN, "a")
        for number in range(110):
            ann.chat("a", "x", requestId=str(number))
        heard = await ann.hear_many(2 + 99)
        assert [said["seq"] for said in heard[:2]] == [1, 2]
        assert heard[2] == {
            "type": "error",
            "code": "rate_limited",
            "message": "too many messages; slow down and send this one again",
            "requestId": "2",
            "roomId": "a",
        }
        assert [said["requestId"] for said in heard[2:]] == [str(number) for number in range(2, 101)]
        assert await ann.ending() == (4429, "rate limited retry=10000")
        await pair_unlimited(server.url)


async def pair_unlimited(url: str) -> None:
    """The limit is each connection's own."""
    ann = await Raw.enter(url, TOKEN, "a")
    ann.chat("a", "mine")
    assert (await ann.hear())["text"] == "mine"


async def test_off_lifts_the_rate_limit(tmp_path: Path) -> None:
    """A thousand pings at once are a thousand pongs."""
    async with serving_in("fast", tmp_path, messages_per_s=None) as server:
        ann = await Raw.enter(server.url)
        for _ in range(1_000):
            ann.say(type="ping")
        assert {said["type"] for said in await ann.hear_many(1_000)} == {"pong"}


async def test_a_second_auth_is_ignored(tmp_path: Path) -> None:
    """Right or wrong: no answer, no new user, no close."""
    async with serving_in("fast", tmp_path) as server:
        ann = await Raw.enter(server.url, TOKEN, "a")
        ann.say(type="auth", token="wrong-token")
        ann.say(type="auth", token=TOKEN)
        assert await ann.everything() == []
        ann.chat("a", "still me")
        assert (await ann.hear())["userId"] == ann.ok["userId"]


@pytest.mark.parametrize("words", ["\ud83d", "a\u2028b\x00c", "😀" * 500, "\ufeff"])
@in_every_house
async def test_text_is_given_back_as_it_was(house: str, tmp_path: Path, words: str) -> None:
    """Half a pair, line separators, 500 emoji (1000 units), a BOM inside: none of them changes on the way."""
    async with serving_in(house, tmp_path) as server:
        ann, bob = await Raw.enter(server.url, TOKEN, "a"), await Raw.enter(server.url, TOKEN, "a")
        ann.chat("a", words)
        assert [(await one.hear())["text"] for one in (ann, bob)] == [words] * 2
        await pair(server.url)
