"""`labkit` where a package that it needs everywhere is missing: one sentence from every verb, and exit code 2."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.cli import VERBS
from labkit.platform.packages import REQUIRED, missing
from tests.doctor.machines import without


def labkit_without(folder: Path, module: str, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "labkit", *arguments],
        env=os.environ | without(folder, module),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("verb", ["--help", *VERBS])
def test_without_click_every_verb_is_one_sentence(verb: str, tmp_path: Path) -> None:
    assert labkit_without(tmp_path, "click", verb) == (2, f"Error: {missing('click')}\n")


@pytest.mark.parametrize("module", sorted(set(REQUIRED) - {"click"}))
@pytest.mark.parametrize("verb", [["check", "02-auth"], ["serve", "--port", "x"], ["course", "list"]])
def test_without_another_package_a_verb_works_or_is_one_sentence(module: str, verb: list[str], tmp_path: Path) -> None:
    """A usage error counts as working: the verb got as far as its options."""
    _, printed = labkit_without(tmp_path, module, *verb)
    assert printed in ("", f"Error: {missing(module)}\n") or printed.startswith("Usage:")
