"""Options that name an output file: every verb refuses an unwritable path before it runs."""

import os
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from labkit.cli import main
from labkit.commands.output import OutputFile
from tests.platform.test_exits import VERBS, arguments, planted, raising

READ_OR_CHECKED_LATER = {  # what is read; and what is made at the start of the run, before anything else
    *(
        "answer",
        "audit",
        "tests",
        "cafile",
        "certfile",
        "config",
        "cookie_key",
        "dialect",
        "how_file",
        "into",
        "jwks",
        "jwt_key",
        "keyfile",
        "log",
        "modules",
        "older",
        "pack",
        "roster",
        "users",
    ),
    *("directory", "file", "folder", "keep", "slips", "store"),
}
WRITTEN = [
    (path, option) for path, verb in VERBS.items() for option in verb.params if isinstance(option.type, OutputFile)
]


def test_every_path_option_reads_or_writes() -> None:
    """A new option that writes a file must have the type that is checked first."""
    paths = {one.name for verb in VERBS.values() for one in verb.params if isinstance(one.type, click.Path)}
    assert paths == READ_OR_CHECKED_LATER | {option.name for _, option in WRITTEN}
    assert len(WRITTEN) >= 7


@pytest.mark.parametrize(("path", "option"), WRITTEN, ids=lambda one: getattr(one, "name", None) or " ".join(one))
def test_path_unwritable_is_refused_before_run(
    path: tuple[str, ...], option: click.Option, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(VERBS[path], raising(AssertionError("it ran")), monkeypatch)
    (tmp_path / "folder.png").mkdir()
    for place in ("missing/x.png", "folder.png", "x" * 300 + ".png", "folder.png/../../../proc/x.png"):
        words = [*path, option.opts[0], str(tmp_path / place), *arguments(VERBS[path])]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 2 and "cannot write" in done.stderr and "it ran" not in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["folder.png"]


def test_path_writable_is_left_unchanged(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text("before")
    kind = OutputFile(dash=True)
    for place in (kept, tmp_path / "new.json", Path("-"), Path("/dev/null")):
        assert kind.convert(str(place), None, None) == place
    assert kept.read_text() == "before" and os.listdir(tmp_path) == ["kept.json"]


def test_picture_of_other_kind_is_refused() -> None:
    with pytest.raises(click.BadParameter, match=re.escape("give a name that ends in .png")):
        OutputFile(suffix=".png").convert("storms.pdf", None, None)
