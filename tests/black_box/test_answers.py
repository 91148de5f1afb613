"""Rows 8, 9, 10, 12 and 14: how a right answer may reach the check, and what else may be in the folder."""

import json
import re
import subprocess
from collections.abc import Callable

import pytest

from tests.black_box.kit import Kit, last, notebook
from tests.black_box.wrong_machine import files

Once = Callable[[str, Callable[[], str]], str]

# Row 8: a file named like a library's module

SHADOWS = ("email", "random", "token", "secrets", "json", "calendar")
TRY_LAB = """\
os.chdir({folder!r})
try:
    lab = labkit.Lab().start()
    print("LAB {name} started", lab.url)
    lab.stop()
except Exception as error:
    print("LAB {name}", type(error).__name__, " ".join(str(error).split()))
"""


def shadows(names: tuple[str, ...]) -> list[object]:
    """The old calendar was not imported by what a lab or a check starts."""
    return [pytest.param(one, marks=[pytest.mark.guard] if one == "calendar" else []) for one in names]


def labs(kit: Kit) -> str:
    """Start a lab from a folder with each of the files, in one kernel."""
    cells = ["import labkit, os"]
    for one in SHADOWS:
        (kit.folder / one).mkdir()
        (kit.folder / one / f"{one}.py").write_text("")
        cells.append(TRY_LAB.format(folder=str(kit.folder / one), name=one))
    return kit.kernel(cells)


@pytest.mark.parametrize("name", shadows(SHADOWS))
def test_lab_starts_beside_a_file_named_like_a_module(name: str, kit: Kit, once: Once) -> None:
    out = once("labs", lambda: labs(kit))
    assert f"LAB {name} started" in out, out


@pytest.mark.parametrize("name", shadows(SHADOWS))
def test_answer_passes_beside_a_file_named_like_a_module(name: str, kit: Kit) -> None:
    (kit.folder / f"{name}.py").write_text("")
    for exercise in ("04-validator", "02-auth"):
        checked = kit.check(kit.answer(kit.solution(exercise), f"answer_{exercise[:2]}.py"), exercise)
        assert checked.passed, checked


# Row 9: state built at the top level

STATES = {
    "T |= {1: 2}": ("T = {}", "T |= {'on': True}", "T['on']"),
    "N += 1": ("N = 0", "N += 1", "N == 1"),
    "T[k] = v": ("T = {}", "T['on'] = True", "T.get('on')"),
    "T.update()": ("T = {}", "T.update(on=True)", "T.get('on')"),
    "loop": ("T = {}", "for k in ['on']:\n    T[k] = True", "T.get('on')"),
    "definition in if": ("if True:\n    def on():\n        return True", "", "on()"),
    "definition in try": ("try:\n    def on():\n        return True\nexcept NameError:\n    pass", "", "on()"),
}


def cells_with(kit: Kit, state: str) -> list[str]:
    """A right answer that needs this state."""
    *built, holds = STATES[state]
    body = kit.solution().replace("def validate(text):", "def judged(text):", 1)
    return [body, *filter(None, built), f"def validate(text):\n    return judged(text) if {holds} else None"]


@pytest.mark.parametrize("state", STATES)
def test_state_in_cells_of_its_own_reaches_the_check(state: str, kit: Kit) -> None:
    checked = kit.check(kit.answer(json.dumps(notebook(cells_with(kit, state))), "a.ipynb"))
    assert checked.passed, checked
    assert kit.check(kit.answer("\n\n".join(cells_with(kit, state)))).passed


def states_in_a_kernel(kit: Kit) -> str:
    verdict = "print('VERDICT', {!r}, check('04-validator', validate).verdict)"
    cells = [one for state in STATES for one in (*cells_with(kit, state), verdict.format(state))]
    return kit.kernel(["from labkit import check", *cells])


@pytest.mark.parametrize("state", STATES)
def test_state_built_in_a_kernel_reaches_the_check(state: str, kit: Kit, once: Once) -> None:
    out = once("states", lambda: states_in_a_kernel(kit))
    assert f"VERDICT {state} pass" in out, out


# Row 10: what is a line

LINE_ENDS = {"U+2028": "\u2028", "U+0085": "\x85", "vertical tab": "\x0b", "form feed": "\x0c"}


@pytest.mark.parametrize("character", LINE_ENDS)
@pytest.mark.parametrize("exercise", ["02-auth", "04-validator", "07-backoff"])
def test_odd_character_in_a_comment_changes_no_line(character: str, exercise: str, kit: Kit) -> None:
    book = json.loads((kit.checkout / f"solutions/{exercise}.ipynb").read_text(encoding="utf-8"))
    for cell in book["cells"]:
        if cell["cell_type"] == "code" and "BEGIN SOLUTION" in "".join(cell["source"]):
            cell["source"] = f"# a{LINE_ENDS[character]}b\n" + "".join(cell["source"])
    checked = kit.check(kit.answer(json.dumps(book), "a.ipynb"), exercise)
    assert checked.passed, checked


# Row 12: IPython

MAGICS = {
    "%%time": "%%time\n",
    "%%capture": "%%capture\n",
    "x = !ls": "x = !ls\n",
    "print?": "print?\n",
}
IN_KERNEL = [pytest.param(one, marks=[] if one.startswith("%%") else [pytest.mark.guard]) for one in MAGICS]


@pytest.mark.parametrize("magic", MAGICS)
def test_magic_in_a_notebook_does_not_hide_the_answer(magic: str, kit: Kit) -> None:
    cells = ["import json, re", MAGICS[magic] + kit.solution()]
    checked = kit.check(kit.answer(json.dumps(notebook(cells)), "a.ipynb"))
    assert checked.passed, checked


def magics_in_a_kernel(kit: Kit) -> str:
    cells = ["from labkit import check", "import json, re"]
    for magic, line in MAGICS.items():
        verdict = f"print('VERDICT', {magic!r}, check('04-validator', validate).verdict)"
        cells += [line + kit.solution(), verdict, "del validate"]
    return kit.kernel(cells)


@pytest.mark.parametrize("magic", IN_KERNEL)
def test_magic_in_a_kernel_does_not_hide_the_answer(magic: str, kit: Kit, once: Once) -> None:
    out = once("magics", lambda: magics_in_a_kernel(kit))
    assert f"VERDICT {magic} pass" in out, out


def test_magic_that_does_hide_it_is_named(kit: Kit) -> None:
    path = kit.answer(json.dumps(notebook(["%%script python\n" + kit.solution()])), "a.ipynb")
    done = kit.run("check", "04-validator", "--answer", path)
    assert done.returncode == 2
    assert re.search("%%script.*remove|remove.*%%script", done.stdout + done.stderr, re.S)


# Row 14: our own trouble is no verdict


def test_answer_too_deep_for_the_parser_gets_no_verdict(kit: Kit) -> None:
    path = kit.answer(f"{kit.solution()}\nx = {'-' * 20000}1\n")
    done = kit.run("check", "04-validator", "--answer", path)
    assert done.returncode == 2 and "Traceback" not in done.stderr, last(done.stdout + done.stderr)


def test_answer_that_stops_its_parent_does_not_stop_the_check(kit: Kit) -> None:
    path = kit.answer("import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)\n" + kit.solution())
    check = kit.start(
        *("check", "04-validator", "--answer", path), stderr=subprocess.STDOUT, listens=False, start_new_session=True
    )
    try:
        out, _ = check.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        pytest.fail("it hangs")
    assert check.returncode in (0, 2) and b"Traceback" not in out, out


FEW_ENOUGH = pytest.param("04-validator", marks=pytest.mark.guard)  # its check opened less


@pytest.mark.parametrize("exercise", [FEW_ENOUGH, "02-auth", "03-rooms"])
def test_few_descriptors_are_not_the_answers_fault(exercise: str, kit: Kit) -> None:
    done = kit.run("check", exercise, "--answer", kit.answer(kit.solution(exercise)), preexec_fn=files(40))
    assert done.returncode in (0, 2) and "Traceback" not in done.stderr, last(done.stderr)
