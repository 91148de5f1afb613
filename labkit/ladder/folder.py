"""Write a ladder into a folder of its own: the server at a step, the patches, and how to walk it by hand."""

import json
from pathlib import Path

from labkit.ladder.rungs import Ladder
from labkit.written_tests.lines import LANGUAGES

README = """\
# A ladder of {count} patches, in {title}

`{file}` is a room server as a first draft. {stands}
Each file in `patches/` is a unified diff that takes exactly one finding of `labkit review --profile article`: its first
line says what failed and what the patch does.

```sh
{setup}labkit review ws://localhost:8080 --profile article {how} --json 0.json --tests tests
patch -p1 < patches/{first}     # or: git apply patches/{first}
labkit review ws://localhost:8080 --profile article {how} --json 1.json --compare 0.json
URL=ws://localhost:8080 TOKEN=dev-token {run} {tests}     # with the server running
```

{note}
The comparison names what is fixed, and the written test of that finding was red and is green now. Go on with the next.
`labkit ladder walk {language}` does all of it and prints the table.

| patch | takes | what failed, and what the patch does |
| --- | --- | --- |
{rows}
"""
_PARTS = {
    "node": {
        "title": "Node",
        "setup": "npm install\n",
        "how": '--start "node server.mjs"',
        "run": "node --test",
        "note": "The review starts the server, and starts it again after a crash. For a test, start it yourself.",
    },
    "python": {
        "title": "Python",
        "setup": "python server.py > server.log 2>&1     # in a second terminal; start it again after each patch\n",
        "how": "--log server.log",
        "run": "python -m pytest",
        "note": "One finding is about the log, so the review and the written test of that finding read it.",
    },
}
_PACKAGE = {"private": True, "type": "module", "dependencies": {"ws": "^8.18.0"}}


class NotEmpty(Exception):
    """The folder has something in it; the message says what to do."""


def write(ladder: Ladder, step: int, folder: Path) -> None:
    """Write the files. Raises NotEmpty, and OSError."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotEmpty(f"{folder} exists and is not an empty folder; name a new one")
    (folder / "patches").mkdir(parents=True)
    _write(folder / ladder.file, ladder.server(step))
    for rung in ladder.rungs:
        _write(folder / "patches" / rung.name, rung.text)
    _write(folder / "README.md", _readme(ladder, step))
    if ladder.language == "node":
        _write(folder / "package.json", json.dumps(_PACKAGE, indent=2) + "\n")


def _readme(ladder: Ladder, step: int) -> str:
    rows = [f"| {one.name} | {', '.join(one.findings)} | {one.subject} |" for one in ladder.rungs]
    stands = f"The first {step} patches are applied." if step else "No patch is applied yet."
    first = ladder.rungs[min(step, len(ladder.rungs) - 1)]
    tests = [f"tests/{LANGUAGES[ladder.language].file}".format(name=one.replace("/", "_")) for one in first.findings]
    named = {"language": ladder.language, "file": ladder.file, "first": first.name, "tests": " ".join(tests)}
    parts = _PARTS[ladder.language] | named
    return README.format(count=len(rows), stands=stands, rows="\n".join(rows), **parts)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
