"""What was said and heard while one probe ran, for the report: as lines to read, and as a script to run.

Tokens never enter it: each becomes a name, such as $TOKEN or $RESUME, which the script takes from the
environment, or asks for.
A step that repeats the one before is counted instead of written again.
"""

import ast
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

MOST_STEPS = 60
MOST_SHOWN = 160
_RUN = re.compile(r"(.{1,12}?)\1{99,}", re.DOTALL)
_RUN_OF_BYTES = re.compile(rb"(.{1,12}?)\1{99,}", re.DOTALL)


@dataclass(slots=True)
class _Step:
    shown: str
    code: str
    times: int = 1


@dataclass(slots=True)
class Transcript:
    """The steps of one probe. `secrets` maps each credential to the name that stands for it."""

    url: str
    secrets: dict[str, str] = field(default_factory=dict)
    _steps: list[_Step] = field(default_factory=list)

    cafile: str | None = None
    passed_over: list[dict[str, Any]] = field(default_factory=list)  # not heard as a step, by its fields
    beside: str = ""  # the handshake of a healthy connection, where that ended too
    _mute: bool = False

    @property
    def is_full(self) -> bool:
        """Whether further steps are dropped."""
        return self._mute or len(self._steps) >= MOST_STEPS

    @property
    def codes(self) -> list[str]:
        """The script's line of each step so far."""
        return [step.code for step in self._steps]

    @contextmanager
    def mute(self) -> Iterator[None]:
        """Drop the steps within: what is told of them is noted as a whole."""
        self._mute = True
        yield
        self._mute = False

    def hide(self, text: str) -> str:
        """The text without credentials."""
        found = [(form, name) for secret, name in self.secrets.items() if secret for form in _forms(secret)]
        for form, name in sorted(found, key=lambda pair: -len(pair[0])):
            text = text.replace(form, name)
        return text

    def note(self, who: str, shown: str, code: str) -> None:
        """Add a step: what to show, and the line of the script that does it again."""
        shown, code = f"{who} {self.hide(shown)}", self.hide(code)
        if len(shown) > MOST_SHOWN:
            shown = f"{shown[:MOST_SHOWN]}... ({len(shown)} characters)"
        last = self._steps[-1] if self._steps else None
        if not self._mute and last is not None and last.code == code and not code.endswith(".hear()"):
            last.times += 1
        elif not self.is_full:
            self._steps.append(_Step(shown, code))

    def lines(self) -> tuple[str, ...]:
        """What was said and heard, a line a step."""
        return tuple(step.shown if step.times == 1 else f"{step.shown} ({step.times} times)" for step in self._steps)

    def script(self) -> tuple[str, ...]:
        """Lines to paste into a shell: the same steps, with nothing but Python's standard library."""
        if not self._steps:
            return ()
        where = urlsplit(self.url)
        is_tls = where.scheme == "wss"
        address = where.hostname, where.port or (443 if is_tls else 80)
        begin = [f"Peer.address, Peer.is_tls, Peer.cafile = {address}, {is_tls}, {self.cafile!r}"]
        begin.append(f"Peer.passed_over = {plain(tuple(self.passed_over))}")
        steps = [step.code if step.times == 1 else f"for _ in range({step.times}): {step.code}" for step in self._steps]
        if self.beside:
            steps = [f"beside = Peer('beside', {self.beside!r})", *steps, "beside.hear()"]
        return ("python3 - <<'END'", *"\n".join([prelude(), *begin, *steps]).split("\n"), "END")


@cache
def _forms(secret: str) -> frozenset[str]:
    """How a credential may be written: as JSON does, which escapes what it likes, and that again as Python does."""
    ours, theirs = (json.dumps(secret, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False))
    texts = {secret, ours, theirs, ours.replace("/", r"\/"), theirs.replace("/", r"\/")}
    quoted = {f"{text}\"'" for text in texts}  # where both quotes are, Python escapes one of them
    values = [value for text in texts | quoted for value in (text, text.encode("utf-8", "surrogatepass"))]
    written = {form for value in values for form in (repr(value), plain(value))}
    return frozenset(texts | {form.removeprefix("b")[1:-1].removesuffix("\"\\'") for form in written})


@cache
def prelude() -> str:
    """What each script begins with: `paste` without its docstrings and empty lines."""
    tree = ast.parse(files("labkit.review").joinpath("paste.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            del node.body[0]
    return "\n".join(line for line in ast.unparse(tree).split("\n") if line)


def literal(value: str | bytes) -> str:
    """Python for a value, that a shell may be given to paste; a long run of the same as a product."""
    found = _RUN.search(value) if isinstance(value, str) else _RUN_OF_BYTES.search(value)
    if found is None:
        return plain(value)
    times = (found.end() - found.start()) // len(found[1])
    parts = [literal(value[: found.start()]), f"{literal(found[1])} * {times}", literal(value[found.end() :])]
    return " + ".join(part for part in parts if part not in ("''", "b''"))


def plain(value: object) -> str:
    """Python for a value, without an exclamation mark: in an interactive shell it would call up history."""
    return ascii(value).replace("!", "\\x21")
