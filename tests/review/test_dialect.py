"""Dialects: translation in both directions, and the checks of a dialect file."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from labkit.review import Report, examine
from labkit.review import dialect_checks as dialects
from labkit.review.dialect import BadDialect, Dialect, read_dialect
from labkit.review.finding import CannotReview
from labkit.review.server_review import select
from labkit.rules.messages import BY_TYPE, FIELDS

TEXT = """
path = "/ws"
[types]
chat = "message"
[fields]
roomId = "channel"
type = "event"
[codes]
4403 = 1008
[without]
probes = ["storms", "auth/3"]
"""

NESTED = """
[fields]
roomId = "payload.roomId"
text = "payload.message"
[more.join]
nick = "$UNIQUE"
bot = false
[without]
messages = ["auth"]
answers = ["joined"]
meaning = ["welcome"]
"""


def test_names_are_translated_in_both_directions(tmp_path: Path) -> None:
    """Types and fields are translated, including the type field; other names stay."""
    file = tmp_path / "theirs.toml"
    file.write_text(TEXT)
    dialect = read_dialect(file)
    ours = {"type": "chat", "roomId": "a", "text": "x"}
    theirs = {"event": "message", "channel": "a", "text": "x"}
    assert dialect.encode(ours) == theirs
    assert dialect.decode(theirs) == ours
    assert (dialect.code(4403), dialect.code(1008), dialect.path) == (1008, 1008, "/ws")
    assert [dialect.leaves_out(name) for name in ("storms/1", "auth/3", "auth/30")] == [True, True, False]


def test_nested_and_additional_fields_are_translated(tmp_path: Path) -> None:
    """In both directions; $UNIQUE gives a new value each time."""
    file = tmp_path / "theirs.toml"
    file.write_text(NESTED)
    dialect = read_dialect(file)
    first, second = (dialect.encode({"type": "join", "roomId": "a"}) for _ in range(2))
    assert first["payload"]["roomId"] == "a"
    assert first["bot"] is False
    assert len({first["nick"], second["nick"]}) == 2
    assert dialect.decode({"type": "chat", "payload": {"message": "x"}})["text"] == "x"
    assert "text" not in dialect.decode({"type": "chat", "payload": "x"})
    assert (dialect.no_messages, dialect.no_answers, dialect.ignored) == (("auth",), ("joined",), ("welcome",))


def test_type_with_another_meaning_is_kept_apart() -> None:
    """Their `joined` is about other members: it can be ignored, and is not the answer to a join."""
    dialect = Dialect(types={"joined": "join_room", "chat": "say"}, ignored=("joined", "chat"))
    answer, others = dialect.decode({"type": "join_room"}), dialect.decode({"type": "joined"})
    assert (answer["type"], others["type"] == "joined") == ("joined", False)
    assert [dialect.ignores(one) for one in (answer, others, {"type": None}, {"type": ["x"]})] == [
        False,
        True,
        False,
        False,
    ]
    assert dialect.ignored_marks() == [{"type": "reconnect"}, {"type": "joined"}, {"type": "chat"}]
    assert dialect.lacks("progress", "alert") and not dialect.lacks("progress", "chat")
    assert not Dialect().lacks("progress")


def test_default_dialect_changes_nothing() -> None:
    """It uses the names of the protocol."""
    message = {"type": ["odd"], "x": None}
    assert Dialect().encode(message) == Dialect().decode(message) == message


@pytest.mark.parametrize("text", ["type = 1", "[codes]\nx = 1", "[[", "[typos]\na = 'b'"])
def test_bad_dialect_error_names_the_file(tmp_path: Path, text: str) -> None:
    """The error is one line with the file name."""
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(BadDialect, match=r"bad\.toml"):
        read_dialect(file)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[type]\nchat = 'say'", "'type' (did you mean 'types'?) is not a table"),
        ("[types]\nchatt = 'say'", "'chatt' (did you mean 'chat'?)"),
        ("[types]\nJoined = 'in'", "'Joined' (did you mean 'joined'?)"),
        ("[types]\nchat = 1", "[types] chat must be the server's name in quotes, not 1"),
        ("[types]\nchat = ''", "[types] chat must be the server's name"),
        ("[fields]\nroomID = 'room'", "'roomID' (did you mean 'roomId'?)"),
        ("[more.jion]\nnick = 'x'", "'jion' (did you mean 'join'?)"),
        ("[more]\njoin = 'x'", "[more.join] must be a table"),
        ("[known.pog]\nop = 'x'", "'pog' (did you mean 'pong'?)"),
        ("[codes]\n4430 = 1008", "'4430' (did you mean '4"),
        ("[codes]\n1008 = 99", "[codes] 1008 must be a close code from 1000 to 4999"),
        ("[codes]\n1008 = true", "[codes] 1008 must be a close code from 1000 to 4999"),
        ("[codes]\n1008 = 'eror'", "'eror' (did you mean 'error'?)"),
        ("[without]\nprobe = ['storms']", "'probe' (did you mean 'probes'?)"),
        ("[without]\nprobes = 'storms'", "[without] probes must be a list of names in quotes, not 'storms'"),
        ("[without]\nmessages = ['auht']", "'auht' (did you mean 'auth'?)"),
        ("[without]\nanswers = ['join_ed']", "'join_ed' (did you mean 'joined'?)"),
        ("path = 1", "path must be text"),
        ("types = 1", "[types] must be a table"),
        ("subprotocol = 1", 'must be text, such as subprotocol = "chat.v1"'),
        ("room = 'lobby'", "room must be a template with $ID"),
        ("room = ['one']", "or a list of two or more rooms, not ['one']"),
        ("one_room = 'yes'", "one_room must be true or false, not 'yes'"),
        ("messages = 'line'", "'line' (did you mean 'lines'?)"),
        ("[headers]\nCookie = 1", "[headers] Cookie must be text in quotes, not 1"),
        ("[limits]\ntext_char = 5", "'text_char' (did you mean 'text_chars'?)"),
        ("[limits]\ntext_chars = true", "[limits] text_chars must be a number, not True"),
        ("[login]\nurl = '/x'", "'url' is not a key of [login]"),
        ("[login]\nmethod = 'GET'", "[login] needs the path of the request"),
    ],
)
def test_unknown_name_in_a_dialect_is_refused(tmp_path: Path, text: str, error: str) -> None:
    file = tmp_path / "theirs.toml"
    file.write_text(text)
    with pytest.raises(BadDialect, match=re.escape(error)):
        read_dialect(file)


def test_room_names_follow_the_template_or_the_list() -> None:
    """Two runs and two names never share a room, even if the template has no $NAME."""
    assert Dialect().room_name("r:12ab", "here") == "r:12ab:here"
    assert Dialect(room="lobby-$ID-$NAME").room_name("r:12ab", "here") == "lobby-12ab-here"
    names = {Dialect(room="$ID").room_name(run, name) for run in ("r:1", "r:2") for name in ("here", "there")}
    assert len(names) == 4
    assert all(re.fullmatch("[0-9a-f]+", name) for name in names)


async def test_room_of_the_address_needs_no_join() -> None:
    """The path names the room, so probes about joining are skipped; a member hears only its own room."""
    rooms: dict[str, set[ServerConnection]] = {}

    async def listen(connection: ServerConnection) -> None:
        assert connection.request is not None
        members = rooms.setdefault(connection.request.path, set())
        members.add(connection)
        try:
            async for text in connection:
                message = json.loads(text)
                is_chat = message["type"] == "chat"
                broadcast(members if is_chat else {connection}, json.dumps(message if is_chat else {"type": "pong"}))
        except (ConnectionClosed, ValueError, TypeError, KeyError):
            pass
        finally:
            members.discard(connection)

    dialect = Dialect(path="/rooms/$ROOM", no_messages=("auth",), room="a-$ID-$NAME")
    async with serve(listen, "127.0.0.1", 0, logger=None) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        report = await examine(url, profile="core", only=["rooms/1", "rooms/2", "rooms/6"], dialect=dialect)
    assert report.ids("held") == ["rooms/1", "rooms/6"], str(report)
    assert report.not_applicable["rooms/2"] == "does not apply: the server has no join message"


def test_unknown_probe_in_a_dialect_is_refused() -> None:
    with pytest.raises(CannotReview, match=re.escape("named 'stroms' (did you mean 'storms'?)")):
        select(dialect=Dialect(without=("heartbeat/4", "stroms")))


def test_every_name_of_the_protocol_can_be_translated(tmp_path: Path) -> None:
    """The tables contain all types and fields that our client sends and our server answers with."""
    assert set(BY_TYPE) <= set(dialects.FROM_CLIENTS)
    fields = {field.name for kind in FIELDS.values() for field in kind}
    assert fields | {"id", "seq", "userId", "sentAt", "duplicate"} <= set(dialects.FIELDS)


NAME = re.compile("[a-zA-Z0-9:_]{1,64}")


class Radio:
    """The invented server of docs/dialect.md."""

    def __init__(
        self, *, leaks: bool = False, ignores_faults: bool = False, capacity: int = 1000, log: Path | None = None
    ) -> None:
        self._leaks = leaks  # chats go to all channels
        self._ignores_faults = ignores_faults  # invalid messages get no answer
        self._capacity = capacity  # ships at once; with more, a call ends its connection
        self._log = log
        self._tuned: dict[ServerConnection, set[str]] = {}
        self._ships: set[str] = set()

    async def listen(self, connection: ServerConnection) -> None:
        """Serve one ship."""
        self._tuned[connection] = set()
        try:
            await connection.send('{"op": "report", "about": "tide"}')
            async for text in connection:
                await self._received(connection, text)
        except ConnectionClosed:
            pass
        finally:
            del self._tuned[connection]

    async def _received(self, connection: ServerConnection, text: str | bytes) -> None:
        try:
            message = json.loads(text)
            kind, data = message["op"], message.get("data", {})
            if kind == "weather":
                await connection.send('{"op": "report", "about": "weather"}')
            elif kind == "tune" and message["ship"] not in self._ships and NAME.fullmatch(data["channel"]):
                self._ships.add(message["ship"])
                self._tuned[connection].add(data["channel"])
                await connection.send(json.dumps({"op": "tuned", "data": data}))
            elif kind == "call" and data["channel"] in self._tuned[connection] and data["words"]:
                if len(self._tuned) > self._capacity:
                    connection.transport.abort()
                if self._log:
                    with self._log.open("a") as file:
                        print(data["words"], file=file)
                receivers = [one for one in self._tuned if self._leaks or data["channel"] in self._tuned[one]]
                broadcast([one for one in receivers if one is not connection], json.dumps({"op": "call", "data": data}))
            else:
                raise ValueError
        except (ValueError, TypeError, KeyError, AttributeError):
            if not self._ignores_faults:
                await connection.send('{"op": "fault", "why": "no"}')


def harbour(folder: Path, fault: str = "error") -> Path:
    """Write the dialect of the docs to a file; `fault`: the answer to an invalid message."""
    docs = (Path(__file__).parent.parent.parent / "docs" / "dialect.md").read_text(encoding="utf-8")
    file = folder / "harbour.toml"
    file.write_text(
        docs[docs.index('path = "/radio"') :].partition("```")[0].replace('1008 = "error"', f'1008 = "{fault}"')
    )
    return file


async def reviewed(radio: Radio, only: list[str], file: Path, **given: Any) -> Report:
    """Review this radio."""
    async with serve(radio.listen, "127.0.0.1", 0, logger=None) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return await examine(url, only=only, dialect=file, **given)


async def test_dialect_of_the_docs_reviews_such_a_server(tmp_path: Path) -> None:
    """The probes hold in its names, and they find a leak between its channels."""
    file = harbour(tmp_path)
    only = [
        "rooms/1",
        "rooms/2",
        "rooms/6",
        "rooms/8",
        "validation/1",
        "validation/3",
        "validation/7",
        "protocol/11",
        "storms/6",
    ]
    broken = {}
    for leaks in (False, True):
        report = await reviewed(Radio(leaks=leaks), only, file)
        assert report.ids("unknown") == [], [one.actual for one in report if one.verdict == "unknown"]
        assert len(report.findings) == len(only)
        broken[leaks] = report.ids("broken")
    assert broken[False] == []
    assert {"rooms/1", "rooms/6"} <= set(broken[True])


async def test_server_that_ignores_faults_is_judged_by_the_effect(tmp_path: Path) -> None:
    """Ignoring counts as refusing if the dialect says so; an invalid chat that is delivered is found."""
    only = ["secrets/2", "rooms/2", "rooms/4", "validation/1", "validation/5", "validation/10", "protocol/2"]
    file = harbour(tmp_path, "nothing")
    sound = await reviewed(Radio(ignores_faults=True), only, file)
    assert sound.ids("unknown") == ["rooms/4"]  # this server closes no connection
    assert sound.ids("broken") == ["validation/5", "validation/10"]  # it checks no length; Python accepts NaN
    assert "the room received 'x" in sound["validation/5"].actual
    assert "NaN" in sound["validation/10"].actual
    assert '"weather"' in sound["validation/10"].actual


async def test_event_without_id_is_found_by_its_text(tmp_path: Path) -> None:
    """The log is searched for the text, and a missing event is reported by its text."""
    log = tmp_path / "log"
    log.touch()
    verdicts = {}
    for keeps in (log, None):
        report = await reviewed(Radio(log=keeps), ["audit/1"], harbour(tmp_path), log=log)
        verdicts[keeps] = report["audit/1"].verdict
        assert "text" in report["audit/1"].actual
    assert verdicts == {log: "held", None: "broken"}


async def test_probe_cut_off_among_others_runs_again_alone(tmp_path: Path) -> None:
    """A server too small for many probes at once is not reported as broken."""
    report = await reviewed(Radio(capacity=6), ["rooms/1", "rooms/7", "validation/7"], harbour(tmp_path))
    assert report.summary == {"held": 3, "broken": 0, "unknown": 0}, str(report)
