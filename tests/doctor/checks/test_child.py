"""Machines on which Python must not start Python."""

import sys
from pathlib import Path
from typing import Any

import pytest

from labkit.doctor.checks import child
from labkit.doctor.diagnosis import Subject

SUBJECT = Subject()


def program(tmp_path: Path, script: str) -> str:
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_child_starts_here() -> None:
    assert child.child(SUBJECT).status == "ok"


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("exit 5", "a new Python process is stopped at once (exit code 5)"),
        ("echo blocked by policy", "a new Python process is stopped at once (exit code 0)"),
        ("exec sleep 60", "a new Python process does not start within 0.3 s"),
    ],
)
def test_child_stopped_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, sentence: str
) -> None:
    monkeypatch.setattr(sys, "executable", program(tmp_path, script))
    monkeypatch.setattr(child, "TIMEOUT_S", 0.3 if "sleep" in script else 20)
    found = child.child(SUBJECT)
    assert (found.status, found.text, found.todo) == ("problem", sentence, child.POLICY)


def test_child_forbidden_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(child.subprocess, "run", forbidden)
    assert child.child(SUBJECT).text == "Python cannot start another Python (Permission denied)"


def test_child_slow_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 4.2, 4.2])
    monkeypatch.setattr(child, "monotonic", lambda: next(times))
    found = child.child(SUBJECT)
    assert (found.status, found.text) == ("warning", "a new Python process takes 4 s to start")
