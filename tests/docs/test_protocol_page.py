"""docs/protocol.md against the code: every table, every reason, every example."""

import json
import re
from typing import Any

import pytest

from labkit.rules import answers
from labkit.rules.close_codes import TABLE, Credential, Then, Wait, reason_with_retry, retry_ms
from labkit.rules.fields import ROOM_ID
from labkit.rules.limits import BadLimit, Limits
from labkit.rules.messages import BY_TYPE, FIELDS, InvalidMessage, Publication, decode
from labkit.wire.audit.schema import SCHEMA, Entry
from labkit.wire.http.routes import Http
from tests.docs.pages import PROTOCOL, blocks, code, section, table

CLIENT = section(PROTOCOL, "Messages from the client")
SERVER = section(PROTOCOL, "Messages from the server")
WAITS = {
    Wait.NOTHING: "",
    Wait.WINDOW: "window",
    Wait.SLOT: "slot",
    Wait.SLOT_AT_LEAST_1S: "slot, at least 1 s",
}
CREDENTIALS = {Credential.NONE: "", Credential.RESUME: "resume", Credential.FRESH: "fresh ticket"}
UNITS = [  # the end of a limit's name, and its unit
    ("handshakes_per_s", "handshakes per second"),
    ("messages_per_s", "messages per second"),
    ("_s", "seconds"),
    ("_bytes", "bytes"),
    ("burst", "messages"),
    ("rooms_per_connection", "rooms"),
    ("events", "events"),
    ("entries", "requests"),
    ("connections", "connections"),
    ("connections_per_address", "connections"),
    ("fast_path", "switch"),
]
ANSWERS: dict[str, answers.Answer] = {
    one["type"]: one
    for one in (
        answers.auth_ok("c", "u", "r", 0, 1, 1, answers.closed_before(1013, "slow", 0)),
        answers.joined("a", "e", 1, False, "rw"),
        answers.left("a"),
        answers.presence("a", [("u", 0)]),
        answers.entered("a", "u"),
        answers.gone("a", "u"),
        answers.pong(0),
        answers.reconnect(1),
        answers.error("read_only", "q", "a"),
    )
}


def plain(fields: list[str]) -> list[str]:
    return [field.removesuffix("?") for field in fields]


def judged(message: dict[str, Any]) -> str:
    """The reason of the refusal; empty for a message that is taken."""
    try:
        decode(json.dumps(message).encode(), Limits().max_message_bytes)
    except InvalidMessage as refusal:
        return str(refusal)
    return ""


def test_message_table_equals_fields() -> None:
    """The same types with the same fields, optional ones marked, in the order of judgement."""
    said = {code(row[0])[0]: code(row[1]) for row in table(CLIENT, "type")}
    assert said == {
        name: [field.name + "?" * (not field.required) for field in FIELDS[kind]] for name, kind in BY_TYPE.items()
    }
    events = {code(row[0])[0] for row in table(CLIENT, "type") if row[2] == "the event"}
    assert events == {name for name, kind in BY_TYPE.items() if issubclass(kind, Publication)}


def test_field_table_names_every_reason() -> None:
    """Each field is there once, with the reasons that its refusals have."""
    reasons: dict[str, set[str]] = {}
    for fields in FIELDS.values():
        for field in fields:
            reasons.setdefault(field.name, set()).update({field.reason} - {""})
    assert {code(row[0])[0]: set(code(row[2])) for row in table(CLIENT, "field")} == reasons


def test_field_table_gives_lengths_that_hold() -> None:
    """The shortest and the longest text of the page pass; one unit less or more is refused."""
    samples = {
        kind: json.loads(line) for line in blocks(CLIENT, "json")[0].splitlines() for kind in [line.split('"')[3]]
    }
    checked = 0
    for cells in table(CLIENT, "field"):
        name, found = code(cells[0])[0], re.match(r"text, (\d+) to (\d+) units", cells[1])
        if found is None:
            continue
        shortest, longest = int(found[1]), int(found[2])
        for sample in (sample for sample in samples.values() if name in sample):
            checked += 1
            limit = Limits(max_message_bytes=65536).max_message_bytes
            for length in (shortest, longest):
                decode(json.dumps(sample | {name: "x" * length}).encode(), limit)
            for length in {shortest - 1, longest + 1} - {-1}:
                with pytest.raises(InvalidMessage):
                    decode(json.dumps(sample | {name: "x" * length}).encode(), limit)
    assert checked > 10


def test_choices_of_the_field_table_are_all_choices() -> None:
    """Every word that the page lists passes, and the pattern of a room is the pattern of the code."""
    rows = {code(row[0])[0]: row[1] for row in table(CLIENT, "field")}
    alert = {"type": "alert", "roomId": "a", "customer": "c", "text": "x"}
    exercise = {"type": "exercise", "roomId": "a", "exercise": "e", "at": 1, "n": 1}
    assert [judged(alert | {"severity": word}) for word in code(rows["severity"])] == [""] * 3
    assert [judged(exercise | {"status": word}) for word in code(rows["status"])] == [""] * 5
    assert code(rows["roomId"]) == [ROOM_ID.pattern]


@pytest.mark.parametrize(
    "raw",
    [b"x" * 8193, b"{", b"[]", b"{}", b'{"type":"nope"}'],
    ids=["too large", "no JSON", "no object", "no type", "unknown type"],
)
def test_reason_of_a_whole_message_is_on_the_page(raw: bytes) -> None:
    """What refuses a message before its fields are looked at."""
    with pytest.raises(InvalidMessage) as refused:
        decode(raw, Limits().max_message_bytes)
    assert f"`{refused.value}`" in CLIENT


def test_examples_of_the_client_are_valid() -> None:
    """One example of each message, and the server takes every one."""
    examples = [json.loads(line) for line in blocks(CLIENT, "json")[0].splitlines()]
    assert [example["type"] for example in examples] == list(BY_TYPE)
    assert [judged(example) for example in examples] == [""] * len(examples)


def test_server_table_equals_answers() -> None:
    """The same types with the same fields, in their order on the wire."""
    said = {code(row[0])[0]: plain(code(row[1])) for row in table(SERVER, "type")}
    assert said == {name: [field for field in answer if field != "type"] for name, answer in ANSWERS.items()}


def test_examples_of_the_server_have_every_field() -> None:
    """Each example has the fields that the server sends, in their order, objects inside included."""
    examples = [json.loads(line) for line in blocks(SERVER, "json")[0].splitlines()]
    assert {example["type"]: list(example) for example in examples} == {
        name: list(answer) for name, answer in ANSWERS.items()
    }
    ok = examples[0]
    assert list(ok["previousClose"]) == list(answers.closed_before(1, "", 0))


def test_example_of_an_event_is_what_the_server_makes() -> None:
    """The event of the page, made again from its own publication."""
    said = blocks(section(PROTOCOL, "Events"), "json")[0].strip()
    event = json.loads(said)
    message = decode(json.dumps(event).encode(), 8192)
    assert isinstance(message, Publication)
    made = answers.event(
        message, event_id=event["id"], request_id="r2", user_id="ada", now=1796161787.648, seq=event["seq"]
    )
    assert answers.encode(made).decode() == said


def test_error_table_equals_errors() -> None:
    """Every code with the sentence that the server sends."""
    assert {code(row[0])[0]: code(row[1])[0] for row in table(SERVER, "code")} == answers.ERRORS


def test_close_code_table_equals_rules() -> None:
    """Code, name, reason, and what the client does: whether, when, with which credential."""
    rows = table(section(PROTOCOL, "Close codes"), "code")
    assert {int(row[0]): [row[1], "".join(code(row[2])), *row[4:]] for row in rows} == {
        one.code: [one.name, one.reason, one.then.value, WAITS[one.wait], CREDENTIALS[one.credential]]
        for one in TABLE.values()
    }
    assert all((row[4] == Then.STOP.value) == (row[5:] == ["", ""]) for row in rows)


def test_slot_pattern_of_the_page_reads_as_the_code() -> None:
    """The pattern that a client copies finds what our client finds."""
    (pattern,) = (one for one in code(section(PROTOCOL, "Close codes")) if "retry=(" in one)
    for reason in ("restart retry=7", "busy retry=8200", "retry=1 x", "xretry=7", "slow", "", "retry=1234567890"):
        found = re.search(pattern, reason)
        assert (int(found[1]) if found else None) == retry_ms(reason), reason
    assert reason_with_retry("busy", 8200) in code(section(PROTOCOL, "Close codes"))


def test_limit_table_equals_limits() -> None:
    """Every limit with its default, its unit and whether it may be off, and no other."""
    expected = []
    for name in Limits.__dataclass_fields__:
        default = getattr(Limits(), name)
        try:
            Limits().set({name: "off"})
            may_be_off = "yes"
        except BadLimit:
            may_be_off = "no"
        unit = next(unit for end, unit in UNITS if name.endswith(end))
        expected.append([f"`{name}`", "on" if default is True else str(default), unit, may_be_off])
    assert sorted(row[:4] for row in table(section(PROTOCOL, "Limits"), "name")) == sorted(expected)


def test_limit_in_a_sentence_is_the_default() -> None:
    """Wherever the page puts a number behind a limit's name, that number is the default."""
    found = re.findall(r"`([a-z_]+)`(?: \(|, )(\d+)( s| h)?\b", PROTOCOL)
    assert len(found) > 5
    for name, number, unit in found:
        assert int(number) * (3600 if unit == " h" else 1) == getattr(Limits(), name), name


def test_http_table_equals_routes() -> None:
    """Every route that the server answers itself, and no other."""
    http = Http(None, None, None, users=None, ops_token=None)  # type: ignore[arg-type]
    routes = {f"{method} {path}" for method, path in http._routes} | {"POST /revoke/USER"}
    assert {code(row[0])[0] for row in table(section(PROTOCOL, "HTTP on the same port"), "method and path")} == routes


def test_audit_table_names_kinds_and_columns() -> None:
    """Each column that the page names is one of the file, and each kind one that may be written."""
    rows = table(section(PROTOCOL, "Audit"), "kind")
    kinds = str(Entry.__annotations__["kind"])
    assert all(code(row[0])[0] in kinds for row in rows)
    named = {name for row in rows for name in code(row[2]) if name.isidentifier()}
    assert named == set(Entry._fields) - {"at", "kind"}
    assert all(re.search(rf"\b{name}\b", SCHEMA) for name in named)
