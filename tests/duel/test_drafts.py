"""Drafts on disk: how they are recorded and read, and how their start is found."""

import json
from pathlib import Path

import pytest

from labkit.duel.drafts import (
    TOKEN,
    BadDraft,
    Draft,
    How,
    guessed_how,
    lines_of_code,
    next_place,
    read_how,
    record,
    recorded,
)
from labkit.duel.prompts import LANGUAGES, NAMES

DRAFTS = recorded()


@pytest.mark.parametrize("draft", DRAFTS, ids=lambda draft: draft.name)
def test_recorded_draft_is_complete(draft: Draft) -> None:
    """Its maker, its start, its dialect and its review; nothing that was installed or that it wrote when it ran."""
    assert {"by", "date", "seconds"} <= set(draft.made) <= {"by", "date", "seconds", "note"}
    how = read_how(draft.folder / "how.toml")
    assert (draft.code / how.start.split()[-1]).is_file()
    assert how.dialect is not None
    review = draft.review
    assert review is not None
    assert review["outcome"] == "reviewed"
    assert review["lines"] == lines_of_code(draft.code)
    names = {path.name for path in draft.code.rglob("*")}
    assert not names & {"node_modules", "package-lock.json", "audit.log", "audit.jsonl", ".secret", "__pycache__"}


def test_three_drafts_of_each_prompt_and_language_are_recorded() -> None:
    found = [(draft.language, draft.prompt, draft.number) for draft in DRAFTS]
    assert found == [(language, name, number) for language in LANGUAGES for name in NAMES for number in (1, 2, 3)]


def test_what_was_changed_or_estimated_is_said() -> None:
    notes = {draft.name: draft.made["note"] for draft in DRAFTS if "note" in draft.made}
    assert set(notes) == {"node/bare-2", "node/bare-3"}
    assert "estimated" in notes["node/bare-3"] and '"type": "module"' in notes["node/bare-2"]


@pytest.mark.parametrize(
    ("readme", "files", "start"),
    [
        ("## Start\n\n    PORT=9000 python3 server.py\n", ["server.py", "app.py"], "python3 server.py"),
        ("Run `node src/server.mjs`.", ["src/server.mjs"], "node src/server.mjs"),
        ("```sh\nnpm start\n```", ["server.js"], "npm start"),
        ("Run python nothing.py, or so.", ["main.py"], "python main.py"),
        ("It needs Python 3.11.", ["server.mjs"], "node server.mjs"),
    ],
)
def test_readme_says_how_a_draft_starts(readme: str, files: list[str], start: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(readme)
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert guessed_how(tmp_path) == How(start, {"DEV_TOKEN": TOKEN})


def test_folder_without_a_server_needs_a_how(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(BadDraft, match=r"write a how\.toml"):
        guessed_how(tmp_path)


def test_how_is_read_as_it_was_written(tmp_path: Path) -> None:
    dialect = {"path": "/ws", "more": {"join": {"name": "$UNIQUE"}}, "types": {"chat": "say"}}
    for how in (
        How("python a.py"),
        How("node a.js", {"KEY": 'a "quoted" one'}, ("t1", "t2"), (), "audit.log", dialect),
        How("python a.py", {}, (), ("python token.py",), "", {}),
    ):
        (tmp_path / "how.toml").write_text(how.text())
        assert read_how(tmp_path / "how.toml") == how


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[dialect]\n", "it needs start"),
        ('start = "x"\nport = 8080\n', "unknown: port"),
        ('start = "x"\ntokens = [1]\n', "hold text in quotes"),
        ('start = "x"\n[dialect]\nbogus = 1\n', "is not a table of a dialect"),
        ("start = ", "Invalid value"),
    ],
)
def test_bad_how_names_the_file_and_the_fault(text: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "how.toml"
    path.write_text(text)
    with pytest.raises(BadDraft, match=rf"how\.toml.*{fault}"):
        read_how(path)


def test_record_leaves_out_what_was_installed(tmp_path: Path) -> None:
    source = tmp_path / "mine"
    (source / "node_modules/ws").mkdir(parents=True)
    for name in ("server.js", "package-lock.json", "node_modules/ws/index.js"):
        (source / name).write_text("x\n\ny\n")
    for number in (1, 2):
        place = next_place(tmp_path / "drafts", "node", "bare")
        assert place.name == f"node/bare-{number}"
        record(source, place, {"by": "somebody"}, None)
        assert [path.name for path in place.code.rglob("*")] == ["server.js"]
        assert lines_of_code(place.code) == 2
    assert [one.name for one in recorded(tmp_path / "drafts")] == ["node/bare-1", "node/bare-2"]
    assert json.loads((place.folder / "made.json").read_text()) == {"by": "somebody"}


def test_empty_folder_is_no_draft(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadDraft, match="there is no draft to record"):
        record(tmp_path / "empty", next_place(tmp_path, "node", "bare"), {}, None)
