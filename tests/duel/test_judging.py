"""Judging what an agent wrote: a live run with a stub agent, and what is a result rather than an error."""

import sys
from pathlib import Path

import pytest

from labkit.duel.asking import NoAgent, ask
from labkit.duel.drafts import BadDraft, How, guessed_how
from labkit.duel.judging import judge, modules_near, with_this_python
from labkit.duel.prompts import prompt
from labkit.platform import shell
from tests.duel import stub_agent

QUICK = ("validation/2", "rooms/8", "rooms/1", "secrets/3")


def agent(kind: str) -> str:
    """The command of the stub agent."""
    return shell.join([sys.executable, str(Path(stub_agent.__file__)), kind])


async def written(kind: str, tmp_path: Path) -> Path:
    """What the stub agent writes for the bare prompt."""
    folder = tmp_path / "draft"
    folder.mkdir()
    asked = await ask(agent(kind), prompt("bare", "python"), folder, tmp_path / "log", 60)
    assert asked.note == "", (tmp_path / "log").read_text()
    return folder


@pytest.mark.timeout(120)
async def test_chat_without_rooms_is_learned_and_reviewed(tmp_path: Path) -> None:
    """An exception for each message that is no object ends only its own connection; a copied token is a danger."""
    folder = await written("chat", tmp_path)
    steps: list[str] = []
    result = await judge(folder, guessed_how(folder), only=QUICK, on_step=steps.append)
    assert result.outcome == "reviewed", result.why
    assert steps == ["starts python server.py", "learns how it speaks", "reviews it"]
    assert result.dialect["has_one_room"] is True
    assert result.report is not None and result.report.ids("broken") == ["secrets/3"], result.report
    assert result.report.not_applicable == {"rooms/1": "does not apply: the server has one room"}
    assert result.json()["dialect"] == result.dialect
    assert result.lines == sum(bool(line.strip()) for line in stub_agent.CHAT.splitlines())
    assert [path.name for path in folder.iterdir() if path.name not in ("server.py", "README.md")] == []


@pytest.mark.timeout(120)
async def test_draft_of_our_own_server_has_no_fault(tmp_path: Path) -> None:
    folder = await written("ours", tmp_path)
    result = await judge(folder, guessed_how(folder), only=QUICK)
    assert result.is_clean, result.why or result.report
    assert result.report is not None and result.report.ids("held") == sorted(QUICK, key=result.report.ids("held").index)


async def test_draft_that_ends_at_once_is_a_result(tmp_path: Path) -> None:
    folder = await written("broken", tmp_path)
    result = await judge(folder, guessed_how(folder))
    assert result.outcome == "not started" and not result.is_clean
    assert "exit code 1: no such module" in result.why
    assert result.json()["P0"] == 0 and result.json()["outcome"] == "not started"


async def test_draft_that_nobody_understands_is_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It echoes each message to its sender alone: no chat."""
    monkeypatch.setattr("labkit.review.learning.PATIENCE_S", 0.3)
    (tmp_path / "server.py").write_text(stub_agent.CHAT.replace("broadcast(clients", "broadcast([ws]"))
    result = await judge(tmp_path, How("python server.py"))
    assert result.outcome == "not understood"
    assert "no member of the room received its text" in result.why


async def test_token_command_without_a_token_is_no_fault_of_the_draft(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(stub_agent.CHAT)
    with pytest.raises(BadDraft, match="printed no token; its exit code is 3"):
        await judge(tmp_path, How("python server.py", token_commands=('python -c "raise SystemExit(3)"',)))


async def test_agent_that_does_not_end_is_stopped_with_its_programs(tmp_path: Path) -> None:
    asked = await ask(agent("sleeps"), prompt("bare", "python"), tmp_path, tmp_path / "log", 1.5)
    assert asked.exit_code is None
    assert asked.note == "the agent was stopped after 2 s"


async def test_agent_that_fails_is_noted(tmp_path: Path) -> None:
    command = shell.join([sys.executable, "-c", "raise SystemExit(4)"])
    asked = await ask(command, "x" * 10**6, tmp_path, tmp_path / "log", 60)
    assert asked.note == "the agent ended with exit code 4"


@pytest.mark.parametrize("command", ["", "no-such-agent-here", 'agent "half'])
async def test_agent_that_cannot_run_is_an_error(command: str, tmp_path: Path) -> None:
    with pytest.raises(NoAgent):
        await ask(command, "hello", tmp_path, tmp_path / "log", 5)


def test_python_of_a_draft_is_the_one_with_websockets() -> None:
    assert shell.split(with_this_python("python3 server.py")) == [sys.executable, "server.py"]
    assert with_this_python("node server.js") == "node server.js"


def test_nearest_modules_with_ws_are_found(tmp_path: Path) -> None:
    inner = tmp_path / "a/b"
    inner.mkdir(parents=True)
    (tmp_path / "node_modules/ws").mkdir(parents=True)
    (inner / "node_modules/other").mkdir(parents=True)
    assert modules_near(inner) == tmp_path.resolve() / "node_modules"
