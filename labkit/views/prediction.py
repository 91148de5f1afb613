"""A widget that asks for a prediction before a measurement and compares the two afterwards.

    guess = Prediction("Which is larger?", {"ours": "it has a limit you can see", "the kernel's": "it fills first"})
    guess.ask()
    ...
    guess.compare("the kernel's")

Each answer may come with the reason why people choose it. `compare` replaces the question with plain text, so that a
saved notebook contains no dead widget. If nobody answered, the text shows the first wrong answer that has a reason, as
a common guess; so list the most tempting wrong answer first. The radio buttons of ipywidgets do not work here:
JupyterLab intercepts the arrow keys, and ipywidgets holds back a second choice while a cell is running (see
`controls`).

In a class, the room votes: each choice goes to the board, and the learner sees how many have voted and, once the vote
is closed, the counts. Without a class, nothing leaves this machine and nothing changes here.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from labkit import classroom
from labkit.views.display import show

HERE = Path(__file__).parent
LOOK_S = 0.5
ALONE: dict[str, Any] = {"round": 1, "words": "", "counts": []}  # no class votes
_following: "dict[str, asyncio.Task[None]]" = {}  # by question: a cell that runs again replaces its question


class QuestionWidget(anywidget.AnyWidget):
    """The browser's half: prediction.js and prediction.css."""

    _esm = HERE / "prediction.js"
    _css = HERE / "prediction.css"
    question: Any = traitlets.Unicode().tag(sync=True)
    answers: Any = traitlets.List().tag(sync=True)
    answer: Any = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    vote: Any = traitlets.Dict(ALONE).tag(sync=True)


class Prediction:
    """One question with several answers to choose from."""

    def __init__(self, question: str, answers: Sequence[str] | Mapping[str, str]) -> None:
        """`answers` may map each answer to the reason why it is tempting: a clause, after "because"."""
        self.question = question
        self.answers = tuple(answers)
        self._reasons = dict(answers) if isinstance(answers, Mapping) else {}
        self.widget = QuestionWidget(question=question, answers=list(answers))
        self.widget.on_msg(lambda _, message, __: self.choose(message["answer"]))
        self._shown: Any = None
        self._vote: Any = None  # of the class
        self._is_measured = False

    @property
    def answer(self) -> str | None:
        """The chosen answer, or None."""
        return None if self.widget.answer is None else str(self.widget.answer)

    def choose(self, answer: str) -> None:
        """Choose an answer, as a click in the browser does."""
        self.widget.answer = answer
        if self._vote is not None and answer in self.answers and not self._is_measured:
            self._vote.choose(self.answers.index(answer))

    def ask(self) -> None:
        """Show the question, to the class's room too if this working copy has joined one."""
        self._vote = classroom.vote_on(self.question, self.answers)
        self._shown = show(self.widget, repr(self))
        if self._vote is not None:
            self._vote.ask()
            self._begin_to_follow()

    def compare(self, measured: str, tempting: Mapping[str, str] | None = None) -> None:
        """Print the prediction and the measured answer. Raises ValueError if `measured` is not one of the answers.

        `tempting` maps answers to reasons, as in the constructor, where a learner could read them before choosing.
        """
        self._reasons |= tempting or {}
        if measured not in self.answers:
            raise ValueError(f"{measured!r} is not one of the answers: {', '.join(self.answers)}")
        self.look()
        self._is_measured = True
        if self._vote is not None:
            self._vote.measured(self.answers.index(measured))
        self._replace()
        verdict = ", as you predicted" if self.answer == measured else ""
        print(f"{self._predicted(measured)}\nMeasured: {measured}{verdict}")

    def _predicted(self, measured: str) -> str:
        """Describe the given answer, or a common wrong one if nobody answered."""
        if self.answer is not None:
            reason = self._reasons.get(self.answer) if self.answer != measured else None
            return f"You predicted: {self.answer}" + (f" (a common guess, because {reason})" if reason else "")
        for answer, reason in self._reasons.items():
            if answer != measured:
                return f"A common guess: {answer}, because {reason}"
        return "No prediction was made."

    # In a class

    def _begin_to_follow(self) -> None:
        with suppress(RuntimeError):  # without a loop, as in a script, nothing is shown live
            loop = asyncio.get_running_loop()
            if before := _following.pop(self.question, None):
                before.cancel()
            _following[self.question] = loop.create_task(self._follow())

    async def _follow(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Show how the class's vote stands now, if it has changed."""
        now = ALONE if self._vote is None else self._vote.standing()
        if now != self.widget.vote:
            self.widget.vote = now
            if self._is_measured:
                self._replace()

    def _replace(self) -> None:
        """Replace the widget by text."""
        if self._shown is not None:
            now = self.widget.vote
            self._shown.update({"text/plain": "\n".join([repr(self), *_lines(now)])}, raw=True)

    def __repr__(self) -> str:
        marks = ("x" if answer == self.answer else " " for answer in self.answers)
        return "\n".join([self.question, *(f"  ({mark}) {answer}" for mark, answer in zip(marks, self.answers))])


def _lines(vote: Mapping[str, Any]) -> list[str]:
    """Return the class's vote as lines; none without a class."""
    return [line for line in (vote["words"] and f"The class: {vote['words']}", *vote["counts"]) if line]
