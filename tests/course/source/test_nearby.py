"""State that a notebook builds up reaches the answer, and experiments do no harm: small notebooks in two text files.

`built_up.txt`: each answer returns what it returns in a file. `experiments.txt`: a notebook, and cells beside it.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

from labkit.course.source import NoSource, needed

HERE = Path(__file__).parent
CELL = "\n#%%\n"
AS_IN_A_FILE = {  # what only IPython can run
    "%env LABKIT_ZZ=5": "import os; os.environ['LABKIT_ZZ'] = '5'",
    "%cd /": "import os; os.chdir('/')",
}
PUT = "import unknown\nT = {}\nasync def put(t): t[1] = 2\ndef put2(t): t[1] = 2"


def read(name: str) -> dict[str, list[str]]:
    texts = (HERE / name).read_text(encoding="utf-8").split("## ")
    parts = (text.strip("\n").partition("\n") for text in texts[1:])
    return {title: rest.split(CELL) for title, _, rest in parts}


BUILT_UP = read("built_up.txt")
NOTEBOOK, EXPERIMENTS = (HERE / "experiments.txt").read_text(encoding="utf-8").strip("\n").split("\n\n## experiments\n")


def answered(source: str) -> str:
    """Run a program as `__main__`, and return what its answer returns."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source, "<source>", "exec"), module.__dict__)
            return repr(module.__dict__["answer"](1))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def in_another_process(programs: list[str]) -> list[str]:
    """Run each program in a process of its own, because some change their libraries."""
    path = os.pathsep.join([str(HERE.parents[2]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", __name__],
        input=json.dumps(programs),
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    found: list[str] = json.loads(done.stdout)
    return found


def main() -> None:
    """Fork for each program on standard input, and print what the answers return."""
    found = []
    for program in json.load(sys.stdin):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, answered(program).encode())
            os._exit(0)
        os.close(writer)
        with open(reader, "rb") as pipe:
            found.append(pipe.read().decode())
        os.wait()
    print(json.dumps(found))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each program runs in a fork")
def test_answer_returns_what_it_returns_in_a_file() -> None:
    """Whatever the notebook does to change the state: in a function, through another name, in a library."""
    whole = in_another_process(["\n".join(AS_IN_A_FILE.get(cell, cell) for cell in one) for one in BUILT_UP.values()])
    taken = in_another_process([needed(cells, "answer") for cells in BUILT_UP.values()])
    different = {name: (one, other) for name, one, other in zip(BUILT_UP, whole, taken) if one != other}
    assert different == {}


@pytest.mark.parametrize("experiment", EXPERIMENTS.split(CELL))
@pytest.mark.parametrize("is_last", [True, False], ids=["after", "before"])
def test_experiment_is_never_refused(experiment: str, is_last: bool) -> None:
    """Many experiments wait for something. The answer keeps all its parts."""
    *cells, answer = NOTEBOOK.split(CELL)
    parts = needed([*cells, answer], "handler").strip().split("\n\n\n")
    given = [*cells, answer, experiment] if is_last else [*cells, experiment, answer]
    with_it = needed(given, "handler").strip().split("\n\n\n")
    assert [part for part in with_it if part in parts] == parts


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        ("await unknown.fill(T)", "unknown.fill"),
        ("await put(T)", "await put"),
        ("globals()['T'] = await put(T)", "globals"),
        ("async with unknown.open(T) as f: pass", "async with"),
        ("x = [await put(T) for _ in 'a']", "await put"),
        ("%timeit put2(T)", "put2"),
    ],
)
def test_change_that_waits_is_refused(cell: str, named: str) -> None:
    """A verdict on the answer without it would be wrong."""
    with pytest.raises(NoSource, match=named):
        needed([PUT, cell, "def answer(x): return T.get(x)"], "answer")


@pytest.mark.parametrize("cell", ["import matplotlib.pyplot as plt\nplt.plot(T)", "answer(T)", "await show(T)"])
def test_plots_and_trials_are_left_out(cell: str) -> None:
    """They are slow, and try the answer out."""
    cells = ["T = {}", "async def show(t): print(t)"]
    answer = "def answer(x): return T.get(x)"
    assert needed([*cells, answer, cell], "answer") == needed([*cells, answer], "answer")


def test_large_notebook_takes_time_in_proportion() -> None:
    """Of functions that all call each other, twice as many take some four times as long, not forty."""

    def seconds(methods: int, functions: int) -> float:
        cells = [
            f"def f{i}(x):\n    y = f{i * 7 % functions}(x)\n    T.append(y)\n    return y" for i in range(functions)
        ]
        body = [
            f"    def m{i}(self, x):\n        self.m{(i + 1) % methods}(x).m{(i + 3) % methods}(self)\n"
            f"        return f{i % functions}(x)"
            for i in range(methods)
        ]
        begin = time.process_time()
        needed(
            [*cells, "T = []", *(f"T.append(f{i})" for i in range(60)), "\n".join(["class answer:", *body])], "answer"
        )
        return time.process_time() - begin

    assert seconds(60, 80) < 12 * seconds(30, 40)


if __name__ == "__main__":
    main()
