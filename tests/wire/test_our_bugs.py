"""A bug of ours ends one connection, or one effect, and nothing else; it is in the log, and what was said is not."""

import logging
from pathlib import Path
from typing import Any

import pytest

from labkit.rules import actions
from labkit.wire.commit_queue import CommitQueue
from tests.wire.houses import in_every_house, serving_in
from tests.wire.raw import TOKEN, Raw, pair


def boom(*_: Any) -> None:
    """The bug."""
    raise RuntimeError("a bug of ours")


@in_every_house
async def test_a_bug_ends_its_connection_with_1011_and_no_other(
    house: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Behind the answers that are due; the text of the message is not logged."""
    async with serving_in(house, tmp_path) as server:
        server.hub.order.performers[actions.Exit] = boom
        ann, bob = await Raw.enter(server.url, TOKEN, "a"), await Raw.enter(server.url, TOKEN, "a")
        ann.chat("a", "before-the-bug")
        ann.say(type="leave", roomId="a")
        assert (await ann.hear())["text"] == "before-the-bug"
        assert await ann.ending() == (1011, "internal error")
        assert (await bob.hear())["text"] == "before-the-bug"
        assert await bob.everything() == []
        await pair(server.url)
    (logged,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert logged.exc_info is not None
    assert "before-the-bug" not in caplog.text


async def test_failing_effect_does_not_stop_later_effects(caplog: pytest.LogCaptureFixture) -> None:
    """In a queue that was waiting for the disk, each effect stands for itself."""
    told: list[str] = []
    queue = CommitQueue(None)
    queue._is_running = True  # something is being told: the next ones wait in line
    for effect in (lambda: told.append("1"), boom, lambda: told.append("3")):
        queue.then(None, effect)
    queue._committed(None)
    await queue.empty()
    assert told == ["1", "3"] and "an effect in the commit queue failed" in caplog.text
