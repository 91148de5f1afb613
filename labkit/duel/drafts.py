"""Drafts on disk: what an assistant wrote, how it was made, how to start it, and its review.

LANGUAGE/PROMPT-N/draft/     unchanged, without node_modules and package-lock.json
LANGUAGE/PROMPT-N/made.json  {"by": ..., "date": ..., "seconds": ...}, and perhaps a "note"
LANGUAGE/PROMPT-N/how.toml   start, environment, tokens and dialect; see `How`
LANGUAGE/PROMPT-N/findings.json
"""

import json
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from labkit.duel.prompts import LANGUAGES, NAMES, Language, Name
from labkit.review.dialect import dialect_of
from labkit.review.proposals import toml_lines

TOKEN = "dev-token-of-the-duel"
LEFT_OUT = ("node_modules", "package-lock.json", "__pycache__", ".git")
CODE = (".py", ".js", ".mjs", ".cjs", ".ts", ".html", ".css")
STARTS = ("server.py", "main.py", "app.py", "chat.py", "server.mjs", "server.js", "index.js", "app.js")
_COMMAND = re.compile(r"(?<![\w/-])((?:python3?|node)\s+[\w./-]+\.\w+|npm\s+(?:run\s+)?start)\b")
_FOLDER = re.compile(rf"({'|'.join(NAMES)})-(\d+)")


class BadDraft(ValueError):
    """A folder is no draft, or a file of it cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class How:
    """How to start a draft and what to know of it.

    `start`: a command, run in the folder of the draft, with PORT set. `tokens`: what it accepts; `token_commands` print
    more of them. `audit`: its audit file, in its folder. `dialect`: the tables of a dialect; None: one is learned.
    """

    start: str
    environment: Mapping[str, str] = field(default_factory=dict)
    tokens: tuple[str, ...] = (TOKEN,)
    token_commands: tuple[str, ...] = ()
    audit: str = ""
    dialect: Mapping[str, Any] | None = None

    def text(self) -> str:
        """Return it as the contents of how.toml."""
        tables: dict[str, Any] = {"start": self.start}
        tables |= {"tokens": list(self.tokens)} if self.tokens != (TOKEN,) else {}
        tables |= {"token_commands": list(self.token_commands)} if self.token_commands else {}
        tables |= {"audit": self.audit} if self.audit else {}
        tables |= {"environment": dict(self.environment)} if self.environment else {}
        lines = toml_lines(tables)
        if self.dialect is not None:
            lines += ["[dialect]", *_under("dialect", toml_lines(self.dialect))]
        return "\n".join(lines) + "\n"


def _under(name: str, lines: list[str]) -> Iterator[str]:
    yield from (f"[{name}.{line[1:]}" if line.startswith("[") else line for line in lines)


@dataclass(frozen=True, slots=True)
class Draft:
    """One recorded draft."""

    folder: Path
    language: Language
    prompt: Name
    number: int

    @property
    def name(self) -> str:
        """Its place among the drafts, such as python/bare-1."""
        return f"{self.language}/{self.prompt}-{self.number}"

    @property
    def code(self) -> Path:
        """The folder that the assistant wrote."""
        return self.folder / "draft"

    @property
    def made(self) -> dict[str, Any]:
        """How it was made: by, date, seconds, and perhaps a note. Raises BadDraft."""
        return _json(self.folder / "made.json")

    @property
    def how(self) -> How:
        """How to start it: how.toml, or what its own README.md says. Raises BadDraft."""
        path = self.folder / "how.toml"
        return read_how(path) if path.exists() else guessed_how(self.code)

    @property
    def review(self) -> dict[str, Any] | None:
        """The review that was recorded with it, or None. Raises BadDraft."""
        path = self.folder / "findings.json"
        return _json(path) if path.exists() else None


def recorded(root: Path | None = None) -> list[Draft]:
    """Return the drafts under a folder, by default those that come with labkit; by language, prompt and number."""
    root = Path(str(files("labkit").joinpath("drafts"))) if root is None else root
    found = []
    for language in LANGUAGES:
        folders = (root / language).iterdir() if (root / language).is_dir() else ()
        for folder in folders:
            if (match := _FOLDER.fullmatch(folder.name)) and (folder / "made.json").exists():
                found.append(Draft(folder, language, cast(Name, match[1]), int(match[2])))
    return sorted(found, key=lambda one: (LANGUAGES.index(one.language), NAMES.index(one.prompt), one.number))


def next_place(root: Path, language: Language, prompt: Name) -> Draft:
    """Return the place of the next draft of a language and prompt; nothing is written."""
    number = 1
    while (folder := root / language / f"{prompt}-{number}").exists():
        number += 1
    return Draft(folder, language, prompt, number)


def record(source: Path, place: Draft, made: Mapping[str, Any], how: How | None) -> None:
    """Copy what an assistant wrote to its place. Raises BadDraft if there is nothing."""
    if not source.is_dir() or not any(source.iterdir()):
        raise BadDraft(f"{source} has no files: there is no draft to record")
    shutil.copytree(source, place.code, ignore=shutil.ignore_patterns(*LEFT_OUT))
    write(place, "made.json", made)
    if how is not None:
        (place.folder / "how.toml").write_text(how.text(), encoding="utf-8", newline="\n")


def write(place: Draft, name: str, value: Mapping[str, Any]) -> None:
    """Write a JSON file beside the draft."""
    (place.folder / name).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8", newline="\n")


def read_how(path: Path) -> How:
    """Read a how.toml. Raises BadDraft, which names the file and the fault."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        unknown = set(tables) - {"start", "environment", "tokens", "token_commands", "audit", "dialect"}
        if unknown or not isinstance(tables.get("start"), str):
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}" if unknown else 'it needs start = "COMMAND"')
        lists = {name: tables.get(name, []) for name in ("tokens", "token_commands")}
        environment = tables.get("environment", {})
        texts = [one for value in lists.values() for one in value] + [*environment.values(), tables.get("audit", "")]
        if not all(isinstance(one, str) for one in texts):
            raise ValueError("tokens, token_commands, audit and environment hold text in quotes")
        if (dialect := tables.get("dialect")) is not None:
            dialect_of(dialect)
    except OSError as error:
        raise BadDraft(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise BadDraft(f"cannot use {path}: {error}") from None
    commands = tuple(lists["token_commands"])
    tokens = tuple(lists["tokens"]) or (() if commands else (TOKEN,))
    return How(tables["start"], environment, tokens, commands, tables.get("audit", ""), dialect)


def guessed_how(code: Path) -> How:
    """Return how to start a draft by what its README.md says, or by the name of a file. Raises BadDraft."""
    environment = {"DEV_TOKEN": TOKEN}
    for readme in sorted(code.glob("[Rr][Ee][Aa][Dd][Mm][Ee]*")):
        for match in _COMMAND.finditer(readme.read_text(encoding="utf-8", errors="replace")):
            if match[1].startswith("npm") or (code / match[1].split()[-1]).is_file():
                return How(match[1], environment)
    for name in STARTS:
        if (code / name).is_file():
            return How(f"{'python' if name.endswith('.py') else 'node'} {name}", environment)
    raise BadDraft(f"how does {code} start? Neither its README nor the name of a file says so; write a how.toml")


def lines_of_code(code: Path) -> int:
    """Return the number of lines of code that are not empty; the README does not count."""
    files = [path for path in code.rglob("*") if path.suffix in CODE and not set(path.parts) & set(LEFT_OUT)]
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in files)
    return sum(bool(line.strip()) for text in texts for line in text.splitlines())


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadDraft(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise BadDraft(f"{path} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadDraft(f"{path} must be a JSON object")
    return value
