"""A widget that asks for a prediction before a measurement and compares the two afterwards.

    guess = Prediction("Which of the two is larger?", ["ours", "the kernel's"])
    guess.ask()
    ...
    guess.compare("the kernel's")

`compare` replaces the question with plain text, so that a saved notebook contains no dead widget. If nobody answered,
the text says so. The radio buttons of ipywidgets do not work here: JupyterLab intercepts the arrow keys, and ipywidgets
holds back a second choice while a cell is running (see `controls`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from labkit.views.display import show

HERE = Path(__file__).parent


class QuestionWidget(anywidget.AnyWidget):
    """The browser's half: prediction.js and prediction.css."""

    _esm = HERE / "prediction.js"
    _css = HERE / "prediction.css"
    question: Any = traitlets.Unicode().tag(sync=True)
    answers: Any = traitlets.List().tag(sync=True)
    answer: Any = traitlets.Unicode(None, allow_none=True).tag(sync=True)


class Prediction:
    """One question with several answers to choose from."""

    def __init__(self, question: str, answers: Sequence[str]) -> None:
        self.question = question
        self.answers = tuple(answers)
        self.widget = QuestionWidget(question=question, answers=list(answers))
        self.widget.on_msg(lambda _, message, __: self.choose(message["answer"]))
        self._shown: Any = None

    @property
    def answer(self) -> str | None:
        """The chosen answer, or None."""
        return None if self.widget.answer is None else str(self.widget.answer)

    def choose(self, answer: str) -> None:
        """Choose an answer, as a click in the browser does."""
        self.widget.answer = answer

    def ask(self) -> None:
        """Show the question."""
        self._shown = show(self.widget, repr(self))

    def compare(self, measured: str) -> None:
        """Print the prediction and the measured answer. Raises ValueError if `measured` is not one of the answers."""
        if measured not in self.answers:
            raise ValueError(f"{measured!r} is not one of the answers: {', '.join(self.answers)}")
        given = self.answer or "(nothing was chosen)"
        if self._shown is not None:
            self._shown.update({"text/plain": repr(self)}, raw=True)
        verdict = " - as predicted" if given == measured else ""
        print(f"predicted: {given}\nmeasured:  {measured}{verdict}")

    def __repr__(self) -> str:
        marks = ("x" if answer == self.answer else " " for answer in self.answers)
        return "\n".join([self.question, *(f"  ({mark}) {answer}" for mark, answer in zip(marks, self.answers))])
