"""Whether an answer was begun: read from its source, before anything of it is run."""

import ast

NOT_STARTED = "not started"


def state(source: str, name: str) -> str:
    """Is it "not started"? So it is when the last definition of a name is a blank; "" otherwise."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    found = [node for node in tree.body if getattr(node, "name", None) == name]
    if not found:
        return ""
    is_left = any(_is_blank(node) for node in ast.walk(found[-1]))
    return NOT_STARTED if is_left or _is_empty(found[-1]) else ""


def _is_blank(node: ast.AST) -> bool:
    """`raise NotImplementedError()`, as a blank has it."""
    if not isinstance(node, ast.Raise):
        return False
    call = node.exc
    name = call.func if isinstance(call, ast.Call) and not call.args else call
    return isinstance(name, ast.Name) and name.id == "NotImplementedError"


def _is_empty(node: ast.stmt) -> bool:
    """A body of nothing but a docstring, `pass` and `...`."""
    body = getattr(node, "body", [])
    return bool(body) and all(
        isinstance(one, ast.Pass) or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)) for one in body
    )
