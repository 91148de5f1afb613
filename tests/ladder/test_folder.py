"""A ladder in a folder of its own: the server at a step, the patches, the README."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from labkit.ladder.folder import NotEmpty, write
from labkit.ladder.rungs import LANGUAGES, Language, ladder


@pytest.mark.parametrize("language", LANGUAGES)
def test_patches_in_the_folder_lead_to_the_last_step(language: Language, tmp_path: Path) -> None:
    one, folder = ladder(language), tmp_path / "new/mine"
    write(one, 2, folder)
    assert (folder / one.file).read_text() == one.server(2)
    patch = shutil.which("patch")
    for rung in one.rungs[2:]:
        command = [patch, "-p1", "-i"] if patch else ["git", "apply"]
        subprocess.run([*command, f"patches/{rung.name}"], cwd=folder, check=True, capture_output=True)
    assert (folder / one.file).read_text() == one.server(len(one.rungs))
    readme = (folder / "README.md").read_text()
    assert all(f"| {rung.name} | {', '.join(rung.findings)} | {rung.subject} |" in readme for rung in one.rungs)
    assert f"patch -p1 < patches/{one.rungs[2].name}" in readme
    assert "{" not in readme
    named = {"node": "node --test tests/protocol_3.test.mjs ", "python": "python -m pytest tests/test_audit_1.py "}
    assert named[language] in readme
    if language == "node":
        assert json.loads((folder / "package.json").read_text())["dependencies"].keys() == {"ws"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_readme_of_a_repaired_server_names_an_existing_patch(language: Language, tmp_path: Path) -> None:
    one = ladder(language)
    write(one, len(one.rungs), tmp_path / "done")
    assert f"The first {len(one.rungs)} patches are applied" in (tmp_path / "done/README.md").read_text()


def test_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(NotEmpty, match="name a new one"):
            write(ladder("python"), 0, place)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    write(ladder("python"), 0, tmp_path / "empty")
