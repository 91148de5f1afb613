"""The tools that read the code: style, types, and the direction of imports."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "--no-cache", "."],
        ["ruff", "format", "--no-cache", "--check", "."],
        ["mypy"],
        ["lint-imports", "--no-cache"],
    ],
    ids=lambda command: " ".join(command),
)
def test_tool_has_nothing_to_say(command: list[str]) -> None:
    """Style, format, types and import contracts hold."""
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def test_planted_circle_is_reported(tmp_path: Path) -> None:
    """An import for type checking alone, from a part of the server back to the hub, is one circle too many."""
    shutil.copytree(ROOT / "labkit", tmp_path / "labkit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    back = "\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from labkit.wire.hub import Hub\n"
    with (tmp_path / "labkit/wire/counts.py").open("a", encoding="utf-8") as part:
        part.write(back)
    done = subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "No cycles are allowed in labkit.wire" in done.stdout
