"""No trouble of ours leaves with the exit code of a verdict: every verb that there is, and every way to fail."""

import asyncio
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from labkit.broken import __main__ as broken
from labkit.broken_clients import __main__ as broken_clients
from labkit.cli import main
from labkit.wire.audit.writer import Audit

SENTENCE = re.compile(r"Error: labkit could not finish: (.+)\. This is not a result; the details are in (\S+)\n")


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every verb and subcommand of a click tree, with the words that lead to it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from leaves(found, (*path, name))


VERBS = dict(leaves(main))


def arguments(command: click.Command) -> list[str]:
    """One word for each argument, when one of them has to be there, and what a required option needs."""
    given = [one for one in command.params if isinstance(one, click.Argument)]
    needed = given if any(one.required for one in given) else []
    options = [one for one in command.params if isinstance(one, click.Option) and one.required]
    return [*map(_word, needed), *(word for one in options for word in (one.opts[0], _word(one)))]


def _word(one: click.Parameter) -> str:
    """A word that the type accepts."""
    if isinstance(one.type, click.Path) and one.type.exists:
        return "." if one.type.dir_okay else __file__
    return str(one.type.choices[0]) if isinstance(one.type, click.Choice) else "x"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def planted(command: click.Command, fault: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def callback(*_: Any, **__: Any) -> Any:
        return fault()

    monkeypatch.setattr(command, "callback", callback)
    for option in command.params:  # one that reads a file or a class would stop before the planted fault
        monkeypatch.setattr(option, "callback", None)


def raising(error: BaseException) -> Callable[[], None]:
    def fault() -> None:
        raise error

    return fault


def check_is_told(result: Result, cause: str) -> str:
    """Exit 2, one sentence; what the crash report says."""
    told = SENTENCE.fullmatch(result.stderr)
    assert result.exit_code == 2 and told is not None, (result.exit_code, result.output)
    assert cause in told[1]
    report = Path(told[2])
    assert report.stat().st_mode & 0o777 == 0o600
    return report.read_text()


@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_crash_in_any_verb_leaves_with_2(path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    planted(VERBS[path], raising(ValueError("planted here")), monkeypatch)
    result = CliRunner().invoke(main, [*path, *arguments(VERBS[path])])
    assert "Traceback" in check_is_told(result, "ValueError: planted here")


@pytest.mark.parametrize("module", [broken, broken_clients], ids=lambda module: module.__package__)
def test_crash_in_a_broken_entry_leaves_with_2(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(module.main, raising(KeyError("planted")), monkeypatch)
    check_is_told(CliRunner().invoke(module.main, arguments(module.main)), "KeyError: 'planted'")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (SystemExit(1), "a library called sys.exit(1)"),
        (SystemExit(0), "a library called sys.exit(0)"),
        (SystemExit("no such thing"), "a library called sys.exit('no such thing')"),
        (MemoryError(), "MemoryError"),
        (RecursionError("too deep"), "too deep"),
        (asyncio.CancelledError(), "CancelledError"),
        (EOFError("no more"), "EOFError"),
        (BrokenPipeError(32, "of a socket, not of the output"), "of a socket"),
        (PermissionError(13, "denied", "some.file"), "some.file"),
        (ExceptionGroup("two", [ValueError("one"), OSError("other")]), "two (2 sub-exceptions)"),
        (ValueError("two\nlines \x1b[31m"), "two lines ?[31m"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_any_exception_is_reported_in_one_sentence(
    error: BaseException, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(VERBS["explain",], raising(error), monkeypatch)
    assert type(error).__name__ in check_is_told(CliRunner().invoke(main, ["explain"]), cause)


def test_verdict_keeps_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    for code in (0, 1, 2):
        planted(VERBS["explain",], raising(click.exceptions.Exit(code)), monkeypatch)
        assert CliRunner().invoke(main, ["explain"]).exit_code == code


def test_click_errors_and_interrupts_are_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (["no-such-verb"], ["explain", "x"], ["class", "nothing"], ["serve", "--nothing"]):
        assert CliRunner().invoke(main, words).exit_code == 2
    for error, code in ((click.ClickException("plain"), 2), (KeyboardInterrupt(), 130)):
        planted(VERBS["explain",], raising(error), monkeypatch)
        assert CliRunner().invoke(main, ["explain"]).exit_code == code


def test_dead_thread_or_task_leaves_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    def thread() -> None:
        dying = threading.Thread(target=raising(ValueError("in a thread")))
        dying.start()
        dying.join()

    def task() -> None:
        async def body() -> None:
            asyncio.get_running_loop().call_soon(raising(ValueError("in a callback")))
            await asyncio.sleep(0.01)

        asyncio.run(body())

    monkeypatch.setattr("threading.excepthook", lambda _: None)  # pytest's own would make it a warning
    logging.getLogger("asyncio").addHandler(quiet := logging.NullHandler())
    for fault, cause in ((thread, "in a thread"), (task, "in a callback")):
        planted(VERBS["explain",], fault, monkeypatch)
        result = CliRunner().invoke(main, ["explain"])
        assert cause in check_is_told(result, "a background task died")
    logging.getLogger("asyncio").removeHandler(quiet)


def test_crash_report_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"OPS_TOKEN": "ops-secret", "CLUSTER_KEY": "ab" * 32, "DEV_TOKEN": "dev-secret"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    signed = "r.0123456789ab.eyJpZCI6IjEifQ.c2lnbmF0dXJl"
    text = f"{' '.join(secrets.values())} given-token {signed} nats://user:pass-word@host"
    planted(VERBS["load",], raising(ValueError(text)), monkeypatch)
    result = CliRunner().invoke(main, ["load", "--token", "given-token"])
    told = check_is_told(result, "ValueError") + result.stderr
    assert not [one for one in (*secrets.values(), "given-token", "eyJpZ", "pass-word") if one in told]


def test_report_without_a_folder_goes_to_stderr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    planted(VERBS["explain",], raising(ValueError("planted")), monkeypatch)
    result = CliRunner().invoke(main, ["explain"])
    first, _, rest = result.stderr.partition("\n")
    assert result.exit_code == 2
    assert "ValueError: planted. This is not a result; the details follow" in first and "Traceback" in rest


def labkit(*words: str, code: str = "", **options: Any) -> "subprocess.CompletedProcess[str]":
    """The command line as a process; `code` runs before it."""
    program = f"import sys; from labkit.cli import main\n{code}\nsys.argv[0] = 'labkit'; main()"
    return subprocess.run([sys.executable, "-c", program, *words], stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written_is_no_verdict(unbuffered: str, tmp_path: Path) -> None:
    """A reader that has gone is no news to whoever closed it; a full disk is."""
    Audit(tmp_path / "room.db").close()
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    for words in (["explain"], ["audit", str(tmp_path / "room.db"), "--csv"]):
        reading, writing = os.pipe()
        os.close(reading)
        gone = labkit(*words, stdout=writing, env=environment)
        os.close(writing)
        assert (gone.returncode, gone.stderr) == (2, "")
    with open("/dev/full", "w") as full:
        lost = labkit("explain", stdout=full, env=environment)
    assert (lost.returncode, lost.stderr.count("\n")) == (2, 1)
    assert "cannot write to standard output: No space left" in lost.stderr


def test_verdict_after_lost_output_is_no_verdict() -> None:
    """What is still buffered when the verb ends is written before its exit code counts."""
    code = "import click\n@click.command()\ndef late():\n    sys.stdout.write('x')\nmain.add_command(late)"
    code += "\nmain.get_command = lambda ctx, name: late"
    with open("/dev/full", "w") as full:
        assert labkit("late", code=code, stdout=full).returncode == 2


def test_no_memory_for_the_report_still_leaves_with_2() -> None:
    code = "import labkit.platform.exits\ndef none(*_): raise MemoryError\n"
    code += "labkit.platform.exits._crashed = none\nimport labkit.commands.explain as e\ne.explain.callback = none"
    done = labkit("explain", code=code, stdout=subprocess.DEVNULL)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_jupyter_that_cannot_start_leaves_with_2() -> None:
    """JupyterLab's own exit code 1 would read as a verdict of `labkit lab`."""
    assert find_spec("jupyterlab") is not None
    words = [sys.executable, "-m", "labkit.commands.quick_jupyter", "--ServerApp.port=nonsense"]
    assert subprocess.run(words, capture_output=True).returncode == 2
