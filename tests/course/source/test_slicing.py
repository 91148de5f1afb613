"""The statements that an answer needs, from cells: state that is built up, and statements that cannot run."""

import ast

import pytest

from labkit.course.exercises import exercises
from labkit.course.paths import original
from labkit.course.source import NoSource, needed, of_file

GET = "def answer(x): return T.get(x)"
LIST = "def answer(x): return T"
BOTH = "def answer(x): return X, T"
SINGLE = "from functools import singledispatch\n@singledispatch\n"
SUPPRESSED = "with suppress(ValueError):\n    T = int('x')"
FLOOR = "def answer(x): return floor(x)"
FILL = "def fill(): T[1] = 2"
COLLECT = "def on(key):\n    def keep(f):\n        T[key] = f(1)\n        return f\n    return keep"
BASE = "class Base:\n    T = []\n    def __init_subclass__(cls): Base.T.append(cls.__name__)"
TABLE = "class Table:\n    def __init__(self): self.d = {}\n    def put(self, k, v): self.d[k] = v\n"

BUILT_UP = {  # cells, what the answer is called with, and what it returns
    "or-assignment": (["T = {}", "T |= {1: 2}", GET], 1, 2),
    "item": (["T = {}", "T[1] = 2", GET], 1, 2),
    "slice": (["T = [0, 0]", "T[0:1] = [5]", LIST], 0, [5, 0]),
    "method": (["T = {}", "T.update({1: 2})", GET], 1, 2),
    "method of an item": (["T = {1: []}", "T[1].append(2)", GET], 1, [2]),
    "method called in an expression": (["T = {}", "True and T.update(a=1)", GET], "a", 1),
    "method of its type": (["T = {}", "dict.update(T, {1: 2})", GET], 1, 2),
    "method of a class of one's own": ([TABLE + "T = Table()", "T.put(1, 2)", "def answer(x): return T.d"], 0, {1: 2}),
    "loop": (["T = {}", "for k in [1]:\n    T[k] = 2", GET], 1, 2),
    "loop that calls": (["T = {}", "for k in [1]: T.update({k: 2})", GET], 1, 2),
    "while": (["T = {}", "while len(T) < 3: T[len(T)] = 2", GET], 2, 2),
    "comprehension": (["T = {}", "x = [T.update({k: 2}) for k in [1]]", GET], 1, 2),
    "map with a lambda": (["T = {}", "list(map(lambda k: T.__setitem__(k, 2), [1]))", GET], 1, 2),
    "with": (["import contextlib", "with contextlib.nullcontext({1: 2}) as T: pass", GET], 1, 2),
    "with that suppresses": (["from contextlib import suppress", "T = {1: 2}", SUPPRESSED, GET], 1, 2),
    "star import beside a file that a magic wrote": (
        ["%%writefile m.py\nfloor = 1", "from math import *", FLOOR],
        2.5,
        2,
    ),
    "if": (["T = {}", "if T is not None: T[1] = 2", GET], 1, 2),
    "definition in an if": (["if True:\n    def helper(x): return x + 1", "def answer(x): return helper(x)"], 1, 2),
    "definition in a try": (["try:\n    import no_such as T\nexcept ImportError:\n    T = {1: 2}", GET], 1, 2),
    "match": (["match {1: 2}:\n    case {**T}: pass", GET], 1, 2),
    "walrus": (["print(T := {1: 2})", GET], 1, 2),
    "del of an item": (["T = {1: 2}", "del T[1]", GET], 1, None),
    "counter": (["T = 0", "T += 1", "T += 1", LIST], 0, 2),
    "swap": (["a, b = 1, 2", "(a, b) = (b, a)", "def answer(x): return a, b"], 0, (2, 1)),
    "value that a name had before": (["X = 1", "T = X", "X = 2", BOTH], 0, (2, 1)),
    "global that a call saw": (
        ["X = 1", "def f(): return X", "T = f()", "X = 2", "def answer(x): return X, T"],
        0,
        (2, 1),
    ),
    "function that fills": (["T = {}", FILL, "fill()", GET], 1, 2),
    "function with global": (["def fill():\n    global T\n    T = {1: 2}", "fill()", GET], 1, 2),
    "function that fills its argument": (["T = {}", "def fill(d): d[1] = 2", "fill(T)", GET], 1, 2),
    "function that calls another": (["T = {}", FILL, "def fill_all(): fill()", "fill_all()", GET], 1, 2),
    "class that keeps its instances": (["T = {}", "class C:\n    def __init__(self, k): T[k] = 2", "C(1)", GET], 1, 2),
    "decorator that collects": (["T = {}", COLLECT, "@on(1)\ndef two(x): return 2 * x", GET], 1, 2),
    "decorator of the answer": (
        [
            "from functools import singledispatch",
            "@singledispatch\ndef answer(x): return 0",
            "@answer.register(int)\ndef _(x): return 1",
        ],
        5,
        1,
    ),
    "class that collects": ([BASE, "class One(Base): pass", "def answer(x): return Base.T"], 0, ["One"]),
    "subclasses": (
        ["class B: pass", "class D(B): pass", "def answer(x): return [c.__name__ for c in B.__subclasses__()]"],
        0,
        ["D"],
    ),
    "class body": (["class C:\n    T = {}\n    for k in [1]: T[k] = 2", "def answer(x): return C.T"], 0, {1: 2}),
    "attribute of a class": (["class C: pass", "C.t = 2", "def answer(x): return C.t"], 0, 2),
    "setattr": (["class C: pass", "setattr(C, 't', 2)", "def answer(x): return C.t"], 0, 2),
    "second name": (["T = {}", "U = T", "U[1] = 2", GET], 1, 2),
    "name of a part": (["T = {1: []}", "row = T[1]", "row.append(5)", GET], 1, [5]),
    "names of the parts": (["T = {1: []}", "for row in T.values(): row.append(5)", GET], 1, [5]),
    "what a function returns": (["def get(): return T", "T = {}", "get()[1] = 2", GET], 1, 2),
    "bound method": (["T = {}", "put = T.__setitem__", "put(1, 2)", GET], 1, 2),
    "heapq": (["import heapq", "T = []", "heapq.heappush(T, 3)", LIST], 0, [3]),
    "seed": (["import random", "random.seed(1)", "T = random.random()", LIST], 0, 0.13436424411240122),
    "environment": (
        ["import os", "os.environ['LABKIT_T'] = '1'", "def answer(x): return os.environ['LABKIT_T']"],
        0,
        "1",
    ),
    "globals()": (["globals()['T'] = {1: 2}", GET], 1, 2),
    "exec": (["exec('T = {1: 2}')", GET], 1, 2),
    "future": (["from __future__ import annotations", "T = 1", "def answer(x: Nowhere): return T"], 0, 1),
    "several on a line": (["a = 'é'; T = {1: 2}; b = 3", GET], 1, 2),
    "several on lines": (["a = 'é\u2028'; T = {1:\n2}; b = 3", GET], 1, 2),
    "what was there is bound anew": (["T = {}", "T[1] = 2", "T = {}", GET], 1, None),
    "cell that ran again": (["T = []", "T.append(1)", "T = []", "T.append(1)", LIST], 0, [1]),
    "display": (["def answer(x): return display(x)"], 0, None),
}
CANNOT = {  # cells, and what names the place
    "await": (["T = await f()", GET], "`T = await f\\(\\)` \\(T\\)"),
    "await of a method": (["T = {}", "await T.put(1)", GET], "await T.put"),
    "await of a function that fills": (["T = {}", "async def fill(): T[1] = 2", "await fill()", GET], "await fill"),
    "async with": (["T = {}", "async with a() as b:\n    T[1] = b", GET], "async with a"),
    "async for": (["async for T in x(): pass", GET], "async for T"),
    "command": (["T = !ls", GET], "`!ls` \\(T\\)"),
    "command in the answer": (["def answer(x):\n    !ls\n    return x"], "`!ls`"),
    "get_ipython": (["T = get_ipython().user", GET], "get_ipython"),
    "timeit": (["%%timeit\nT = {1: 2}", GET], "remove that line"),
    "script": (["%%script python\n" + GET], "`%%script python` hides the code that defines answer"),
    "writefile": (["%%writefile a.py\n" + GET], "`%%writefile a.py` hides"),
    "run": (["%run a.py", GET], "`%run a.py`"),
}


def run(source: str, name: str) -> object:
    space: dict[str, object] = {}
    exec(source, space)
    return space[name]


def test_only_needed_statements_are_included() -> None:
    """These are the helpers, imports and constants that the answer uses."""
    cells = [
        "import json\nimport os",
        "LIMIT = 3",
        "OTHER = open('/nowhere')",
        "def help(x): return json.dumps(x)[:LIMIT]",
    ]
    source = needed([*cells, "def answer(x):\n    return help(x)"], "answer")
    assert "OTHER" not in source and "import os" not in source
    assert run(source, "answer")([1, 2]) == "[1,"  # type: ignore[operator]


def test_last_definition_wins() -> None:
    """A cell may run again with another text."""
    cells = ["def answer(): return 1", "def answer(): return 2"]
    assert run(needed(cells, "answer"), "answer")() == 2  # type: ignore[operator]


def test_redefinition_from_itself_keeps_the_first_definition() -> None:
    """`answer = wrap(answer)` needs the definition before it."""
    cells = ["def wrap(f): return lambda: f() + 1", "def answer(): return 1", "answer = wrap(answer)"]
    assert run(needed(cells, "answer"), "answer")() == 2  # type: ignore[operator]


def test_code_that_tries_the_answer_out_is_left_out() -> None:
    """Among them calls, loops, `await` and `with` at the top level."""
    cells = ["def answer(): return 1", "answer()\n1 / 0", "x = await answer()", "with open('/nowhere') as f: pass"]
    assert run(needed(cells, "answer"), "answer")() == 1  # type: ignore[operator]


def test_decorators_and_defaults_are_included() -> None:
    """A definition needs them when it runs, not only when it is called."""
    cells = ["from functools import cache", "START = 4", "@cache\ndef answer(x=START): return x"]
    assert run(needed(cells, "answer"), "answer")() == 4  # type: ignore[operator]


def test_star_import_is_included() -> None:
    """It may bind any name."""
    assert run(needed(["from math import *", "def answer(): return floor(2.5)"], "answer"), "answer")() == 2  # type: ignore[operator]


def test_statements_on_one_line_are_separate() -> None:
    """Each is included or left out by itself."""
    assert "b = 2" not in needed(["a = 1; b = 2", "def answer(): return a"], "answer")


def test_answer_with_a_syntax_error_is_included_whole() -> None:
    """So the judge reports the syntax error."""
    assert needed(["def answer(x)\n    return x"], "answer") == "def answer(x)\n    return x\n"


@pytest.mark.parametrize("case", BUILT_UP)
def test_state_built_at_the_top_level_is_included(case: str) -> None:
    """The answer returns what it would return in a file."""
    cells, given, expected = BUILT_UP[case]
    assert run(needed(cells, "answer"), "answer")(given) == expected  # type: ignore[operator]


@pytest.mark.parametrize("case", CANNOT)
def test_needed_statement_that_cannot_run_is_named(case: str) -> None:
    """An answer that lacks a part gets no verdict."""
    cells, message = CANNOT[case]
    with pytest.raises(NoSource, match=message):
        needed(cells, "answer")


@pytest.mark.parametrize(
    "cell", ["answer(1)", "print(answer(1))", "r = await answer(1)", "assert answer(1)", "try_it()"]
)
def test_calls_of_the_answer_are_left_out(cell: str) -> None:
    """Its state starts empty, although the kernel has filled it."""
    cells = ["T = {}", "def answer(x):\n    T[x] = 1\n    return len(T)", "def try_it(): return answer(3)", cell]
    assert run(needed(cells, "answer"), "answer")(5) == 1  # type: ignore[operator]


def test_objects_of_an_imported_class_are_independent() -> None:
    """Both classes have a deque, and using one changes nothing in the other."""
    make = "class A:\n    def __init__(self): self.d = deque()\n    def offer(self, x): self.d.append(x)"
    cells = ["from collections import deque", make, "a = A()", "for _ in 'ab': a.offer(1 / 0)", "print(len(a.d))"]
    answer = "class answer:\n    def __init__(self, x): self.d = deque([x])"
    source = needed([*cells, answer], "answer")
    assert "offer" not in source and "print" not in source


def test_solutions_include_no_calls_of_the_answer() -> None:
    """The demonstration before the blank is not part of the answer."""
    for name, asked in exercises().items():
        source = of_file(original() / "solutions" / f"{name}.ipynb", asked.answer).source
        shown = [node for node in ast.parse(source).body if isinstance(node, (ast.Expr, ast.For, ast.Try, ast.With))]
        assert shown == [], name


def test_magic_that_binds_nothing_is_skipped() -> None:
    """Many cells have `print?` or `%matplotlib inline` beside the answer."""
    cells = ["print?\n%matplotlib inline\n!ls\nT = {1: 2}", GET]
    assert run(needed(cells, "answer"), "answer")(1) == 2  # type: ignore[operator]


def test_cell_that_failed_in_the_kernel_is_tolerated(capsys: pytest.CaptureFixture[str]) -> None:
    """A later cell corrected it; its error is printed."""
    source = needed(["T = {}", "T.updaet({1: 1})", "T.update({1: 2})", GET], "answer", held={"T": {}})
    assert run(source, "answer")(1) == 2  # type: ignore[operator]
    assert "AttributeError" in capsys.readouterr().out


def test_name_that_only_the_kernel_has_is_refused() -> None:
    """It would be missing after a restart."""
    with pytest.raises(NoSource, match="the answer needs T, but no top-level statement"):
        needed([GET], "answer", held={"T": {}})


def test_helper_with_a_syntax_error_is_included_whole() -> None:
    """Otherwise the judge would report a missing name."""
    assert "def helper(x)\n" in needed(["def helper(x)\n    return x", "def answer(x): return helper(x)"], "answer")


@pytest.mark.parametrize("value", ["+".join(["1"] * 900), "+".join(["1"] * 9000), "-" * 20_000 + "1"])
def test_deep_nesting_is_refused(value: str) -> None:
    """The walk over the tree is limited by the stack."""
    with pytest.raises(NoSource, match="nested too deeply"):
        needed([f"T = {value}", LIST], "answer")
