"""Row 13: no home, or one that cannot be used."""

import subprocess
from collections.abc import Callable

import pytest

from tests.black_box.kit import Kit, last
from tests.e2e.need import missing

NOBODY = ("setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups")
READING = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")  # the checkout may be root's
HOMES = ("none", "a file", "a loop of links")
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(params=HOMES)
def homeless(request: pytest.FixtureRequest, kit: Kit) -> Command:
    """Run a verb without a home: of a user whom nobody knows, or with a ~/.labkit that is no folder."""
    env: dict[str, object] = {"HOME": None}
    before: tuple[str, ...] = ()
    kit.answer(kit.solution())
    if request.param == "none":
        before = (*NOBODY, *READING)
        if subprocess.run([*before, "true"], capture_output=True).returncode:
            missing("the right to be another user")
    else:
        home = kit.folder / "nowhere"
        home.mkdir()
        env = {"HOME": home}
        state = home / ".labkit"
        state.write_text("") if request.param == "a file" else state.symlink_to(state)
    return lambda *words, **more: kit.run(*words, env=env, before=before, timeout=120, **more)


def test_check_gives_its_verdict_and_says_that_it_is_not_recorded(homeless: Command) -> None:
    done = homeless("check", "04-validator", "--answer", "a.py")
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "Traceback" not in said and "not recorded" in said, last(said)


def test_exercises_are_listed(homeless: Command) -> None:
    done = homeless("course", "list")
    assert done.returncode == 0 and "Traceback" not in done.stderr, last(done.stderr)


def test_difference_needs_a_passed_answer_and_says_so(homeless: Command) -> None:
    done = homeless("course", "diff", "04-validator", "--answer", "a.py")
    assert done.returncode == 2 and "Traceback" not in done.stderr and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize(
    "homeless", ["none", *(pytest.param(one, marks=pytest.mark.guard) for one in HOMES[1:])], indirect=True
)
def test_status_of_the_class_is_told(homeless: Command) -> None:
    """Of the old code, only the user whom nobody knows got an error here."""
    done = homeless("-c", "from labkit import classroom; print(classroom.status())", program="python")
    assert done.returncode == 0, last(done.stderr)
