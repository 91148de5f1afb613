"""The class board in the instructor's notebook: a widget with the same state, drawing and votes as the page at /board.

    board = ClassBoard("ws://localhost:8080", code)     # getpass.getpass() asks for the code
    await board.live(3600)                              # or until the cell is interrupted
    board.announce("coffee at ten"); board.drill(); board.frame()

When `live` ends, the last board stays as plain HTML, so that a saved notebook contains no dead widget.
"""

import asyncio
import ssl
from concurrent.futures import Future
from pathlib import Path
from time import monotonic, time
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import anywidget

from labkit.classroom.export import rows
from labkit.classroom.watching import Watcher
from labkit.views import html
from labkit.views.display import show
from labkit.views.live_panel import FRAMES_PER_S
from labkit.views.modules import WEB, inlined
from labkit.wire import background

if TYPE_CHECKING:
    import pandas

HERE = Path(__file__).parent
ASKED = ("class/votes", "class/lane")  # what the browser may ask for through the kernel


class Screen(anywidget.AnyWidget):
    """The browser's half: class_board.js, with the page's modules and style."""

    _esm = inlined(HERE / "class_board.js")
    _css = (WEB / "board.css").read_text(encoding="utf-8") + (HERE / "class_board.css").read_text(encoding="utf-8")


class ClassBoard:
    """One class on one screen, with the instructor's code."""

    def __init__(self, url: str, code: str, *, tls: ssl.SSLContext | None = None) -> None:
        self.watcher = Watcher(url, code, tls=tls)
        self.frames = 0
        self._following: Future[None] = background.spawn(self.watcher.run())
        self._asked = False
        self._requests: dict[int, Future[dict[str, Any]]] = {}  # of the browser, by number

    async def live(self, seconds: float = 3600.0) -> None:
        """Show the board for `seconds`, or until the cell is interrupted. Raises the same errors as `Watcher.run`."""
        screen = Screen()
        screen.on_msg(self._on_message)
        shown = show(screen, repr(self))
        self._asked = True
        ends = monotonic() + seconds
        try:
            while monotonic() < ends:
                if self._following.done():
                    self._following.result()
                self.draw(screen)
                await asyncio.sleep(1 / FRAMES_PER_S)
        finally:
            if shown is not None:
                shown.update({"text/html": self.html(), "text/plain": repr(self)}, raw=True)
            screen.close()

    def draw(self, screen: Screen) -> None:
        """Send new events to the browser."""
        events = self.watcher.take()
        if self._asked and self.watcher.before:
            self._asked = False
            events = self._everything()
        if events:
            screen.send({"events": events})
            self.frames += 1
        for number in [number for number, answer in self._requests.items() if answer.done()]:
            screen.send(_answered(number, self._requests.pop(number)))

    def announce(self, text: str) -> None:
        """Send an announcement to the class. Raises the same errors as `ClientRoom.chat`."""
        background.run(self.watcher.announce(text))

    def drill(self, kind: str = "drill") -> None:
        """Restart the server on purpose: `drill` tells every client when to reconnect, `crash` does not."""
        background.run(self.watcher.drill(kind))

    def frame(self) -> "pandas.DataFrame":
        """Return one row per student and exercise, as a pandas frame."""
        import pandas

        return pandas.DataFrame(rows(self.watcher.board, {}))

    def html(self) -> str:
        """Return the current board as plain HTML."""
        board = self.watcher.board
        rows_shown = [
            [name, *(html.mark(row.cells[one].status) if one in row.cells else "" for one in board.exercises)]
            for name, row in sorted(board.students.items())
        ]
        votes = [_as_row(question) for question in self.watcher.questions.values()]
        below = html.table(["question", "state", "votes"], votes) if votes else ""
        return html.table(["participant", *board.exercises], rows_shown) + below

    def close(self) -> None:
        """Stop following the class."""
        self._following.cancel()

    def __repr__(self) -> str:
        board = self.watcher.board
        hands = sum(row.hand is not None for row in board.students.values())
        return f"<class board: {len(board.students)} participants, {len(self.watcher.present)} here, {hands} hands up>"

    def _on_message(self, _screen: Any, content: dict[str, Any], _buffers: Any) -> None:
        self._asked = self._asked or content.get("ask") == "everything"
        path = str(content.get("path", ""))
        if path.startswith(ASKED):
            self._requests[int(content["number"])] = background.spawn(self.watcher.request(path, content.get("wish")))

    def _everything(self) -> list[dict[str, Any]]:
        watcher = self.watcher
        snapshot = {"type": "snapshot", **watcher.before, "now": round(1000 * time()), "board": watcher.board.json()}
        members = [{"userId": name} for name in sorted(watcher.present)]
        return [snapshot, {"type": "presence", "members": members}, {"type": "which", **watcher.which}]


def _answered(number: int, answer: "Future[dict[str, Any]]") -> dict[str, Any]:
    """Return what the browser gets: the answer, or the sentence that says why there is none."""
    error = answer.exception()
    if error is None:
        return {"number": number, "answer": answer.result()}
    if isinstance(error, HTTPError):
        words = error.read(1000).decode("utf-8", "replace").strip()
        return {"number": number, "error": words or f"The server responded with HTTP {error.code}."}
    return {"number": number, "error": f"The server does not respond: {error}."}


def _as_row(question: dict[str, Any]) -> list[str]:
    """Return a question with the counts of its rounds as texts."""
    lines = []
    for at, option in enumerate(question["options"]):
        counts = ", then ".join(str(one[at]) for one in question.get("rounds", ()))
        lines.append(f"{option}: {counts}" + (" (measured)" if question.get("measured") == at else ""))
    return [str(question["text"]), str(question["state"]), "; ".join(lines)]
