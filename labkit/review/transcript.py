"""The traffic of one probe as the report shows it: as lines to read, and as a script to run.

A transcript never contains tokens: each is replaced by a name such as $TOKEN or $RESUME, whose value the script reads
from the environment or asks for. A step that repeats the previous one is only counted.
"""

import ast
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from labkit.platform import shell

MAX_STEPS = 60
SENT, MARK = " -> ", "   <== here"
MAX_SHOWN = 160
_RUN = re.compile(r"(.{1,12}?)\1{99,}", re.DOTALL)
_RUN_OF_BYTES = re.compile(rb"(.{1,12}?)\1{99,}", re.DOTALL)


class Did(NamedTuple):
    """What a connection did: "open" with the request head, "text", "frame", "raw", "flood" or "unread".

    "receive" with the message in our names; "end" with the close code.
    """

    peer: str
    kind: str
    value: Any = None


@dataclass(slots=True)
class Step:
    """One step: the text to show, the script line that repeats it, and what it did."""

    shown: str
    code: str
    did: Did | None
    times: int = 1
    at: float = field(default_factory=monotonic)
    lasted_s: float = 0  # from the first to the last of several times


@dataclass(slots=True)
class Transcript:
    """The steps of one probe. `secrets` maps each credential to the name that replaces it."""

    url: str
    secrets: dict[str, str] = field(default_factory=dict)
    _steps: list[Step] = field(default_factory=list)

    cafile: str | None = None
    ignored: list[dict[str, Any]] = field(default_factory=list)  # the fields that identify messages to leave out
    canary_request: str = ""  # the handshake of a healthy connection, if that ended too
    marked: int | None = None  # the step that shows the fault
    unique: str = ""  # what the names of this run contain
    refusals: tuple[int, ...] = ()  # the close codes of which one was expected, in the server's numbers
    _is_paused: bool = False

    @property
    def is_full(self) -> bool:
        """Whether the transcript is full and drops further steps."""
        return self._is_paused or len(self._steps) >= MAX_STEPS

    @property
    def codes(self) -> list[str]:
        """The script lines of each step so far."""
        return [step.code for step in self._steps]

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Record no steps inside the `with` block; the caller notes them as a single step."""
        self._is_paused = True
        yield
        self._is_paused = False

    def hide(self, text: str) -> str:
        """Return the text with each credential replaced by its name."""
        found = [(form, name) for secret, name in self.secrets.items() if secret for form in _forms(secret)]
        for form, name in sorted(found, key=lambda pair: -len(pair[0])):
            text = text.replace(form, name)
        return text

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps so far."""
        return tuple(self._steps)

    def mark(self, who: str | None = None) -> None:
        """Mark the last step that `who`, or anybody, sent: if the outcome is a fault, that step shows it."""
        sent = [at for at, step in enumerate(self._steps) if SENT in step.shown and who in (None, _sender(step))]
        self.marked = sent[-1] if sent else self.marked

    def mark_text(self, text: str) -> None:
        """Mark the last step that sent this text."""
        sent = [at for at, step in enumerate(self._steps) if SENT in step.shown and text in step.code]
        self.marked = sent[-1] if sent and text else self.marked

    def mark_last(self) -> None:
        """Mark the last step, whatever it was."""
        self.marked = len(self._steps) - 1 if self._steps else None

    def note(self, who: str, shown: str, code: str, did: Did | None = None) -> None:
        """Add a step: the text to show, the script line that repeats it, and what was done."""
        shown, code = f"{who} {self.hide(shown)}", self.hide(code)
        if len(shown) > MAX_SHOWN:
            shown = f"{shown[:MAX_SHOWN]}... ({len(shown)} characters)"
        last = self._steps[-1] if self._steps else None
        if not self._is_paused and last is not None and last.code == code and not code.endswith(".receive()"):
            last.times += 1
            last.lasted_s = monotonic() - last.at
        elif not self.is_full:
            self._steps.append(Step(shown, code, did))

    def lines(self) -> tuple[str, ...]:
        """Return the traffic, one line per step; the marked one ends in MARK."""
        return tuple(
            step.shown + (f" ({step.times} times)" if step.times > 1 else "") + (MARK if at == self.marked else "")
            for at, step in enumerate(self._steps)
        )

    def script(self) -> tuple[str, ...]:
        """Return lines to paste into a shell, which repeat the steps with only Python's standard library."""
        if not self._steps:
            return ()
        where = urlsplit(self.url)
        is_tls = where.scheme == "wss"
        address = where.hostname, where.port or (443 if is_tls else 80)
        begin = [f"Peer.address, Peer.is_tls, Peer.cafile = {address}, {is_tls}, {self.cafile!r}"]
        begin.append(f"Peer.ignored = {plain(tuple(self.ignored))}")
        steps = [step.code if step.times == 1 else f"for _ in range({step.times}): {step.code}" for step in self._steps]
        if self.canary_request:
            steps = [f"canary = Peer('canary', {self.canary_request!r})", *steps, "canary.receive()"]
        return tuple(shell.python_to_paste("\n".join([prelude(), *begin, *steps]).split("\n")))


def _sender(step: Step) -> str:
    return step.shown.partition(" ")[0]


@cache
def _forms(secret: str) -> frozenset[str]:
    """Return every form in which a credential may appear: plain, or escaped by JSON, by Python, or by both."""
    ours, theirs = (json.dumps(secret, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False))
    texts = {secret, ours, theirs, ours.replace("/", r"\/"), theirs.replace("/", r"\/")}
    quoted = {f"{text}\"'" for text in texts}  # Python escapes one of the quotes if a text contains both
    values = [value for text in texts | quoted for value in (text, text.encode("utf-8", "surrogatepass"))]
    written = {form for value in values for form in (repr(value), plain(value))}
    return frozenset(texts | {form.removeprefix("b")[1:-1].removesuffix("\"\\'") for form in written})


@cache
def prelude() -> str:
    """Return the first part of each script: `script_client` without docstrings and empty lines."""
    tree = ast.parse(files("labkit.review").joinpath("script_client.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            del node.body[0]
    return "\n".join(line for line in ast.unparse(tree).split("\n") if line)


def literal(value: str | bytes) -> str:
    """Return a value as Python that is safe to paste into a shell; a long repetition becomes a product."""
    found = _RUN.search(value) if isinstance(value, str) else _RUN_OF_BYTES.search(value)
    if found is None:
        return plain(value)
    times = (found.end() - found.start()) // len(found[1])
    parts = [literal(value[: found.start()]), f"{literal(found[1])} * {times}", literal(value[found.end() :])]
    return " + ".join(part for part in parts if part not in ("''", "b''"))


def plain(value: object) -> str:
    """Return a value as Python without exclamation marks, which an interactive shell would expand."""
    return ascii(value).replace("!", "\\x21")
