"""What comments, docstrings and pages point at exists: files, modules, notebooks, layers."""

import ast
import io
import re
import subprocess
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath

import pytest

from tests.docs.pages import ROOT, blocks, section
from tests.package import DRAFTS

TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
FILES = [path for path in TRACKED if (ROOT / path).exists()]
ANSWERS = ("tests/course/answers", "tests/course/unseen", DRAFTS)  # what learners and assistants wrote
COMMENTED = [path for path in FILES if path.endswith((".py", ".js", ".mjs", ".css")) and not path.startswith(ANSWERS)]
PAGES = [path for path in FILES if path.endswith(".md") and not path.startswith(DRAFTS)]
# Files that only the reader has, named in examples.
YOURS = {
    "app/index.js",
    "email.py",
    "how.toml",
    "NAME-new.ipynb",
    "jupyterhub_config.py",
    "my_client.py",
    "my_handler.py",
    "my_server.py",
    "nbgrader_config.py",
    "review.html",
    "server.mjs",
}
FILE = re.compile(
    r"(?<![\w./*{}<>\\-])((?:[\w.-]+/)*[\w-]+\.(?:py|js|mjs|css|md|ipynb|toml|ya?ml|cfg|html|sh|lock))(?![\w*])"
)
MODULE = re.compile(r"`((?:labkit\.)?(?:rules|wire|faults|brokers|bench|review|course|classroom|views)(?:\.\w+)+)`")
LESSON = re.compile(r"(?:[Nn]otebooks?|and|,) (\d\d) \((\w+)\)")


@cache
def tails() -> set[str]:
    """Every way to name a file: its path, or the end of it."""
    parts = [path.split("/") for path in FILES]
    return {"/".join(names[start:]) for names in parts for start in range(len(names))}


def remarks(path: str) -> Iterator[tuple[int, str]]:
    """The comments and docstrings of a file, each with its line; a page is one remark."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.endswith(".md"):
        yield 1, text
    elif path.endswith(".py"):
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""
    else:
        for found in re.finditer(r"(?<!:)//[^\n]*|/\*.*?\*/", text, re.DOTALL):
            yield text.count("\n", 0, found.start()) + 1, found[0]


def exists(name: str, path: str) -> bool:
    """Whether a file name, seen in `path`, names a file of the repository or an example."""
    plain = PurePosixPath(name)
    if name in tails() or not YOURS.isdisjoint((name, plain.name)) or plain.stem.isupper():
        return True
    return (ROOT / path).parent.joinpath(name).exists()


def module_exists(name: str) -> bool:
    """Whether `rules.limits`, or `rules.limits.Limits`, is there."""
    parts = name.removeprefix("labkit.").split(".")
    for used in (len(parts), len(parts) - 1):
        for end in (".py", "/__init__.py"):
            file = ROOT / ("labkit/" + "/".join(parts[:used]) + end)
            if file.is_file():
                return used == len(parts) or parts[-1] in file.read_text(encoding="utf-8")
    return False


def lesson_exists(number: str, word: str) -> bool:
    """Whether the notebook of that number has the word in its name."""
    return any(word in path.stem.split("_") for path in (ROOT / "notebooks").glob(f"{number}_*.ipynb"))


@pytest.mark.parametrize(
    ("remark", "stale"),
    [
        ("see labkit/views/board.py", ["labkit/views/board.py"]),
        ("see `wire.doors.Door` and wire/hub.py", ["wire.doors.Door"]),
        ("Taught in notebook 08 (debugging).", ["08 (debugging)"]),
        ("Taught in notebooks 02 (auth) and 03 (doors)", ["03 (doors)"]),
        ("`rules.limits.Limits`, limits.py, notebook 07 (storms), ID.ipynb, my_server.py", []),
    ],
)
def test_stale_pointer_is_found(remark: str, stale: list[str]) -> None:
    """The search itself: what is gone is found, and what is there is not."""
    assert stale_in(remark, "README.md") == stale


def stale_in(remark: str, path: str) -> list[str]:
    """What a remark names and the repository does not have."""
    files = [name for name in FILE.findall(remark) if not exists(name, path)]
    modules = [name for name in MODULE.findall(remark) if not module_exists(name)]
    lessons = [f"{number} ({word})" for number, word in LESSON.findall(remark) if not lesson_exists(number, word)]
    return files + modules + lessons


@pytest.mark.parametrize("path", ["code", "pages"])
def test_pointers_lead_somewhere(path: str) -> None:
    """No comment, docstring or page names a file, module or notebook that is not there."""
    paths = COMMENTED if path == "code" else PAGES
    this = "tests/docs/test_pointers.py"
    found = [f"{p}:{n}: {name}" for p in paths if p != this for n, text in remarks(p) for name in stale_in(text, p)]
    assert found == []


def test_links_of_pages_lead_to_files_and_headings() -> None:
    """Every relative link has its file, and every anchor its heading."""
    broken = []
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if "://" in target:
                continue
            name, _, anchor = target.partition("#")
            file = ROOT / page if not name else (ROOT / page).parent / name
            if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
                broken.append(f"{page}: {target}")
    assert broken == []


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as a hosting site makes them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_layers_of_readme_equal_import_contract() -> None:
    """README draws the layers that import-linter enforces, lowest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(one["layers"] for one in contracts["contracts"] if one["type"] == "layers")
    enforced = [[name.strip("() ") for name in layer.split("|")] for layer in reversed(layers)]
    readme = section((ROOT / "README.md").read_text(encoding="utf-8"), "The layers")
    drawn = [
        [name.strip() for name in layer.split(",")] for layer in " ".join(blocks(readme, "text")[0].split()).split("<-")
    ]
    assert drawn == enforced


def test_readme_names_the_article_once() -> None:
    """Title and author stand in README, before anything else calls it "the article"; the site's first page has both."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    title = "Claude Code WebSocket Realtime Implementation: Auth, Reconnects, Heartbeats, and Rooms"
    assert " ".join(readme.split()).count(title) == 1
    assert readme.index("Claude Code WebSocket") < readme.index("the article")
    assert "Masa, ClaudeCodeLab" in readme
    index = " ".join((ROOT / "docs/index.md").read_text(encoding="utf-8").split())
    assert f"*{title}* by Masa, ClaudeCodeLab" in index
