"""Questions that are on their way to the server, and who waits for each answer.

The server answers in the order in which it was asked, and a soft refusal may name nothing but the room (or nothing at
all): so the oldest question of that room is the one it refuses. A question whose asker is gone keeps its place.
"""

import asyncio
from collections import deque
from typing import NamedTuple

from labkit.wire.client.unsent import Event


class Question(NamedTuple):
    """`answered_by` is the type of the answer; `room_id` is None for what concerns no room."""

    answered_by: str
    room_id: str | None
    answer: "asyncio.Future[Event]"


class Questions:
    """Those of one connection."""

    def __init__(self) -> None:
        self._asked: deque[Question] = deque()

    def ask(self, answered_by: str, room_id: str | None) -> "asyncio.Future[Event]":
        """Wait for an answer from now on."""
        answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._asked.append(Question(answered_by, room_id, answer))
        return answer

    def is_asked(self, answered_by: str, room_id: str) -> bool:
        """Whether such a question is on its way."""
        return any((one.answered_by, one.room_id) == (answered_by, room_id) for one in self._asked)

    def answered(self, message: Event, room_id: str | None) -> None:
        """An answer came: the oldest question that it fits has it."""
        for question in self._asked:
            if (question.answered_by, question.room_id) == (message.get("type"), room_id):
                self._asked.remove(question)
                if not question.answer.done():
                    question.answer.set_result(message)
                return

    def refused(self, room_id: str | None, error: Exception) -> str | None:
        """The oldest question about a room was refused; the answer it waited for, None when there is no question."""
        for question in self._asked:
            if question.room_id == room_id:
                self._asked.remove(question)
                _fail(question, error)
                return question.answered_by
        return None

    def fail(self, error: BaseException) -> None:
        """No answer will come to anybody."""
        while self._asked:
            _fail(self._asked.popleft(), error)


def _fail(question: Question, error: BaseException) -> None:
    if not question.answer.done():
        question.answer.set_exception(error)
        question.answer.exception()  # its asker may be gone; then nobody else fetches it
