"""The class board as a widget: the page's modules as one, and what the kernel sends to it."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest

from labkit.classroom.membership import NotAdmitted
from labkit.classroom.votes.box import BallotBox, Vote
from labkit.views.class_board import HERE, ClassBoard, Screen
from labkit.views.modules import inlined
from tests.classroom.school import all_sent, at_work, exercise, teaching
from tests.e2e.need import node_path


class Told:
    """A screen that keeps what it receives."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any]) -> None:
        self.events += message.get("events", [])
        self.answers += [message] if "number" in message else []


def test_page_modules_become_one(tmp_path: Path) -> None:
    text = inlined(HERE / "class_board.js")
    assert "import {" not in text
    script = f"const made = await import({str(tmp_path / 'whole.mjs')!r}); console.log(typeof made.default.render);"
    (tmp_path / "whole.mjs").write_text(text)
    done = subprocess.run(
        [node_path(), "--input-type=module", "-e", script], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.stdout, done.stderr) == ("function\n", "")


async def test_kernel_sends_snapshot_then_new_events(tmp_path: Path) -> None:
    """A snapshot with presence, then each event once; a new request gets the current state."""
    async with teaching(tmp_path, "ana", "ben") as school, at_work(school.member("ana"), tmp_path) as ana:
        ana.progress.add("02-auth", "started")
        await all_sent(ana)
        board, screen = ClassBoard(school.url, school.codes["instructor"]), Told()
        board._asked = True
        await until(board, screen, lambda: len(screen.events) >= 2 and bool(board.watcher.present))
        assert [event["type"] for event in screen.events[:2]] == ["snapshot", "presence"]
        ana.progress.add("02-auth", "fail", "lets-in")
        await until(board, screen, lambda: "'status': 'fail'" in str(screen.events))
        screen.events.clear()
        board._on_message(None, {"ask": "everything"}, [])
        await until(board, screen, lambda: bool(screen.events))
        cells = screen.events[0]["board"]["students"]["ana"]["cells"]
        assert cells["02-auth"]["status"] == "fail"
        assert screen.events[1]["members"] == [{"userId": "ana"}]
        assert repr(board) == "<class board: 2 participants, 1 here, 0 hands up>"
        assert list(board.frame()["status"]) == ["fail", "not begun"]
        board.close()


async def until(board: ClassBoard, screen: Any, holds: Any) -> None:
    async with asyncio.timeout(20):
        while not holds():
            board.draw(screen)
            await asyncio.sleep(0.02)


async def test_votes_go_through_the_kernel_and_stay_in_the_html(tmp_path: Path) -> None:
    """The browser has no code: the kernel asks for it, says what the server refuses, and asks for votes only."""
    async with teaching(tmp_path, "ana") as school:
        board, screen = ClassBoard(school.url, school.codes["instructor"]), Told()

        async def asked(number: int, path: str, wish: dict[str, Any] | None = None) -> dict[str, Any]:
            board._on_message(None, {"path": path, "number": number, "wish": wish}, [])
            await until(board, screen, lambda: any(one["number"] == number for one in screen.answers))
            return screen.answers[-1]

        wish = {"text": "Which <b>fills</b> first?", "options": ["ours", "theirs"]}
        assert (await asked(1, "class/votes/ask", wish))["answer"] == {"done": "q1"}
        BallotBox(school.path).cast("ana", Vote("q1", 1, 1, "the own secret of ana"))
        assert (await asked(2, "class/votes"))["answer"]["questions"][0]["rounds"] == [[0, 1]]
        refused = await asked(3, "class/votes/ask", {"text": "", "options": []})
        assert refused["error"].startswith("the question has 0 characters")
        await asked(4, "class/votes/reveal", {"question": "q1", "measured": 1})
        await asked(5, "class/votes?q1")
        shown = board.html()
        assert "&lt;b&gt;fills" in shown and "ours: 0; theirs: 1 (measured)" in shown and "revealed" in shown
        board._on_message(None, {"path": "class/board", "number": 6}, [])
        await until(board, screen, lambda: any(event["type"] == "comment" for event in screen.events))
        assert board._requests == {}
        assert [one["number"] for one in screen.answers] == [1, 2, 3, 4, 5]
        board.close()


async def test_code_wrong_is_reported(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana") as school:
        board = ClassBoard(school.url, "wrong-wrong-wrong")
        with pytest.raises(NotAdmitted, match="rejected the code for 'instructor'"):
            await asyncio.wait_for(board.live(20), 20)


async def test_board_left_behind_is_plain_html(tmp_path: Path) -> None:
    async with teaching(tmp_path, "<b>eve</b>") as school:
        board = ClassBoard(school.url, school.codes["instructor"])
        board.watcher.board.apply(exercise("<b>eve</b>", 1, "02-auth", "pass"))
        shown = board.html()
        board.close()
    assert "&lt;b&gt;eve" in shown and "<b>eve" not in shown and "pass" in shown


def test_style_is_the_pages() -> None:
    assert ".board-table" in Screen._css and "--jp-layout-color1" in Screen._css
