"""The written tests, run: red against a server with a planted fault, green against ours."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.broken import broken
from labkit.review import Report, examine
from labkit.review.dialect import Dialect
from labkit.review.finding import Finding
from labkit.rules.limits import Limits
from labkit.wire.server import Server
from labkit.written_tests.folder import CannotWrite, Written, check_folder, plans, write
from labkit.written_tests.lines import NODE, PYTHON, Language
from tests.e2e.need import NODE_MODULES, node_module, node_path
from tests.review.full_server import LIMITS, promised
from tests.wire.raw import TOKEN

REPLAYED = {  # the findings that a few messages show, by fault
    "binary_is_text": {"protocol/4"},
    "chat_without_join": {"rooms/2"},
    "closed_connection_acts": {"auth/8", "rooms/4"},
    "gap_is_hidden": {"rooms/16"},
    "guests_before_auth": {"auth/1", "auth/2", "auth/3", "secrets/1"},
    "long_type_ends_all": {"protocol/2"},
    "members_in_a_list": {"rooms/7"},
    "message_is_spread": {"rooms/5", "validation/7"},
    "nan_is_a_number": {"validation/10"},
    "no_auth_timeout": {"auth/4"},
    "no_dedupe": {"rooms/17"},
    "older_connection_stays": {"auth/14"},
    "unmasked_frame_ends_all": {"protocol/1", "protocol/3"},
}
BY_PROBE = {"pings_put_off_auth": "auth/5", "any_origin": "protocol/13"}
MOST_LINES = 35
IN_SUITE = ("chat_without_join", "guests_before_auth", "message_is_spread", "no_dedupe", "unmasked_frame_ends_all")
FAULTS = [one if one in IN_SUITE else pytest.param(one, marks=pytest.mark.matrix) for one in REPLAYED]


def limits() -> Limits:
    """Return the short limits of a review in tests."""
    return Limits().set_lines(LIMITS)


async def written(url: str, ids: set[str], folder: Path, language: Language) -> Written:
    """Review a server with these probes, and write the tests."""
    report = await examine(url, tokens=[TOKEN], only=ids, promised=promised(), patience_s=2)
    assert set(report.ids("broken")) == ids, report
    found = await plans(report, "full", Dialect(), promised())
    assert found.keys() == ids
    return write(folder, report, found, language, ["--profile", "full"])


async def exit_code(url: str, command: list[str], folder: Path) -> int:
    """Run a command in the folder of the tests."""
    environment = {**os.environ, "URL": url, "TOKEN": TOKEN, "PATIENCE_S": "4"}
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=folder, env=environment, capture_output=True, check=False
    )
    return done.returncode


def runner(path: Path, language: Language) -> list[str]:
    """Return the command that runs one written test; without pytest, whose start takes longer than the test."""
    if language is NODE:
        return [node_path(), "--test", path.name]
    return [sys.executable, "-c", f"import {path.stem} as one; one.{path.stem}()"]


async def is_red_then_green(fault: str, tmp_path: Path, language: Language) -> None:
    """Write the tests of a fault; run each against the faulty server, and against ours."""
    ids = REPLAYED[fault]
    async with broken(fault)(port=0, token=TOKEN, limits=limits()) as faulty:
        folder = await written(faulty.url, ids, tmp_path, language)
        for probe, path in folder.tests.items():
            assert await exit_code(faulty.url, runner(path, language), tmp_path) == 1, f"{probe} is green there"
            assert path.read_text().count("\n") <= MOST_LINES
            assert TOKEN not in path.read_text()
    async with Server(port=0, token=TOKEN, limits=limits()) as ours:
        for probe, path in folder.tests.items():
            assert await exit_code(ours.url, runner(path, language), tmp_path) == 0, f"{probe} is red on ours"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("fault", FAULTS)
async def test_python_test_is_red_on_the_fault_and_green_on_ours(fault: str, tmp_path: Path) -> None:
    await is_red_then_green(fault, tmp_path, PYTHON)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("fault", FAULTS)
async def test_node_test_is_red_on_the_fault_and_green_on_ours(fault: str, tmp_path: Path) -> None:
    node_module("ws")
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    await is_red_then_green(fault, tmp_path, NODE)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("fault", BY_PROBE)
async def test_finding_that_messages_cannot_show_gets_a_test_that_runs_its_probe(fault: str, tmp_path: Path) -> None:
    """Pings at a pace, and a handshake that is refused."""
    probe = BY_PROBE[fault]
    options = ["--token", "$TOKEN", *(part for line in LIMITS for part in ("--set", line))]
    async with broken(fault)(port=0, token=TOKEN, limits=limits()) as faulty:
        report = await examine(faulty.url, tokens=[TOKEN], only=[probe], promised=promised(), patience_s=2)
        assert await plans(report, "full", Dialect(), promised()) == {}
        path = write(tmp_path, report, {}, PYTHON, options).tests[probe]
        assert await exit_code(faulty.url, runner(path, PYTHON), tmp_path) == 1
    async with Server(port=0, token=TOKEN, limits=limits()) as ours:
        assert await exit_code(ours.url, runner(path, PYTHON), tmp_path) == 0


async def test_test_that_runs_a_probe_is_red_when_the_probe_cannot_tell(tmp_path: Path) -> None:
    """Without --log, whether events are recorded cannot be seen."""
    finding = Finding("audit/1", "t", "P1", "broken", "", "", (), (), "", "", 0.0)
    report = Report("ws://localhost", "article", (finding,), 0.0)
    path = write(tmp_path, report, {}, PYTHON, ["--profile", "article", "--token", "$TOKEN"]).tests["audit/1"]
    async with Server(port=0, token=TOKEN, limits=limits()) as ours:
        assert await exit_code(ours.url, runner(path, PYTHON), tmp_path) == 1


def report_of_one(tmp_path: Path) -> Report:
    """Return a report with one broken finding."""

    async def review() -> Report:
        async with broken("nan_is_a_number")(port=0, token=TOKEN, limits=limits()) as faulty:
            return await examine(faulty.url, tokens=[TOKEN], only=["validation/10"], promised=promised())

    return asyncio.run(review())


def test_existing_files_stay_as_they_are(tmp_path: Path) -> None:
    report = report_of_one(tmp_path)
    mine = tmp_path / "test_validation_10.py"
    mine.write_text("# mine\n")
    folder = write(tmp_path, report, {}, PYTHON, [])
    assert mine.read_text() == "# mine\n"
    assert folder.kept == (mine,)
    again = write(tmp_path, report, {}, NODE, [])
    assert again.kept == ()
    assert write(tmp_path, report, {}, NODE, []).kept == (again.tests["validation/10"],)


def test_folder_with_another_client_is_refused(tmp_path: Path) -> None:
    check_folder(tmp_path / "new")
    (tmp_path / "review_client.py").write_text("# mine\n")
    with pytest.raises(CannotWrite, match=r"is not ours.*name another folder"):
        check_folder(tmp_path)
    with pytest.raises(CannotWrite, match="is a file"):
        check_folder(tmp_path / "review_client.py")


def test_command_runs_all_tests_or_those_of_some_findings(tmp_path: Path) -> None:
    report = report_of_one(tmp_path)
    python, node = (write(tmp_path, report, {}, language, []) for language in (PYTHON, NODE))
    assert python.command() == f"python -m pytest {tmp_path}"
    assert node.command() == f"node --test {tmp_path}/*.test.mjs"
    assert python.command(["validation/10"]) == f"python -m pytest {tmp_path}/test_validation_10.py"
    assert node.command(["validation/10"]) == f"node --test {tmp_path}/validation_10.test.mjs"
