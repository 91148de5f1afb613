"""The folder that a verb runs in, also once somebody has removed it under a shell that is still in it."""

import subprocess
import sys
from pathlib import Path

import pytest

from labkit.course.paths import original

SOLUTION = original() / "solutions" / "04-validator.ipynb"
LABKIT = str(Path(sys.executable).with_name("labkit"))


def in_a_removed_folder(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir()
    shell = ["/bin/sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", *command]
    return subprocess.run(shell, cwd=folder, capture_output=True, text=True, timeout=60, encoding="utf-8")


@pytest.mark.parametrize("start", [[LABKIT], [sys.executable, "-m", "labkit"]], ids=["script", "module"])
@pytest.mark.parametrize(
    "verb",
    [["check", "04-validator", "--answer", str(SOLUTION)], ["course", "list"], ["explain", "1013"]],
    ids=["check", "course", "explain"],
)
def test_verb_in_a_removed_folder_does_its_work(start: list[str], verb: list[str], tmp_path: Path) -> None:
    done = in_a_removed_folder(tmp_path / "gone", *start, *verb)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("start", [[LABKIT], [sys.executable, "-m", "labkit"]], ids=["script", "module"])
def test_copy_in_a_removed_folder_is_refused_with_the_way_out(start: list[str], tmp_path: Path) -> None:
    done = in_a_removed_folder(tmp_path / "gone", *start, "lab", "my-copy", "--only-copy")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: the current folder no longer exists; `cd`")
