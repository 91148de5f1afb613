"""Row 15: a learner's copy has no outputs and one seed, and its progress is its own."""

import json
import subprocess
import time
from pathlib import Path

from tests.black_box.kit import Kit, last


def opened(kit: Kit, *words: object, cwd: Path) -> Path:
    """Return the folder that `labkit lab` gives to JupyterLab, which is ended as soon as it begins."""
    lab = kit.start("lab", *words, "--", "--no-browser", cwd=cwd, listens=False)
    try:
        while lab.poll() is None:
            command = Path(f"/proc/{lab.pid}/cmdline").read_text().replace("root_dir=", "root_dir\0").split("\0")
            if "--ServerApp.root_dir" in command:
                return Path(command[command.index("--ServerApp.root_dir") + 1])
            time.sleep(0.05)
        raise AssertionError(last(lab.said))
    finally:
        lab.kill()


def status(clone: Path) -> str:
    return subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True).stdout


def test_copy_has_no_outputs_and_no_guide(kit: Kit) -> None:
    copy = kit.folder / "copy"
    opened(kit, copy, cwd=kit.clone())
    books = [json.loads(one.read_text(encoding="utf-8")) for one in copy.rglob("*.ipynb")]
    assert books and not any(cell.get("outputs") for book in books for cell in book["cells"])
    assert not list(copy.rglob("GUIDE.md"))


def test_second_seed_for_a_copy_is_refused(kit: Kit) -> None:
    copy, home = kit.folder / "copy", kit.clone()
    opened(kit, copy, "--seed", "ana", cwd=home)
    before = {one: one.read_bytes() for one in copy.rglob("*seed*") if one.is_file()}
    done = kit.run("lab", copy, "--seed", "ben", "--", "--no-browser", "--version", cwd=home)
    assert done.returncode == 2 and "seed" in last(done.stderr)
    assert {one: one.read_bytes() for one in before} == before


def test_what_make_lab_opens_leaves_git_clean(kit: Kit) -> None:
    home = kit.clone()
    path = opened(kit, cwd=home) / "notebooks/01_hello_room.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    assert not any(cell.get("outputs") for cell in book["cells"])
    book["cells"][1]["metadata"]["run"] = 1  # as a session leaves it
    path.write_text(json.dumps(book))
    assert status(home) == ""


def test_answer_passed_in_one_copy_is_not_passed_in_another(kit: Kit) -> None:
    home, answer = kit.clone(), kit.answer(kit.solution())
    for name in ("one", "two"):
        opened(kit, kit.folder / name, cwd=home)
    assert kit.run("check", "04-validator", "--answer", answer, cwd=kit.folder / "one").returncode == 0
    lists = [kit.run("course", "list", cwd=kit.folder / name).stdout for name in ("one", "two")]
    here, there = (next(line for line in one.splitlines() if "04-validator" in line) for one in lists)
    assert here != there


def test_folder_of_the_progress_is_documented(kit: Kit) -> None:
    found = ["git", "grep", "-l", "LABKIT_HOME", "--", "*.md"]
    assert subprocess.run(found, cwd=kit.checkout, capture_output=True).stdout
    assert "LABKIT_HOME" in kit.run("lab", "--help").stdout


def test_audit_in_a_clone_leaves_no_key_that_git_sees(kit: Kit) -> None:
    home = kit.clone()
    server = kit.serve("--audit", "room.db", cwd=home)
    assert status(home) == ""
    server.ends()
    assert status(home) == ""
