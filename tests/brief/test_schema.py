"""The exported schema accepts what the server accepts, and the server's real events."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from labkit.brief.schema import json_schema, typescript
from labkit.rules.answers import encode
from labkit.rules.messages import BY_TYPE, InvalidMessage, judge
from tests.rules.test_messages import GOOD, MESSAGES
from tests.wire.client.test_client import connect
from tests.wire.raw import serving

SCHEMA = json_schema()
CLIENT = Draft202012Validator(SCHEMA)
EVENT = Draft202012Validator({**SCHEMA, "$ref": "#/$defs/event"})
WRONG: list[Any] = [
    None,
    True,
    -1,
    1.5,
    2**53,
    "",
    "x" * 9000,
    "room:demo\n",
    "a b",
    [],
    {},
    {"epoch": "e"},
    {"epoch": "", "seq": 1},
]


def is_valid(message: Any) -> bool:
    """Whether the server accepts it."""
    try:
        judge(message)
    except InvalidMessage:
        return False
    return True


def test_schema_is_valid_and_names_every_type() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert set(BY_TYPE) <= set(SCHEMA["$defs"])


@given(MESSAGES)
def test_message_accepted_by_server_is_accepted_by_schema(message: Any) -> None:
    value = json.loads(encode(message))
    assert is_valid(value) == CLIENT.is_valid(value)


@pytest.mark.parametrize("tag", GOOD)
def test_field_wrong_or_missing_is_refused_by_both(tag: str) -> None:
    """Every field of every type, with every wrong value."""
    good = {"type": tag, **GOOD[tag]}
    assert CLIENT.is_valid(good)
    assert CLIENT.is_valid(good | {"unknown": None}) and not CLIENT.is_valid(good | {"type": "other"})
    for name in SCHEMA["$defs"][tag]["properties"]:
        for wrong in WRONG:
            changed = good | {name: wrong}
            assert is_valid(changed) == CLIENT.is_valid(changed), changed
        rest = {key: value for key, value in good.items() if key != name}
        assert is_valid(rest) == CLIENT.is_valid(rest), rest


async def test_events_of_a_server_match_the_schema() -> None:
    """One of each publication, as a member receives it."""
    async with serving() as server, connect(server) as client:
        room = await client.join("a")
        for tag, fields in GOOD.items():
            if f"{tag}_event" in SCHEMA["$defs"]:
                own = {name: value for name, value in fields.items() if name != "roomId"}
                async with asyncio.timeout(20):
                    event = dict(await room.publish(tag, **own))
                EVENT.validate(event)
                assert not EVENT.is_valid({key: value for key, value in event.items() if key != "id"})


def test_types_of_every_message_and_event_are_declared(tmp_path: Path) -> None:
    """Field by field; and the compiler accepts them, where there is one."""
    text = typescript()
    assert 'export type ReadMessage = { type: "read"; roomId: string; upTo: number; requestId?: string };' in text
    assert 'severity: "info" | "warning" | "critical"' in text
    assert "since?: { epoch: string; seq: number }" in text
    assert "text: string; seq?: number };" in text
    assert text.count("export type ") == len(SCHEMA["$defs"])
    if tsc := shutil.which("tsc"):
        (tmp_path / "messages.ts").write_text(text, encoding="utf-8")
        subprocess.run([tsc, "--strict", "--noEmit", tmp_path / "messages.ts"], check=True)
