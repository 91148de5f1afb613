"""Which statements an answer needs: objects that are reached by another name, a callback, a default or a class."""

import pytest

from labkit.course.source import NoSource, needed
from tests.course.source.test_slicing import GET, LIST, run

PUT = "def put(k): T[k] = 2"
BOX = """
class Box:
    def __init__(self): self.t = {}
    def __call__(self, k): self.t[k] = 2
    def __enter__(self): self.t[1] = 2
    def __exit__(self, *a): pass
    def __or__(self, k): self.t[k] = 2
    def __getitem__(self, k): self.t[k] = 2
    def __contains__(self, k): self.t[k] = 2; return True
    @property
    def fill(self): self.t[1] = 2
T = Box()
"""
HELD = "def answer(x): return T.t.get(x)"
CLOSURE = """
def counting():
    n = 0
    def count():
        nonlocal n
        n += 1
        return n
    return count
count = counting()
"""
WRITER = "class Writer:\n    def put(self, k): T[k] = 2\nT = {}"
PUT_OF_DICT = "import functools\nput = functools.partial(dict.__setitem__, T)"
ADD = "import functools\ndef add(t, k):\n    t[k] = 2\n    return t"
THREAD = "import threading\nthread = threading.Thread(target=put, args=[1])"

CASES = {  # cells; the answer returns 2 for 1
    "chained assignment": ["T = U = {}", "U[1] = 2", GET],
    "keyword of a constructor": ["a = []", "T = dict(a=a)", "a.append(2)", "def answer(x): return T['a'][0]"],
    "view of a dict": ["import types\na = {}\nT = types.MappingProxyType(a)", "a[1] = 2", GET],
    "default value": ["T = {}", "def answer(x, t=T): return t.get(x)", "T[1] = 2"],
    "default value of a lambda": ["T = {}", "answer = lambda x, t=T: t.get(x)", "T[1] = 2"],
    "argument of a decorator": [
        "T = {}\ndef given(t):\n    return lambda f: lambda x: t.get(x)",
        "@given(T)\ndef answer(x): return None",
        "T[1] = 2",
    ],
    "partial as the answer": [
        "import functools\nT = {}\ndef get(t, x): return t.get(x)",
        "answer = functools.partial(get, T)",
        "T[1] = 2",
    ],
    "partial that fills": ["T = {}", PUT_OF_DICT, "put(1, 2)", GET],
    "call of an object": [BOX, "T(1)", HELD],
    "with an object": [BOX, "with T: pass", HELD],
    "operator of an object": [BOX, "T | 1", HELD],
    "item of an object": [BOX, "T[1]", HELD],
    "in an object": [BOX, "1 in T", HELD],
    "property of an object": [BOX, "T.fill", HELD],
    "closure that counts": [CLOSURE, "count()", "def answer(x): return count()"],
    "method that changes a global": [WRITER, "w = Writer()", "w.put(1)", GET],
    "inherited method that changes a global": [WRITER, "class More(Writer): pass", "w = More()", "w.put(1)", GET],
    "callback of map": ["T = {}", PUT, "list(map(put, [1]))", GET],
    "callback by keyword": ["T = {}", PUT, "sorted([1], key=put)", GET],
    "callback of reduce": ["T = {}", ADD, "functools.reduce(add, [1], T)", GET],
    "callback of a pattern": ["import re\nT = {}\ndef put(m): T[1] = 2; return ''", "re.sub('a', put, 'a')", GET],
    "thread": ["T = {}", PUT, THREAD, "thread.start()\nthread.join()", GET],
    "pool of threads": [
        "from concurrent.futures import ThreadPoolExecutor\nT = {}",
        PUT,
        "with ThreadPoolExecutor() as pool: list(pool.map(put, [1]))",
        GET,
    ],
    "function that hands its argument on": [
        "T = {}",
        "def inner(t): t[1] = 2",
        "def outer(t): inner(t)",
        "outer(T)",
        GET,
    ],
    "function in a table": ["T = {}", PUT, "TABLE = {'put': put}", "TABLE['put'](1)", GET],
    "function in a namespace": ["import types\nT = {}", PUT, "n = types.SimpleNamespace(put=put)", "n.put(1)", GET],
    "decorator in a table": [
        "T = {}\nTABLE = {'on': lambda f: T.update({1: f()})}",
        "@TABLE['on']\ndef on(): return 2",
        GET,
    ],
    "under the name of a notebook": ["if __name__ == '__main__':\n    T = {1: 2}", GET],
}

CANNOT = {  # cells, and what names the place
    "last value shown": (["{1: 2}", "T = _", GET], "needs _, which exists only in a notebook"),
    "value shown before": (["{1: 2}", "T = Out[1]", GET], "needs Out, which exists only in a notebook"),
    "value of a cell": (["{1: 2}", "T = _1", GET], "needs _1, which exists only in a notebook"),
    "source of a cell": (["1", "T = In", LIST], "needs In, which exists only in a notebook"),
    "filled by %timeit": (["T = {}", "%timeit -n 1 -r1 T.update({1: 2})", GET], r"T.update.*\(T\).*%timeit runs it"),
    "filled by %%timeit": (["T = {}", "%%timeit -n1\nT[1] = 2", GET], r"T\[1\] = 2.*%timeit runs it"),
    "filled by %prun": (["T = {}", "def put(): T[1] = 2", "%prun -q put()", GET], r"put\(\).*%prun runs it"),
}


@pytest.mark.parametrize("case", CASES)
def test_state_that_is_reached_in_another_way_comes_along(case: str) -> None:
    answer = run(needed(CASES[case], "answer"), "answer")
    assert callable(answer)
    assert answer(1) == 2


@pytest.mark.parametrize("case", CANNOT)
def test_what_only_a_kernel_has_is_named(case: str) -> None:
    cells, told = CANNOT[case]
    with pytest.raises(NoSource, match=told):
        needed(cells, "answer")


@pytest.mark.parametrize(
    "cell",
    [
        "client = await lab.client(T)\nawait client.close()",
        "server = await lab.serve(put)\nawait server.stop()",
        "async with lab.proxy(T) as proxy: await proxy.stop()",
        "%timeit -n 1 -r1 T.get(1)",
    ],
)
def test_a_guess_is_no_reason_to_refuse_an_answer(cell: str) -> None:
    assert "await" not in needed(["import labkit as lab\nT = {1: 2}", PUT, cell, GET + ", put"], "answer")
