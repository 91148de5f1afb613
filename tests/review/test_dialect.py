"""Other servers' names: in both directions, and what a dialect file may say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from labkit.review import Report, dialect_words, examine
from labkit.review.dialect import BadDialect, Dialect, read_dialect
from labkit.review.finding import CannotReview
from labkit.review.reviewing import select
from labkit.rules.messages import BY_TYPE, FIELDS
from tests.wire.raw import on_a_loop

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


def test_names_go_out_in_their_words_and_come_back_in_ours(tmp_path: Path) -> None:
    """Types and fields, the field of the type included; what is not named stays."""
    file = tmp_path / "theirs.toml"
    file.write_text(TEXT)
    dialect = read_dialect(file)
    ours = {"type": "chat", "roomId": "a", "text": "x"}
    theirs = {"event": "message", "channel": "a", "text": "x"}
    assert dialect.said(ours) == theirs
    assert dialect.heard(theirs) == ours
    assert (dialect.code(4403), dialect.code(1008), dialect.path) == (1008, 1008, "/ws")
    assert [dialect.leaves_out(name) for name in ("storms/1", "auth/3", "auth/30")] == [True, True, False]


def test_fields_may_lie_inside_others_and_messages_may_need_more(tmp_path: Path) -> None:
    """In both directions; what is unique is drawn anew."""
    file = tmp_path / "theirs.toml"
    file.write_text(NESTED)
    dialect = read_dialect(file)
    first, second = (dialect.said({"type": "join", "roomId": "a"}) for _ in range(2))
    assert first["payload"]["roomId"] == "a"
    assert first["bot"] is False
    assert len({first["nick"], second["nick"]}) == 2
    assert dialect.heard({"type": "chat", "payload": {"message": "x"}})["text"] == "x"
    assert "text" not in dialect.heard({"type": "chat", "payload": "x"})
    assert (dialect.no_messages, dialect.no_answers, dialect.passed_over) == (("auth",), ("joined",), ("welcome",))


def test_a_word_that_both_use_for_different_things_is_told_apart() -> None:
    """Their `joined` tells of others: it is no answer to a join, and can be passed over; the answer is not."""
    dialect = Dialect(types={"joined": "join_room", "chat": "say"}, passed_over=("joined", "chat"))
    answer, others = dialect.heard({"type": "join_room"}), dialect.heard({"type": "joined"})
    assert (answer["type"], others["type"] == "joined") == ("joined", False)
    assert [dialect.passes_over(one) for one in (answer, others, {"type": None}, {"type": ["x"]})] == [
        False,
        True,
        False,
        False,
    ]
    assert dialect.marks_passed_over() == [{"type": "reconnect"}, {"type": "joined"}, {"type": "chat"}]
    assert dialect.lacks("progress", "alert") and not dialect.lacks("progress", "chat")
    assert not Dialect().lacks("progress")


def test_without_a_dialect_nothing_changes() -> None:
    """The names of the protocol."""
    message = {"type": ["odd"], "x": None}
    assert Dialect().said(message) == Dialect().heard(message) == message


@pytest.mark.parametrize("text", ["type = 1", "[codes]\nx = 1", "[[", "[typos]\na = 'b'"])
def test_a_bad_dialect_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    """One line that names the file."""
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(BadDialect, match=r"bad\.toml"):
        read_dialect(file)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[type]\nchat = 'say'", "no table named 'type' (did you mean 'types'?)"),
        ("[types]\nchatt = 'say'", "named 'chatt' (did you mean 'chat'?)"),
        ("[types]\nJoined = 'in'", "named 'Joined' (did you mean 'joined'?)"),
        ("[types]\nchat = 1", "[types] chat is a word of theirs in quotes, and not 1"),
        ("[types]\nchat = ''", "[types] chat is a word of theirs"),
        ("[fields]\nroomID = 'room'", "named 'roomID' (did you mean 'roomId'?)"),
        ("[more.jion]\nnick = 'x'", "named 'jion' (did you mean 'join'?)"),
        ("[more]\njoin = 'x'", "[more.join] is a table"),
        ("[known.pog]\nop = 'x'", "named 'pog' (did you mean 'pong'?)"),
        ("[codes]\n4430 = 1008", "named '4430' (did you mean '4"),
        ("[codes]\n1008 = 99", "[codes] 1008 is a close code from 1000 to 4999"),
        ("[codes]\n1008 = true", "[codes] 1008 is a close code from 1000 to 4999"),
        ("[codes]\n1008 = 'eror'", "named 'eror' (did you mean 'error'?)"),
        ("[without]\nprobe = ['storms']", "named 'probe' (did you mean 'probes'?)"),
        ("[without]\nprobes = 'storms'", "[without] probes is a list of words in quotes, and not 'storms'"),
        ("[without]\nmessages = ['auht']", "named 'auht' (did you mean 'auth'?)"),
        ("[without]\nanswers = ['join_ed']", "named 'join_ed' (did you mean 'joined'?)"),
        ("path = 1", "path is text"),
        ("types = 1", "[types] is a table"),
    ],
)
def test_word_that_means_nothing_is_refused(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "theirs.toml"
    file.write_text(text)
    with pytest.raises(BadDialect, match=re.escape(told)):
        read_dialect(file)


def test_probe_left_out_by_a_wrong_name_is_refused() -> None:
    with pytest.raises(CannotReview, match=re.escape("named 'stroms' (did you mean 'storms'?)")):
        select(dialect=Dialect(without=("heartbeat/4", "stroms")))


def test_every_word_of_ours_can_be_translated(tmp_path: Path) -> None:
    """What a client of ours may say, and what our server answers, is known to the table of words."""
    assert set(BY_TYPE) <= set(dialect_words.SAID)
    fields = {field.name for kind in FIELDS.values() for field in kind}
    assert fields | {"id", "seq", "userId", "sentAt", "duplicate"} <= set(dialect_words.FIELDS)


NAME = re.compile("[a-zA-Z0-9:_]{1,64}")


class Radio:
    """The invented server of docs/dialect.md."""

    def __init__(
        self, *, leaks: bool = False, is_mute: bool = False, most: int = 1000, log: Path | None = None
    ) -> None:
        self._leaks = leaks  # to all channels
        self._is_mute = is_mute  # where something is wrong
        self._most = most  # ships at once; the calls of more are cut off
        self._log = log
        self._tuned: dict[ServerConnection, set[str]] = {}
        self._ships: set[str] = set()

    async def listen(self, line: ServerConnection) -> None:
        """Serve one ship."""
        self._tuned[line] = set()
        try:
            await line.send('{"op": "report", "about": "tide"}')
            async for text in line:
                await self._hear(line, text)
        except ConnectionClosed:
            pass
        finally:
            del self._tuned[line]

    async def _hear(self, line: ServerConnection, text: str | bytes) -> None:
        try:
            said = json.loads(text)
            kind, data = said["op"], said.get("data", {})
            if kind == "weather":
                await line.send('{"op": "report", "about": "weather"}')
            elif kind == "tune" and said["ship"] not in self._ships and NAME.fullmatch(data["channel"]):
                self._ships.add(said["ship"])
                self._tuned[line].add(data["channel"])
                await line.send(json.dumps({"op": "tuned", "data": data}))
            elif kind == "call" and data["channel"] in self._tuned[line] and data["words"]:
                if len(self._tuned) > self._most:
                    line.transport.abort()
                if self._log:
                    with self._log.open("a") as file:
                        print(data["words"], file=file)
                hear = [one for one in self._tuned if self._leaks or data["channel"] in self._tuned[one]]
                broadcast([one for one in hear if one is not line], json.dumps({"op": "call", "data": data}))
            else:
                raise ValueError
        except (ValueError, TypeError, KeyError, AttributeError):
            if not self._is_mute:
                await line.send('{"op": "fault", "why": "no"}')


def harbour(folder: Path, fault: str = "error") -> Path:
    """The dialect of the docs, in a file; `fault` is how what is wrong is answered."""
    docs = (Path(__file__).parent.parent.parent / "docs" / "dialect.md").read_text(encoding="utf-8")
    file = folder / "harbour.toml"
    file.write_text(docs.partition("```toml\n")[2].partition("```")[0].replace('1008 = "error"', f'1008 = "{fault}"'))
    return file


async def reviewed(radio: Radio, only: list[str], file: Path, **given: Any) -> Report:
    """What a review of this radio finds."""
    async with serve(radio.listen, "127.0.0.1", 0, logger=None) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return await examine(url, only=only, dialect=file, **given)


@on_a_loop
async def test_the_example_of_the_docs_reviews_a_server_that_speaks_so(tmp_path: Path) -> None:
    """What holds there is held, in its words, and a leak between its channels is found."""
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


@on_a_loop
async def test_a_server_that_says_nothing_to_what_is_wrong_is_judged_by_the_effect(tmp_path: Path) -> None:
    """Passed over is as good as refused where the file says so; a leak is found, and no reason is made up."""
    only = ["secrets/2", "rooms/2", "rooms/4", "validation/1", "validation/5", "validation/10", "protocol/2"]
    file = harbour(tmp_path, "nothing")
    sound = await reviewed(Radio(is_mute=True), only, file)
    assert sound.ids("unknown") == ["rooms/4"]  # nobody is closed
    assert sound.ids("broken") == ["validation/5", "validation/10"]  # no length is checked; Python reads NaN
    assert "the room heard 'x" in sound["validation/5"].actual
    assert "NaN" in sound["validation/10"].actual
    assert '"weather"' in sound["validation/10"].actual


@on_a_loop
async def test_an_event_without_an_id_is_looked_for_by_its_text(tmp_path: Path) -> None:
    """In the log; and one that is not there is told by its text."""
    log = tmp_path / "log"
    log.touch()
    verdicts = {}
    for keeps in (log, None):
        report = await reviewed(Radio(log=keeps), ["audit/1"], harbour(tmp_path), log=log)
        verdicts[keeps] = report["audit/1"].verdict
        assert "text" in report["audit/1"].actual
    assert verdicts == {log: "held", None: "broken"}


@on_a_loop
async def test_who_was_cut_off_among_others_is_looked_at_again_alone(tmp_path: Path) -> None:
    """A server that is too small for many probes at once is not found broken by each of them."""
    report = await reviewed(Radio(most=6), ["rooms/1", "rooms/7", "validation/7"], harbour(tmp_path))
    assert report.summary == {"held": 3, "broken": 0, "unknown": 0}, str(report)
