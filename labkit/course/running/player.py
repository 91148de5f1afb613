"""Play situations (`labkit.course.models.situations`) in the answer's process, and record what each step returned.

A result is converted to plain data at once, so what the answer or a later step changes does not change the record.
What the answer calls meanwhile leaves this process at once, and so does the news that it changed a list that an
earlier step returned. Nothing here knows what is expected.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from random import Random
from types import CodeType
from typing import Any

from labkit.course.running.handler_server import line_of
from labkit.course.running.packets import Tagged
from labkit.course.simulated import Simulated

Step = tuple[str, str, tuple[Any, ...]]
Note = Callable[[Any], None]
MADE = "made"
CHANGED = "changed"  # the name of a call that nobody made: a list of an earlier step is not what it was


def within(source: str, name: str, answer: Any, note: Note) -> Any:
    """Return the function `made` that a source defines: it finds the answer by its name, and `record` notes.

    Only that source can record: an answer that finds the function writes nothing with it. What a handler raises in
    `Simulated` is noted, too.
    """

    def record(*what: Any) -> None:
        if sys._getframe(1).f_code.co_filename == MADE:
            note(what)

    def on_error(error: BaseException) -> None:
        note(("raised", f"{type(error).__name__}: {error}"[:300], line_of(error.__traceback__)))

    space = {name: answer, "record": record, "Simulated": partial(Simulated, on_error=on_error)}
    exec(_compiled(source), space)
    return space[MADE]


@cache
def _compiled(source: str) -> CodeType:
    return compile(source, MADE, "exec", dont_inherit=True)


def play(
    answer: Any,
    situation: Sequence[Step],
    is_ours: Callable[[BaseException], bool],
    note: Note = lambda what: None,
) -> list[Any]:
    """Return a result per step: ("value", it) or ("raised", error, line). After each, note None.

    What `is_ours` says yes to is raised.
    """
    kept: dict[str, Any] = {}
    try:
        return list(_results(answer, iter(situation), kept, is_ours, note))
    finally:
        for simulated in kept.values():
            if isinstance(simulated, Simulated):
                simulated.end()


def _results(
    answer: Any, steps: Iterator[Step], kept: dict[str, Any], is_ours: Callable[[BaseException], bool], note: Note
) -> Iterator[Any]:
    returned: list[tuple[list[Any], list[Any]]] = []  # each list, and what was in it
    for verb, target, arguments in steps:
        came: tuple[Any, ...]
        try:
            value = _done(answer, kept, verb, target, arguments)
            came = ("value", None if verb.endswith("make") else Tagged(value))
            if any(_is_changed(*one) for one in returned):
                note((CHANGED,))
            _spoil(verb, value)
            returned = [(one, one[:]) for one in (*(one for one, _ in returned), value) if type(one) is list]
        except BaseException as error:
            if is_ours(error):
                raise
            came = ("raised", f"{type(error).__name__}: {error}"[:300], line_of(sys.exc_info()[2]))
        note(None)
        yield came


def _is_changed(now: list[Any], before: list[Any]) -> bool:
    """Compare without the elements' own equality, which an answer may have defined."""
    return len(now) != len(before) or any(one is not other for one, other in zip(now, before))


def _spoil(verb: str, value: Any) -> None:
    """Clear what a step returned, or one part of it, if the step says so and it can be cleared."""
    first, *part = verb.split()[:-1] or [""]
    if part and isinstance(value, list | tuple):
        value = next(iter(value[int(part[0]) :]), None)
    if first == "spoil" and hasattr(value, "clear"):
        value.clear()


def _done(answer: Any, kept: dict[str, Any], verb: str, target: str, arguments: tuple[Any, ...]) -> Any:
    how, _, verb = verb.rpartition(" ")
    if how == "code":
        value = _evaluated(answer, kept, target, *arguments)
    elif verb in ("ask", "make"):
        value = answer(*arguments)
    else:
        label, _, name = target.partition(".")
        found = getattr(kept.get(label), name)
        value = found if verb == "get" else found(*arguments)
    if verb == "make":
        kept[target] = value
    return value


def _evaluated(answer: Any, kept: dict[str, Any], target: str, template: str, *arguments: Any) -> Any:
    """Return the value of an expression; `{0}` and so on are the arguments, and `Random` is known as well."""
    code = template.format(*map(repr, arguments), answer="answer", kept=target)
    return eval(code, {**kept, "answer": answer, "Random": Random})
