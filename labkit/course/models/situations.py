"""A situation: calls to an answer, as plain data that can be sent to its process, and as code that a learner can run.

    situation = (make("box", 10, 5.0), call("box.offer", b"aaa", 0.0), get("box.held_bytes"))

    box = Outbox(10, 5.0)
    box.offer(b"aaa", 0.0)
    box.held_bytes

`labkit.course.running.player` plays it in the answer's process.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from labkit.course.running.player import CHANGED, CHANGES

Step = tuple[str, str, tuple[Any, ...]]  # a verb, its target, the arguments
Situation = tuple[Step, ...]
MOST_SHOWN = 160
WAS_CHANGED = ", and an earlier result is no longer what it was"
_RUN = re.compile(r"(.{1,10}?)\1{11,}", re.DOTALL)


class Result(NamedTuple):
    """What one step returned, or the error that it raised and the line of the answer that raised it.

    `calls`: what the answer called meanwhile of what it was given, each as a name and the arguments.
    """

    value: Any = None
    raised: str | None = None
    line: int = 0
    calls: tuple[tuple[Any, ...], ...] = ()

    @property
    def shown(self) -> str:
        """The result in a few words."""
        came = literal(self.value) if self.raised is None else f"raised {self.raised}"
        made = [call for call in self.calls if call != (CHANGED,)]
        calls = ", ".join(f"{name}({', '.join(map(literal, given))})" for name, *given in made)
        return short(f"{came} after {calls}" if calls else came) + (WAS_CHANGED if is_earlier_changed(self) else "")


def make(label: str, *arguments: Any) -> Step:
    """Call the answer, and keep what it returns under this label."""
    return "make", label, arguments


def call(target: str, *arguments: Any) -> Step:
    """Call a method of something kept: `call("box.take", 100)`."""
    return "call", target, arguments


def get(target: str) -> Step:
    """Read an attribute of something kept: `get("box.held_bytes")`."""
    return "get", target, ()


def ask(*arguments: Any) -> Step:
    """Call the answer, which is a function."""
    return "ask", "", arguments


def make_as(label: str, template: str, *arguments: Any) -> Step:
    """Keep the value of an expression, such as `"[{answer}(Random(seed), {0}) for seed in range({1})]"`."""
    return "code make", label, (template, *arguments)


def value_as(label: str, template: str, *arguments: Any) -> Step:
    """Evaluate an expression about something kept, such as `"[one.wait() for one in {kept}]"`."""
    return "code value", label, (template, *arguments)


def spoil(step: Step, part: int | None = None) -> Step:
    """Do a step, then clear the list or dict that it returned, as a caller may; or one part of what it returned."""
    return _changed("spoil", step, part)


def fill(step: Step, part: int | None = None) -> Step:
    """Do a step, then append to the list that it returned, which may be empty; or to one part of what it returned."""
    return _changed("fill", step, part)


def mark(step: Step) -> Step:
    """Do a step, then add a field to the dict that it returned."""
    return _changed("mark", step, None)


def _changed(how: str, step: Step, part: int | None) -> Step:
    verb, target, arguments = step
    return f"{how} {verb}" if part is None else f"{how} {part} {verb}", target, arguments


def is_changed(step: Step) -> bool:
    """Whether the caller changes what the step returned."""
    return step[0].partition(" ")[0] in CHANGES


def unchanged(step: Step) -> Step:
    """Return a step after which the caller changes nothing."""
    return step[0].rpartition(" ")[2], *step[1:]


def is_earlier_changed(result: Result) -> bool:
    """Whether, since this step, what an earlier one returned is not what it was."""
    return (CHANGED,) in result.calls


def label(step: Step) -> str:
    """Return the label that a step makes or uses, or ""."""
    return step[1].partition(".")[0]


def makes(step: Step) -> bool:
    """Whether a step makes what its label names."""
    return step[0].rpartition(" ")[2] == "make"


def is_code(step: Step) -> bool:
    """Whether the first argument of a step is an expression in which the others are filled in."""
    return step[0].startswith("code ")


def is_whole(situation: Sequence[Step]) -> bool:
    """Whether each label is made once, and before it is used."""
    made: set[str] = set()
    for step in situation:
        if makes(step) == (label(step) in made) and label(step):
            return False
        made.add(label(step))
    return True


def renamed(situation: Sequence[Step], number: int) -> Situation:
    """Return it with a number behind each label, so that several can be one."""
    return tuple((verb, re.sub(r"^\w+", rf"\g<0>_{number}", target), given) for verb, target, given in situation)


def as_code(step: Step, answer: str) -> str:
    """Write a step as a learner would."""
    verb, target, arguments = step
    if is_code(step):
        code = arguments[0].format(*map(literal, arguments[1:]), answer=answer, kept=target)
        return f"{target} = {code}" if makes(step) else code
    given = ", ".join(map(literal, arguments))
    if makes(step):
        return f"{target} = {answer}({given})"
    if not is_changed(step):
        return target if verb == "get" else f"{target or answer}({given})"
    how, *part, _ = verb.split()
    method, more = CHANGES[how]
    return f"{target or answer}({given}){f'[{part[0]}]' if part else ''}.{method}({', '.join(map(literal, more))})"


def as_program(
    situation: Sequence[Step], results: Sequence[Result], answer: str, expected: str, came: str = ""
) -> Iterator[str]:
    """Yield a line of code per step, up to the last result, which is the wrong one. `came`: that one in words."""
    *before, (last, result) = zip(situation, results)
    for step, earlier in before:
        yield as_code(step, answer) + ("" if makes(step) or is_code(step) else f"  # {earlier.shown}")
    yield f"{as_code(last, answer)}  # {came or result.shown}, expected {expected}"


def literal(value: Any) -> str:
    """Write a value as an expression; what repeats is written as a product: `b"." * 600`."""
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        inner = ", ".join(map(literal, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    if not isinstance(value, str | bytes) or len(value) < 12:
        return repr(value)
    text = value if isinstance(value, str) else value.decode("latin-1")
    return " + ".join(_parts(text, str if isinstance(value, str) else _as_bytes)) or repr(value)


def _parts(text: str, of: Any) -> Iterator[str]:
    at = 0
    for run in _RUN.finditer(text):
        if run.start() > at:
            yield repr(of(text[at : run.start()]))
        yield f"{of(run[1])!r} * {len(run[0]) // len(run[1])}"
        at = run.end()
    if at < len(text):
        yield repr(of(text[at:]))


def _as_bytes(text: str) -> bytes:
    return text.encode("latin-1")


def short(text: str) -> str:
    """Return the beginning of a text that is too long for a line, and its length."""
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}... ({len(text)} characters)"
