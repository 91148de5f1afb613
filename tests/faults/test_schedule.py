"""Schedules: plans in JSON that replay."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.faults import FAULTS, After, Latency, Pass, Schedule, Slice, Stall, Throttle
from labkit.faults.schedule import from_dict, to_dict
from tests.faults.test_proxy import proxied_server

PLAN = Schedule(
    [(0.3, "down", [], None), (0.1, "down", [Stall(), After(Throttle(500), 2)], 1), (0.2, "up", [Pass()])], 7
)


def test_schedule_steps_are_sorted_by_time() -> None:
    assert [(step.at_s, step.direction, step.only) for step in PLAN.steps] == [
        (0.1, "down", 1),
        (0.2, "up", None),
        (0.3, "down", None),
    ]


def test_schedule_survives_json() -> None:
    text = PLAN.to_json()
    assert Schedule.from_json(text) == PLAN
    assert len(text.splitlines()) == len(PLAN.steps) + 2
    assert json.loads(text)["steps"][0]["faults"][1] == {
        "fault": "After",
        "then": {"fault": "Throttle", "bytes_per_s": 500},
        "messages": 2,
    }
    assert eval(repr(PLAN), {**FAULTS, "Schedule": Schedule}) == PLAN
    assert Schedule(PLAN.steps, seed=8) != PLAN


@given(st.sampled_from(sorted(FAULTS)), st.floats(0.001, 1000), st.integers(1, 10**6))
def test_fault_survives_its_dictionary(name: str, seconds: float, count: int) -> None:
    given_settings = {"then": Stall(seconds)} if name == "After" else {}
    plain = to_dict(FAULTS[name](**given_settings))
    plain = {key: {float: seconds, int: count}.get(type(value), value) for key, value in plain.items()}
    assert to_dict(from_dict(plain)) == plain
    assert from_dict(json.loads(json.dumps(plain))) == from_dict(plain)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "this is not a schedule"),
        ("[]", "this is not a schedule"),
        ("not json", "Expecting value"),
        ('{"seed": 1, "steps": [{"at_s": 1}]}', "this is not a schedule"),
        ('{"seed": 1, "steps": [{"at_s": 1, "direction": "left", "faults": []}]}', "from up, down"),
        ('{"seed": 1, "steps": [{"at_s": -1, "direction": "up", "faults": []}]}', "at_s of 0 or more"),
        (
            '{"seed": 1, "steps": [{"at_s": 1, "direction": "up", "faults": [{"fault": "Lag"}]}]}',
            "no fault named 'Lag'",
        ),
        (
            '{"seed": 1, "steps": [{"at_s": 1, "direction": "up", "faults": [{"fault": "Stall", "s": 1}]}]}',
            "Stall does not accept the settings s; it accepts seconds, after_bytes",
        ),
    ],
)
def test_schedule_invalid_json_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Schedule.from_json(text)


async def test_proxy_plays_a_schedule_step_by_step() -> None:
    plan = Schedule([(0, "down", [Stall()], 1), (0.3, "down", [], 1)])
    async with proxied_server() as running:
        pairs = [await running.connect() for _ in range(2)]
        playing = asyncio.create_task(running.proxy.play(plan))
        await asyncio.sleep(0.05)
        for _, server in pairs:
            server.writer.write(b"hello")
        assert await pairs[0][0].read(5) == b"hello"
        await pairs[1][0].silence(0.1)
        assert not playing.done()
        assert await pairs[1][0].read(5) == b"hello"
        await playing


async def pieces(seed: int) -> list[int]:
    """Return the sizes of the pieces that two connections receive."""
    plan = Schedule([(0, "down", [Slice(200), Latency(0.001)])], seed)
    seen: list[int] = []
    async with proxied_server() as running:
        await running.proxy.play(plan)
        for _ in range(2):
            client, server = await running.connect()
            server.writer.write(b"x" * 2000)
            server.writer.write_eof()
            while data := await client.reader.read(65536):
                seen.append(len(data))
    return seen


async def test_proxy_same_seed_repeats_every_draw() -> None:
    first, again, other = await pieces(7), await pieces(7), await pieces(8)
    assert first == again != other
    half = len(first) // 2
    assert first[:half] != first[half:]
