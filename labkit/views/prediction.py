"""A question asked before a measurement, in a widget, and compared with it afterwards.

    guess = Prediction("Which of the two is larger?", ["ours", "the kernel's"])
    guess.ask()
    ...
    guess.compare("the kernel's")

`compare` turns the question into plain text, so a saved notebook holds no dead widget. A notebook that runs with
nobody in front of it gives no answer, and says so.
"""

from collections.abc import Sequence
from typing import Any

import ipywidgets
from IPython.display import display


class Prediction:
    """One question with a few answers."""

    def __init__(self, question: str, answers: Sequence[str]) -> None:
        self.question = question
        self.answers = tuple(answers)
        self._choice = ipywidgets.RadioButtons(options=self.answers, value=None, layout={"width": "auto"})
        self._shown: Any = None

    @property
    def answer(self) -> str | None:
        """What was chosen so far."""
        return None if self._choice.value is None else str(self._choice.value)

    def ask(self) -> None:
        """Show the question. Run the cells below once you have chosen."""
        widget = ipywidgets.VBox([ipywidgets.HTML(f"<b>{self.question}</b>"), self._choice])
        view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
        bundle = {"application/vnd.jupyter.widget-view+json": view, "text/plain": repr(self)}
        self._shown = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def compare(self, measured: str) -> None:
        """Put the answer beside what was measured."""
        if measured not in self.answers:
            raise ValueError(f"{measured!r} is none of the answers: {', '.join(self.answers)}")
        given = self.answer or "(nothing was chosen)"
        if self._shown is not None:
            self._shown.update({"text/plain": repr(self)}, raw=True)
        verdict = " - as predicted" if given == measured else ""
        print(f"predicted: {given}\nmeasured:  {measured}{verdict}")

    def __repr__(self) -> str:
        marks = ("x" if answer == self.answer else " " for answer in self.answers)
        return "\n".join([self.question, *(f"  ({mark}) {answer}" for mark, answer in zip(marks, self.answers))])
