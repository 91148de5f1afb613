"""A ping that is answered in one step, and all that must not be."""

from datetime import datetime
from pathlib import Path
from time import time

import pytest

from labkit.wire.fast.pings import PING
from tests.wire.raw import TOKEN, Raw, serving, text


@pytest.mark.parametrize("fast_path", [True, False])
async def test_ping_is_answered_with_the_time_after_earlier_events(fast_path: bool, tmp_path: Path) -> None:
    """On both paths; with an audit log the chat is stored first, and the pong does not overtake it."""
    async with serving(limits={"fast_path": fast_path}, audit=tmp_path / "room.db") as server:
        ana = await Raw.enter(server.url, TOKEN, "a")
        before = time()
        ana.send(text({"type": "chat", "roomId": "a", "text": "first"}) + text({"type": "ping"}))
        assert [said["type"] for said in await ana.hear_many(2)] == ["chat", "pong"]
        ana.send(text({"type": "ping"}) * 3)
        pongs = await ana.hear_many(3)
        assert [said["type"] for said in pongs] == ["pong"] * 3
        assert before - 0.001 <= datetime.fromisoformat(pongs[0]["sentAt"]).timestamp() <= time()


async def test_what_is_in_doubt_takes_the_plain_path() -> None:
    """Another spelling, a session that is not open, a rate that is used up: the plain path answers or refuses."""
    async with serving(limits={"messages_per_s": 1, "message_burst": 3}) as server:
        ana = await Raw.enter(server.url, TOKEN)
        connection = server.hub.state.connections[ana.ok["connectionId"]]
        answers = server.hub._quick_pong.answers  # type: ignore[union-attr]
        assert not answers(connection, b'{"type": "ping"}')
        assert [answers(connection, PING) for _ in range(4)] == [True, True, True, False]
        assert [said["type"] for said in await ana.hear_many(3)] == ["pong"] * 3
        ana.say(type="ping")
        assert (await ana.hear("error"))["code"] == "rate_limited"
        stranger = await Raw.open(server.url)
        newest = next(one for one in server.hub.state.connections.values() if one is not connection)
        assert not answers(newest, PING)
        stranger.say(type="ping")
        assert (await stranger.ending())[0] == 4403
