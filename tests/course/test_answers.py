"""Known answers are read from edits.toml, and an edit that no longer fits its base is never ignored."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from labkit.course.exercises import exercises
from tests.course import answers
from tests.course.answers import StaleEdit, edited, known, unseen

BASE = "import re\n\n\ndef answer(x):\n    if x:\n        return 1\n    return 1\n    return 1\n"


@pytest.mark.parametrize("name", exercises())
def test_answers_to_an_exercise_all_differ(name: str) -> None:
    """Every edit fits its base, and no two answers are the same program."""
    found = [*known(name), *unseen(name)]
    names = Counter(answer.stem if answer.is_right else answer.name for answer in found)  # a stem names a base
    assert [name for name, count in names.items() if count > 1] == []
    programs: dict[str, list[str]] = {}
    for answer in found:
        programs.setdefault(ast.dump(ast.parse(answer.source)), []).append(answer.name)
    assert [names for names in programs.values() if len(names) > 1] == []


def test_every_edit_of_a_base_is_applied() -> None:
    """Lines are removed, added and kept as context, in several places."""
    change = "\n-import re\n+import json\n\n     if x:\n-        return 1\n+        return 2\n+        # never\n"
    wanted = BASE.replace("re\n", "json\n").replace("        return 1\n", "        return 2\n        # never\n")
    assert edited(BASE, change) == wanted


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param("-import os\n+import json", "the base has 0 places that read", id="line gone"),
        pytest.param("-    return 1\n+    return 2", "the base has 2 places that read", id="two places"),
        pytest.param("+import json", "names no line of the base", id="no place"),
        pytest.param(" import re", "leaves the base as it is", id="no change"),
        pytest.param("-import re\n+import re", "leaves the base as it is", id="same line again"),
        pytest.param("-import re\nimport json", "begins with neither a space", id="no mark"),
        pytest.param("-import re\n\n-import re", "the base has 0 places that read", id="removed twice"),
        pytest.param("", "begins with neither a space", id="empty"),
    ],
)
def test_edit_that_does_not_fit_is_refused(change: str, why: str) -> None:
    """It never yields the base, and never changes the wrong place."""
    with pytest.raises(StaleEdit, match=why):
        edited(BASE, change)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An exercise with one right answer, and an edits.toml to be written."""
    (tmp_path / "01-own" / "right").mkdir(parents=True)
    (tmp_path / "01-own" / "right" / "plain.py").write_text(BASE)
    monkeypatch.setattr(answers, "FOLDER", tmp_path)
    return tmp_path / "01-own"


def test_edits_file_gives_each_answer_its_expectations(folder: Path) -> None:
    """The tables say which check fails, for which misconception; a table for an answer says more."""
    (folder / "edits.toml").write_text(
        "[wrong.first.no-idea]\nshort = '''\n-import re\n'''\n"
        "long = { also = ['last'], source = 'x = 1' }\nold = { before = '3.0', source = 'y = 1' }\n"
        "[unseen.wrong]\na_guess = '''\n-import re\n+import os\n'''\n"
    )
    right, short, long = known("01-own")
    assert (right.name, right.is_right) == ("01-own/right/plain", True)
    assert (short.source, short.is_right) == (BASE.removeprefix("import re\n"), False)
    assert (short.caught_by, short.misconception, short.failing) == ("first", "no-idea", {"first"})
    assert (long.source, long.failing) == ("x = 1", {"first", "last"})
    assert [(one.name, one.is_right, one.caught_by) for one in unseen("01-own")] == [
        ("01-own/unseen.wrong/a_guess", False, None)
    ]


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ("'''-import os'''", "01-own/mine does not fit plain: the base has 0 places"),
        ("{ base = 'other', change = '-import re' }", "01-own/mine edits other, which is no whole answer here"),
        ("{ base = 'plain' }", "01-own/mine does not fit plain"),
    ],
)
def test_stale_edit_is_reported_by_name(folder: Path, edit: str, why: str) -> None:
    """The message names the answer and its base."""
    (folder / "edits.toml").write_text(f"[wrong.first.no-idea]\nmine = {edit}\n")
    with pytest.raises(StaleEdit, match=why):
        known("01-own")


def test_misspelt_key_of_an_edit_is_refused(folder: Path) -> None:
    """A typo must not hide a check that has to fail as well."""
    (folder / "edits.toml").write_text("[wrong.first.no-idea]\nmine = { alsp = ['last'], source = 'x = 1' }\n")
    with pytest.raises(TypeError, match="alsp"):
        known("01-own")
