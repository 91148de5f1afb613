"""A connection keeps the order of its actions, whatever is on its way; with nothing on its way it is not kept."""

from typing import Any

import pytest

from labkit.rules.actions import Action, Exit, Pong, Publish
from labkit.rules.messages import Chat
from labkit.wire.cluster.action_queue import ActionQueue


class Stage:
    """Performs actions by noting them; a publication then travels until the test says it has ended."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.turns = ActionQueue(self._perform)
        self.line: Any = object()

    def _perform(self, connection: Any, action: Action) -> None:
        self.done.append(action.message.text if isinstance(action, Publish) else type(action).__name__)  # type: ignore[attr-defined]
        if isinstance(action, Publish):
            self.turns.started(connection)

    def say(self, *texts: str) -> None:
        for text in texts:
            self.turns.take(self.line, Publish(Chat(room_id="a", text=text)))

    def ask(self) -> None:
        self.turns.take(self.line, Pong())

    def end(self, times: int = 1) -> None:
        for _ in range(times):
            self.turns.ended(self.line)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_with_nothing_on_its_way_an_action_is_performed_at_once(stage: Stage) -> None:
    """And nothing is kept of its connection."""
    stage.ask()
    assert stage.done == ["Pong"]
    assert len(stage.turns) == 0


def test_publications_do_not_wait_for_each_other(stage: Stage) -> None:
    """They keep their order in the log anyway."""
    stage.say("a", "b", "c")
    assert stage.done == ["a", "b", "c"]


def test_what_comes_behind_publications_waits_for_all_of_them(stage: Stage) -> None:
    """And goes on in the order in which it was asked."""
    stage.say("a", "b")
    stage.ask()
    stage.turns.take(stage.line, Exit("a"))
    stage.end()
    assert stage.done == ["a", "b"]
    stage.end()
    assert stage.done == ["a", "b", "Pong", "Exit"]
    assert len(stage.turns) == 0


def test_a_publication_behind_something_that_waits_waits_too(stage: Stage) -> None:
    """Else it would overtake; those in a row then go together."""
    stage.say("a")
    stage.ask()
    stage.say("b", "c")
    assert stage.done == ["a"]
    stage.end()
    assert stage.done == ["a", "Pong", "b", "c"]
    stage.end(2)
    assert len(stage.turns) == 0


def test_an_action_whose_turn_it_is_may_have_to_wait_again(stage: Stage) -> None:
    """It keeps its place at the head of the line."""
    stage.turns.wait(stage.line, Exit("a"))
    stage.ask()
    assert stage.done == []
    stage.end()
    assert stage.done == ["Exit", "Pong"]


def test_what_waits_for_a_connection_that_is_closing_is_dropped(stage: Stage) -> None:
    """After any close, nothing that the peer still wanted is acted on; what it was is told."""
    stage.say("a")
    stage.ask()
    stage.say("b")
    assert [type(action).__name__ for action in stage.turns.drop(stage.line)] == ["Pong", "Publish"]
    stage.end()
    assert stage.done == ["a"]
    assert len(stage.turns) == 0
    assert stage.turns.drop(stage.line) == []
