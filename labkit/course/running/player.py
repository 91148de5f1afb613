"""Play situations (`labkit.course.models.situations`) in the answer's process, and record what each step returned.

A result is converted to plain data at once, so what the answer or a later step changes does not change the record.
What the answer calls meanwhile leaves this process at once, and so does the news that what an earlier step returned
is no longer what it was. Nothing here knows what is expected.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from random import Random
from types import CodeType
from typing import Any

from labkit.course.running.handler_server import line_of
from labkit.course.running.packets import Tagged
from labkit.course.running.whose import Codes
from labkit.course.simulated import Simulated

Step = tuple[str, str, tuple[Any, ...]]
Note = Callable[[Any], None]
MADE = "made"
CHANGED = "changed"  # the name of a call that nobody made: what an earlier step returned is not what it was
CHANGES = {"spoil": ("clear", ()), "fill": ("append", ("x",)), "mark": ("update", ({"x": 1},))}  # what a caller does


def within(source: str, name: str, answer: Any, note: Note) -> Any:
    """Return the function `made` that a source defines: it finds the answer by its name, and `record` notes.

    Only that source can record: an answer that finds the function writes nothing with it. What a handler raises in
    `Simulated` is noted, too.
    """

    code, codes = _compiled(source)

    def record(*what: Any) -> None:
        caller = sys._getframe(1)
        if caller.f_code in codes and caller.f_globals is space:
            note(what)

    def on_error(error: BaseException) -> None:
        note(("raised", f"{type(error).__name__}: {error}"[:300], line_of(error.__traceback__)))

    space = {name: answer, "record": record, "Simulated": partial(Simulated, on_error=on_error)}
    exec(code, space)
    return space[MADE]


@cache
def _compiled(source: str) -> tuple[CodeType, Codes]:
    code = compile(source, MADE, "exec", dont_inherit=True)
    return code, Codes(code)


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
    returned: list[tuple[Any, list[Any]]] = []  # each list, dict and so on, and what was in it
    for verb, target, arguments in steps:
        came: tuple[Any, ...]
        try:
            value = _done(answer, kept, verb, target, arguments)
            came = ("value", None if verb.endswith("make") else Tagged(value))
            if any(_is_changed(*one) for one in returned):
                note((CHANGED,))
            _change(verb, value)
            if any(_is_changed(*one) for one in returned):  # by the caller, who had another result in hand
                note((CHANGED,))
            returned = [(one, _inside(one)) for one in (*(one for one, _ in returned), *_mutables(value))]
        except BaseException as error:
            if is_ours(error):
                raise
            came = ("raised", f"{type(error).__name__}: {error}"[:300], line_of(sys.exc_info()[2]))
        note(None)
        yield came


def _is_changed(now: Any, before: list[Any]) -> bool:
    """Compare without the elements' own equality, which an answer may have defined."""
    inside = _inside(now)
    return len(inside) != len(before) or any(one is not other for one, other in zip(inside, before))


def _inside(one: Any) -> list[Any]:
    """Return what is in a list, a dict and so on, by no code of the answer's."""
    return [part for pair in dict.items(one) for part in pair] if isinstance(one, dict) else [*list.__iter__(one)]


def _mutables(value: Any) -> list[Any]:
    """Return what a caller could change of a result: itself, and its parts."""
    parts = _inside(value) if isinstance(value, list) else tuple.__iter__(value) if isinstance(value, tuple) else ()
    return [one for one in (value, *parts) if isinstance(one, list | dict)]


def _change(verb: str, value: Any) -> None:
    """Do what a caller may with what a step returned, or with one part of it, if the step says so."""
    first, *part = verb.split()[:-1] or [""]
    if part and isinstance(value, list | tuple):
        value = next(iter(value[int(part[0]) :]), None)
    method, given = CHANGES.get(first, ("", ()))
    if hasattr(value, method):
        getattr(value, method)(*given)


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
