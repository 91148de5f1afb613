"""The conversation check: what it cannot follow stops the review before any probe, and it says what would help."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import Request, Response, ServerConnection, serve

from labkit.review import CannotReview, examine
from labkit.review.conversation import CannotFollow, refuses
from labkit.review.dialect import Dialect, dialect_of, merged
from labkit.review.learning import learn
from labkit.review.proposals import toml_lines
from labkit.review.target import Target
from tests.review.odd_server import DIALECT, PASSWORD, odd_server
from tests.review.talker import Talker, url_of

ROOM: dict[str, Any] = {"room": "lobby-$ID"}
ANY_ROOM = "\0"  # no room contains it, so every room is accepted


async def stopped(talker: Talker, tables: dict[str, Any]) -> CannotFollow:
    """Review this server in this dialect, and return where the conversation stopped."""
    async with talker.serving() as server:
        with pytest.raises(CannotFollow) as stop:
            await examine(url_of(server), only=["rooms"], dialect=dialect_of(tables), patience_s=2)
    return stop.value


async def test_chat_under_another_name_stops_before_any_probe() -> None:
    """Nine probes called such a server broken; now the frame and the missing lines are shown."""
    stop = await stopped(Talker({"chat": "say", "said": "said"}), ROOM | {"types": {"chat": "say"}})
    assert (stop.step, stop.proposal) == ("receive", {"known": {"chat": {"type": "said"}}})
    assert '  [known.chat]\n  type = "said"' in str(stop)
    assert '<- {"type": "said", "roomId": "lobby-' in str(stop)


@pytest.mark.parametrize(
    ("talker", "tables", "step", "line"),
    [
        (Talker({"auth_ok": "welcome"}), {}, "authenticate", '[types]\n  auth_ok = "welcome"'),
        (Talker({"joined": "in"}), ROOM, "enter", '[types]\n  joined = "in"'),
        (Talker({"pong": "tock"}), ROOM, "ping", '[types]\n  pong = "tock"'),
        (Talker(is_echoing=False), ROOM, "receive", '[without]\n  answers = ["chat"]'),
        (Talker(names={"text": "words"}), ROOM | {"fields": {"text": "body"}}, "receive", "no member of the room"),
        (Talker(), {}, "enter", '{"type": "error", "reason": "bad channel"}'),
        (Talker(), {}, "enter", 'room = "lobby-$ID"'),
        (Talker({"join": "watch"}), ROOM, "enter", '{"type": "error", "reason": "unknown type"}'),
        (Talker(is_array=True, bad_room=ANY_ROOM), {}, "authenticate", "nothing came back that is a JSON object"),
    ],
)
async def test_each_missing_word_is_named(talker: Talker, tables: dict[str, Any], step: str, line: str) -> None:
    """The step, the server's own refusal, and the line of the dialect that would help."""
    stop = await stopped(talker, tables)
    assert stop.step == step
    assert line in str(stop)
    assert "sent (->) and received (<-)" in str(stop)


async def test_token_is_not_shown() -> None:
    async with Talker({"auth_ok": "welcome"}).serving() as server:
        with pytest.raises(CannotFollow) as stop:
            await examine(url_of(server), tokens=["a-secret-token"])
    assert "a-secret-token" not in str(stop.value)
    assert "$TOKEN" in str(stop.value)


async def test_dialect_with_all_words_is_followed() -> None:
    """Several messages in a frame, renamed words, and no echo: the probes judge, and a leak would be found."""
    talker = Talker({"said": "said", "pong": "tock"}, is_array=True, is_echoing=False)
    tables = {
        "messages": "array",
        "room": "lobby-$ID",
        "types": {"pong": "tock"},
        "known": {"chat": {"type": "said"}},
        "without": {"answers": ["chat"]},
    }
    async with talker.serving() as server:
        report = await examine(url_of(server), only=["rooms/1", "rooms/6"], dialect=dialect_of(tables), profile="core")
    assert report.summary == {"held": 2, "broken": 0, "unknown": 0}, str(report)
    assert any('"said"' in line for line in report.conversation)


async def test_learned_dialect_can_be_used(tmp_path: Path) -> None:
    """Nothing is known but the address: the words, the type field, the room names and the missing echo are found."""
    words = {"auth": "login", "auth_ok": "welcome", "join": "subscribe", "joined": "subscribed", "chat": "publish"}
    talker = Talker(words | {"said": "news", "ping": "heartbeat", "pong": "alive"}, {"type": "op", "roomId": "channel"})
    talker.is_echoing = False
    async with talker.serving() as server:
        learned = await learn(Target(url=url_of(server), tokens=("dev-token",)))
        assert learned.stopped is None, learned
        dialect = dialect_of(tomllib.loads("\n".join(toml_lines(learned.tables))))
        report = await examine(url_of(server), only=["rooms/1"], dialect=dialect, profile="core")
    assert dialect.types["join"] == "subscribe"
    assert dialect.fields == {"type": "op", "roomId": "channel"}
    assert dialect.no_answers == ("chat",)
    assert report.ids("held") == ["rooms/1"]


async def test_our_protocol_needs_no_dialect() -> None:
    async with Talker(bad_room=ANY_ROOM).serving() as server:
        assert (await learn(Target(url=url_of(server), tokens=("dev-token",)))).tables == {}


async def test_learning_starts_from_what_is_known() -> None:
    """A path, a header and nested fields cannot be guessed; the rest of the odd server's words is found."""
    whole = tomllib.loads(DIALECT)
    known = {name: whole[name] for name in ("path", "subprotocol", "headers")}
    known |= {"room": "lobby-$ID-$NAME", "fields": {"type": "op", "token": "password", "roomId": "data.lobby"}}
    known["fields"] |= {"text": "data.words"}
    known["types"] = {"join": "watch", "ping": "beat"}
    async with odd_server() as server:
        learned = await learn(Target(url=url_of(server), tokens=(PASSWORD,)), known)
    assert learned.stopped is None, learned
    assert learned.tables["types"] == {
        "join": "watch",
        "ping": "beat",
        "auth": "hello",
        "auth_ok": "hi",
        "joined": "watching",
        "chat": "say",
        "pong": "beaten",
    }


def test_proposals_are_added_to_a_dialect() -> None:
    before = {"types": {"chat": "say"}, "without": {"answers": ["joined"]}}
    after = merged(before, {"types": {"pong": "tock"}, "without": {"answers": ["chat", "joined"]}})
    assert after == {"types": {"chat": "say", "pong": "tock"}, "without": {"answers": ["joined", "chat"]}}
    assert tomllib.loads("\n".join(toml_lines(after | {"known": {"chat": {"a.b": 1}}, "path": "/x"}))) == (
        after | {"known": {"chat": {"a.b": 1}}, "path": "/x"}
    )


def _login_first(password: str) -> Any:
    """Return a door that answers /login, and lets only those in who have its cookie."""

    def door(connection: ServerConnection, request: Request) -> Response | None:
        if request.path == "/login":
            response = connection.respond(200, json.dumps({"data": {"ticket": password}}))
            response.headers["Set-Cookie"] = "session=abc-of-a-session; HttpOnly"
            return response
        return None if "abc-of-a-session" in request.headers.get("Cookie", "") else connection.respond(401, "who?\n")

    return door


async def test_login_before_the_handshake_gives_cookie_and_token() -> None:
    """Both are used for the conversation, and neither is shown; a refused login stops the review with its status."""
    talker = Talker(bad_room=ANY_ROOM)
    tables: dict[str, Any] = {"login": {"path": "/login", "method": "GET", "token": "data.ticket"}}
    tables["headers"] = {"Cookie": "$COOKIE"}
    async with serve(talker.listen, "127.0.0.1", 0, process_request=_login_first("a-fresh-ticket")) as server:
        report = await examine(url_of(server), only=["rooms/1"], dialect=dialect_of(tables))
        with pytest.raises(CannotReview, match="got HTTP 401"):
            await examine(url_of(server), only=["rooms/1"])
        tables["login"]["path"] = "/elsewhere"
        with pytest.raises(CannotReview, match="the login GET /elsewhere got HTTP 401"):
            await examine(url_of(server), only=["rooms/1"], dialect=dialect_of(tables))
    assert report.ids("held") == ["rooms/1"]
    assert '"token":"$TICKET"' in "".join(report.conversation)
    assert "a-fresh-ticket" not in json.dumps(report.json())


async def test_wrong_path_is_no_conversation() -> None:
    async with odd_server() as server:
        with pytest.raises(CannotReview, match="path of the URL"):
            await examine(url_of(server), dialect=Dialect())


@pytest.mark.parametrize(
    ("message", "is_refusal"),
    [
        ({"id": "4bad19f0", "room": "r:0bad0bad:path"}, False),
        ({"id": "3f2bad00-19f0-4c11-8bad-00c04fd430c8"}, False),
        ({"reason": "bad-400"}, True),
        ({"code": "E_UNKNOWN_TYPE"}, True),
    ],
)
def test_random_id_that_spells_a_word_is_no_refusal(message: dict[str, Any], is_refusal: bool) -> None:
    assert refuses(message) == is_refusal
