"""How the end of a class reaches a student's machine, whose sender has several tasks."""

import asyncio
from pathlib import Path

import pytest

from labkit.classroom.sending import Sender
from labkit.course.progress import Progress
from labkit.wire.client.client import Stopped
from tests.classroom.school import PATIENCE_S, all_sent, teaching


async def test_sender_stops_for_one_reason_whichever_task_hears_it_first(tmp_path: Path) -> None:
    """News, votes and cases have tasks of their own; none of them may hide why the class ended the connection."""
    async with teaching(tmp_path, "ana") as school:
        for turn in range(6):
            sender = Sender(school.member("ana"), Progress(tmp_path / str(turn) / "progress.jsonl"))
            running = asyncio.create_task(sender.run())
            sender.progress.add("01", "started")
            await all_sent(sender)
            school.codes |= school.register.enrol(["ana"], renew=True)
            async with asyncio.timeout(PATIENCE_S):
                with pytest.raises(Stopped, match="4410"):
                    await running
