"""A server that died under the review: started again once, and asked how it ended however late."""

import asyncio
import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from labkit.evidence import Outcome, held
from labkit.review.hosted_server import Hosted
from labkit.review.probes import PROBES
from labkit.review.process import Process, start
from labkit.review.scene import Scene
from labkit.review.server_review import Review, select
from labkit.review.target import Target
from tests.ports import free_port

DIED = {
    "error": ("ValueError: no such room\n", "ValueError: no such room"),
    "code in brackets": (
        "RangeError [ERR_OUT_OF_RANGE]: too big\n  code: 'ERR'\n}\n\nNode.js v22.1.0\n",
        "RangeError [ERR_OUT_OF_RANGE]: too big",
    ),
    "error without words": ("Error\n    at server.mjs:3\n\nNode.js v22.1.0\n", "Error"),
    "text thrown": ("Uncaught:\n'no room'\n\nNode.js v22.1.0\n", "'no room'"),
    "error in an exception group": (
        "  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)\n  +-+------- 1 -------\n"
        "    | websockets.exceptions.ProtocolError: control frame too long\n    +------------------\n",
        "websockets.exceptions.ProtocolError: control frame too long",
    ),
    "no error": ("bye\n", "bye"),
    "nothing": ("", ""),
}


async def ended(folder: Path, *command: str) -> Process:
    """The program after it has ended by itself; another one has written to the same file before."""
    (folder / "log").write_text("OldError: long ago\n")
    process = await start(command, {}, (folder / "log").open("a+b"))
    assert await process.until_ended(30)
    return process


@pytest.mark.parametrize("case", DIED)
async def test_last_line_of_a_dead_program_is_its_error(case: str, tmp_path: Path) -> None:
    printed, line = DIED[case]
    process = await ended(tmp_path, sys.executable, "-c", f"print({printed!r}, end='')")
    assert process.last_line == line
    await process.end()


async def test_dead_node_process_shows_its_error(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:  # the cases above hold what it prints
        return
    program = "const e = new RangeError('too big'); e.code = 'ERR_SIZE'; setTimeout(() => { throw e }, 1)"
    process = await ended(tmp_path, node, "-e", program)
    assert process.last_line.endswith("RangeError: too big")
    await process.end()


async def test_process_that_was_ended_still_says_what_it_printed(tmp_path: Path) -> None:
    process = await ended(tmp_path, sys.executable, "-c", "raise SystemExit('bad config')")
    await asyncio.gather(process.end(), process.end())
    await process.end()
    assert (process.last_line, process.exit_code) == ("bad config", 1)


def command(port: int) -> str:
    """A command that starts a room server on this port."""
    return shlex.join([sys.executable, "-m", "labkit.broken", "room_by_prefix", "--port", str(port)])


async def test_two_probes_that_find_the_server_gone_restart_it_once() -> None:
    port = free_port()
    url = f"ws://localhost:{port}"
    async with Hosted(command(port), url) as hosted:
        target = Target.of(url, ("dev-token",), hosted=hosted, profile="core")
        seen: list[Process] = []
        restart = hosted.restart

        async def counted() -> None:
            await restart()
            assert hosted.process is not None
            seen.append(hosted.process)

        hosted.restart = counted  # type: ignore[method-assign]
        review = Review(target, select("core", ["auth/1", "auth/2"]), 1, None)
        for _ in range(2):
            assert hosted.process is not None
            await hosted.process.end()
            review._gone_since = "a probe"
            assert await asyncio.gather(review._returned(), review._returned(), review._returned()) == [True] * 3
        assert len(seen) == 2 and not seen[-1].has_ended


async def test_question_how_it_ended_survives_a_restart_meanwhile() -> None:
    port = free_port()
    async with Hosted(command(port), f"ws://localhost:{port}") as hosted:
        dead = hosted.process
        assert dead is not None
        asked = asyncio.create_task(hosted.how_it_ended(30))
        await asyncio.sleep(0)
        await hosted.restart()
        assert "ended with exit code" in await asked
        assert hosted.process is not dead and await hosted.how_it_ended(0) == hosted.why_it_ended() == ""


async def test_crash_beside_another_probe_is_reported_once() -> None:
    """The canaries of both end, so the one that does it shows only in a run alone."""
    port = free_port()
    url = f"ws://localhost:{port}"

    async def kills(scene: Scene) -> Outcome:
        await asyncio.sleep(0.3)
        assert hosted.process is not None
        await hosted.process.end()
        return held("it did")

    async def waits(_: Scene) -> Outcome:
        await asyncio.sleep(1.5)
        return held("nothing happened")

    async with Hosted(command(port), url) as hosted:
        slow = next(probe for probe in PROBES if probe.chapter == "slow" and probe.alone)
        probes = [replace(slow, id="slow/98", run=kills), replace(slow, id="slow/99", run=waits)]
        review = Review(Target.of(url, ("dev-token",), hosted=hosted, profile="core"), probes, 1, None)
        assert [probe.id for probe in review._plan.quiet] == ["slow/98", "slow/99"]
        report = await review.run("core")
    assert (report.ids("broken"), report.ids("held")) == (["slow/98"], ["slow/99"]), report
    assert report["slow/98"].is_crash
