"""What `labkit progress` passes through unchanged: signals, all kinds of output, the ending. It needs no server."""

import asyncio
import gc
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from labkit.commands.job import Job
from tests.pipes import full_pipe

PATIENCE_S = 60.0
NOWHERE = "ws://127.0.0.1:1"
COUNTS = """import signal, sys, time
got = []
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
    if signal.getsignal(number) != signal.SIG_IGN:
        signal.signal(number, lambda number, _: got.append(number))
print("up", flush=True)
until = time.monotonic() + 50
while time.monotonic() < until:
    time.sleep(0.05)
    if got and until - time.monotonic() > 1:
        until = time.monotonic() + 1
print(*map(int, got), flush=True)
sys.exit(5 if got else 0)
"""


def labkit(*command: str, wait: str = "0.1", url: str = NOWHERE) -> list[str]:
    """A command line with `labkit progress`."""
    own = ("--url", url, "--wait", wait, "--token", "dev-token")
    return [sys.executable, "-m", "labkit", "progress", *own, "a", "j", "--", *command]


@contextmanager
def running(*line: str, **options: object) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a command line in a session of its own, of which nothing is left at the end."""
    usual = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    child = subprocess.Popen(line, start_new_session=True, **(usual | options))  # type: ignore[call-overload]
    try:
        yield child
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def run(*command: str, **options: object) -> tuple[int, bytes, bytes]:
    """Run a command in `labkit progress`: exit code, stdout, stderr."""
    with running(*labkit(*command), **options) as child:
        out, err = child.communicate(timeout=PATIENCE_S)
        return child.returncode, out, err


# Signals


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"])
def test_signal_sent_to_labkit_alone_reaches_the_command_once(name: str) -> None:
    number = getattr(signal, name)
    with running(*labkit(sys.executable, "-c", COUNTS)) as child:
        assert child.stdout is not None and child.stdout.readline() == b"up\n"
        os.kill(child.pid, number)
        out, _ = child.communicate(timeout=PATIENCE_S)
    assert (child.returncode, out) == (5, b"%d\n" % number)


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGQUIT"])
def test_ignored_signal_stays_ignored(name: str) -> None:
    """As under nohup, and for a background job of a script."""
    number = getattr(signal, name)
    line = labkit("sh", "-c", "echo up; sleep 2; echo end")
    with running("env", f"--ignore-signal={name[3:]}", *line) as child:
        assert child.stdout is not None and child.stdout.readline() == b"up\n"
        os.killpg(child.pid, number)
        out, _ = child.communicate(timeout=PATIENCE_S)
    assert (child.returncode, out) == (0, b"end\n")


def test_ctrl_c_in_a_terminal_reaches_the_command_once() -> None:
    """The terminal sends it to the command, too."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, labkit(sys.executable, "-c", COUNTS))
    with open(terminal, "r+b", buffering=0) as screen:
        seen = b""
        while b"up" not in seen:
            seen += screen.read(100)
        screen.write(b"\x03")
        while b"last state" not in seen:
            seen += screen.read(100)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    assert b"2\r\n" in seen and b"2 2" not in seen


def test_second_request_ends_the_wait_for_the_server() -> None:
    with running(*labkit("sh", "-c", "trap '' TERM; echo up", wait="1000")) as child:
        assert child.stdout is not None and child.stdout.readline() == b"up\n"
        while True:
            child.terminate()
            try:
                assert child.wait(0.2) == 0
                return
            except subprocess.TimeoutExpired:
                continue


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL", "SIGSEGV", "SIGPIPE"])
def test_command_ended_by_a_signal_gives_128_and_its_number(name: str) -> None:
    number = getattr(signal, name)
    script = f"import os, signal; signal.signal({int(number)}, signal.SIG_DFL)" if name != "SIGKILL" else "import os"
    code, _, err = run(sys.executable, "-c", f"{script}; os.kill(os.getpid(), {int(number)})")
    assert code == 128 + number and b"Traceback" not in err


def test_exit_code_survives_a_parent_that_ignores_its_children() -> None:
    with running("env", "--ignore-signal=CHLD", *labkit("sh", "-c", "exit 7")) as child:
        child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 7


# Output

EVERY_BYTE = "import sys; data = bytes(range(256)) * 4000; sys.stdout.buffer.write(data); sys.stderr.buffer.write(data)"


def test_bytes_pass_unchanged() -> None:
    data = bytes(range(256)) * 4000
    code, out, err = run(sys.executable, "-c", EVERY_BYTE)
    assert code == 0 and out == data and err.startswith(data) and err[len(data) :].startswith(b"labkit progress: ")


def test_no_output_and_a_line_without_an_end_pass_unchanged() -> None:
    assert run("true")[:2] == (0, b"")
    long = b"x" * 3_000_000 + b"[ 42%]"
    assert run(sys.executable, "-c", "print('x' * 3_000_000 + '[ 42%]', end='')")[:2] == (0, long)


@pytest.mark.parametrize(
    "left",
    ["sleep 1000", "yes", "while echo .; do sleep 0.03; done", "while echo . >&2; do sleep 0.03; done"],
    ids=["idle", "busy", "slow", "slow on stderr"],
)
def test_process_left_behind_keeps_nobody_waiting(left: str) -> None:
    code, out, _ = run("sh", "-c", f"({left}) & seq 20000; exit 3")
    of_seq = out.replace(b"y\n", b"").replace(b".\n", b"")  # seq writes blocks, so the others may cut a line of it
    assert code == 3 and of_seq == b"".join(b"%d\n" % number for number in range(1, 20001))


def test_slow_reader_receives_all_that_an_ended_command_wrote(tmp_path: Path) -> None:
    """Two pipes hold it all, so the command can end before the reader begins."""
    line = labkit("sh", "-c", "seq 20000; touch ended")
    reader = "while [ ! -e ended ]; do sleep 0.1; done; sleep 2; wc -l"
    with running("sh", "-c", f'"$@" | ({reader})', "sh", *line, cwd=tmp_path) as child:
        out, _ = child.communicate(timeout=PATIENCE_S)
    assert out.split() == [b"20000"]


def test_reader_that_goes_ends_the_command() -> None:
    line = labkit("yes")
    with running("sh", "-c", '("$@"; echo $? >&2) | head -1', "sh", *line) as child:
        out, err = child.communicate(timeout=PATIENCE_S)
    assert out == b"y\n" and err.endswith(b"\n141\n") and b"Traceback" not in err


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_change_no_exit_code(closed: str) -> None:
    line = labkit("sh", "-c", "echo out; echo err >&2; exit 3")
    with running("sh", "-c", f'"$@" {closed}', "sh", *line) as child:
        out, err = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 3 and b"Traceback" not in err
    assert out == (b"" if ">&- " in f"{closed} ".replace("2>&- ", "") else b"out\n")


def test_full_disk_is_named() -> None:
    with open("/dev/full", "wb") as full:
        code, _, err = run("sh", "-c", "echo out; exit 3", stdout=full)
    assert code == 3 and b"output is incomplete: No space left on device" in err


def test_unread_stderr_does_not_hold_the_end() -> None:
    with full_pipe() as (_, end), running(*labkit("true"), stderr=end) as child:
        assert child.wait(PATIENCE_S) == 0


def test_command_that_writes_to_an_unread_pipe_can_be_ended() -> None:
    with full_pipe() as (_, end), running(*labkit("sh", "-c", "echo up >&2; exec yes"), stdout=end) as child:
        assert child.stderr is not None and child.stderr.readline() == b"up\n"
        child.terminate()
        assert child.wait(PATIENCE_S) == 143


@contextmanager
def same_handlers() -> Iterator[None]:
    """Take back the signal handlers that a job sets: they keep it alive."""
    usual = {number: signal.getsignal(number) for number in signal.valid_signals()}
    yield
    for number, handler in usual.items():
        if handler is not None and signal.getsignal(number) is not handler:
            signal.signal(number, handler)


def test_descriptor_is_closed_once() -> None:
    """A second close would hit whatever has its number by then."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as out:
        with same_handlers():
            job = Job(["yes"])
            job.start(out, None)
            assert job.wait() == -signal.SIGPIPE
        others = [os.open(os.devnull, os.O_RDONLY) for _ in range(5)]
        del job
        gc.collect()
        for other in others:
            os.close(other)


# Servers that are no help


def silent() -> socket.socket:
    """Accept connections, and answer none."""
    return socket.create_server(("127.0.0.1", 0))


@pytest.mark.parametrize(
    "url", ["ws://127.0.0.1:1", "wss://127.0.0.1:{port}", "ws://127.0.0.1:{port}", "ws://x.invalid"]
)
def test_server_that_never_answers_changes_nothing(url: str) -> None:
    with silent() as server:
        line = labkit("sh", "-c", "echo out; exit 3", url=url.format(port=server.getsockname()[1]))
        with running(*line) as child:
            out, err = child.communicate(timeout=PATIENCE_S)
    assert (child.returncode, out) == (3, b"out\n") and err.count(b"\n") == 1 and b"did not reach the room" in err


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"SSH-2.0\r\n", b"\x00" * 99])
def test_what_is_no_room_server_changes_nothing(answer: bytes) -> None:
    async def serve() -> tuple[int | None, bytes]:
        async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(answer)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(reply, "127.0.0.1", 0)
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        line = labkit("sh", "-c", "sleep 1; exit 3", url=url)
        child = await asyncio.create_subprocess_exec(*line, stderr=asyncio.subprocess.PIPE)
        _, err = await child.communicate()
        server.close()
        return child.returncode, err

    code, err = asyncio.run(serve())
    assert code == 3 and b"did not reach the room" in err and b"Traceback" not in err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda line, tmp: [*line[:-1], "no-such-command"], b"'no-such-command' was not started: No such file"),
        (lambda line, tmp: [*line[:-1], str(tmp)], b"was not started: Permission denied"),
        (lambda line, tmp: [*line[:-1], ""], b"'' was not started: "),
        (lambda line, tmp: ["http://x" if word == NOWHERE else word for word in line], b"http://x"),
        (lambda line, tmp: ["k" * 101 if word == "j" else word for word in line], b"is not a job id; use 1 to 100"),
        (lambda line, tmp: ["a b" if word == "a" else word for word in line], b"is not a room id"),
    ],
)
def test_command_that_cannot_start_exits_2(
    change: Callable[[list[str], Path], list[str]], words: bytes, tmp_path: Path
) -> None:
    with running(*change(labkit("true"), tmp_path)) as child:
        _, err = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 2 and words in err and err.startswith(b"Error: ") and err.count(b"\n") == 1
    assert b"details are in" not in err, "a crash is no answer"
