"""State that a notebook builds up is taken, and experiments are not: many small notebooks, in two text files.

`built_up.txt`: each answer returns what it returns in a file. `experiments.txt`: none changes the answer's source.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
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


def read(name: str) -> dict[str, list[str]]:
    texts = (HERE / name).read_text(encoding="utf-8").split("## ")
    parts = (text.strip("\n").partition("\n") for text in texts[1:])
    return {title: rest.split(CELL) for title, _, rest in parts}


BUILT_UP = read("built_up.txt")
(NOTEBOOK, EXPERIMENTS) = (
    (HERE / "experiments.txt").read_text(encoding="utf-8").strip("\n").split("\n\n## experiments\n")
)


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
    """Run each program in a process of its own, for what it changes in libraries."""
    command = [sys.executable, "-W", "ignore", "-m", __name__]
    path = os.pathsep.join([str(HERE.parents[2]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        command,
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
    whole = in_another_process(["\n".join(AS_IN_A_FILE.get(cell, cell) for cell in one) for one in BUILT_UP.values()])
    taken = in_another_process([needed(cells, "answer") for cells in BUILT_UP.values()])
    different = {name: (one, other) for name, one, other in zip(BUILT_UP, whole, taken) if one != other}
    assert different == {}


@pytest.mark.parametrize("experiment", EXPERIMENTS.split(CELL))
@pytest.mark.parametrize("is_last", [True, False], ids=["after", "before"])
def test_experiment_is_left_out(experiment: str, is_last: bool) -> None:
    """Among them some that wait, which would refuse the answer."""
    *cells, answer = NOTEBOOK.split(CELL)
    source = needed([*cells, answer], "handler")
    given = [*cells, answer, experiment] if is_last else [*cells, experiment, answer]
    assert needed(given, "handler") == source


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
    before = "import unknown\nT = {}\nasync def put(t): t[1] = 2\ndef put2(t): t[1] = 2"
    with pytest.raises(NoSource, match=named):
        needed([before, cell, "def answer(x): return T.get(x)"], "answer")


if __name__ == "__main__":
    main()
