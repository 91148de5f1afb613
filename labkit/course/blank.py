"""Tell from the source of an answer whether the learner has started it. None of it is run."""

import ast
from collections.abc import Iterator

NOT_STARTED = "not started"


def state(source: str, name: str) -> str:
    """Return "not started" if the last definition of the name is still a blank, otherwise ""."""
    try:
        tree = ast.parse(source)
        found = [node for node in _at_the_top(tree.body) if getattr(node, "name", None) == name]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    if not found:
        return ""
    is_left = any(_is_blank(node) for node in ast.walk(found[-1]))
    return NOT_STARTED if is_left or _is_empty(found[-1]) else ""


def _at_the_top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that bind names at the top level, including those inside an `if`, a `try` or a loop."""
    for node in body:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _at_the_top([one for one in _parts(node) if isinstance(one, ast.stmt)])


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        if isinstance(child, (ast.ExceptHandler, ast.match_case)):
            yield from ast.iter_child_nodes(child)


def _is_blank(node: ast.AST) -> bool:
    """Return whether this is the `raise NotImplementedError()` of a blank."""
    if not isinstance(node, ast.Raise):
        return False
    call = node.exc
    name = call.func if isinstance(call, ast.Call) and not call.args else call
    return isinstance(name, ast.Name) and name.id == "NotImplementedError"


def _is_empty(node: ast.stmt) -> bool:
    """Return whether the body contains only a docstring, `pass` and `...`."""
    body = getattr(node, "body", [])
    return bool(body) and all(
        isinstance(one, ast.Pass) or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)) for one in body
    )
