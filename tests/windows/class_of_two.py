"""Hold a class with two students: a server, two who join and solve an exercise, and the board that shows both.

python -m tests.windows.class_of_two        runs on any system; `make windows` runs it under Wine

Each of them is a process of its own, with a home of its own. The last line that is printed is JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from labkit.course.paths import original

EXERCISE = "02-auth"
STUDENTS = ("otter", "heron")
LISTENING = "WebSocket server listening on "
LONGEST_S = 300
JOIN = (
    "import sys; from labkit import classroom; print(classroom.join(sys.argv[1], name=sys.argv[2], code=sys.argv[3]))"
)


def main() -> int:
    """Run the class; exit with 0 if the board shows that both have passed."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        seen = held(Path(folder))
    print(json.dumps({"system": sys.platform, **seen}))
    return 0 if seen["passed"] == len(STUDENTS) and not seen["faults"] else 1


def held(folder: Path) -> dict[str, object]:
    """Hold the class in a folder; return who passed, and each command that failed."""
    file, slips = folder / "two.class.db", folder / "slips.txt"
    (folder / "roster.csv").write_text("\n".join(STUDENTS), encoding="utf-8")
    options = [
        "--with-parent",
        "--port",
        "0",
        "--quiet",
        "--hand-out",
        str(slips),
        "--roster",
        str(folder / "roster.csv"),
    ]
    server = subprocess.Popen(
        [*labkit("class", "start", "two", "--file", str(file)), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    assert server.stdin is not None and server.stdout is not None
    faults = []
    try:
        url = _listening_at(server)
        for name, code in _codes(slips).items():
            home = {"LABKIT_HOME": str(folder / name)}
            faults += _fault(f"{name} joins", [sys.executable, "-c", JOIN, url, name, code], home)
            answer = str(original() / "solutions" / f"{EXERCISE}.ipynb")
            faults += _fault(f"{name} checks", labkit("check", EXERCISE, "--answer", answer), home)
        board = _run(labkit("class", "board", "two", "--file", str(file)), {}).stdout
    finally:
        server.stdin.close()  # which ends it, with --with-parent
        server.wait(30)
    print(board)
    return {
        "passed": sum("pass" in line.split() for line in board.splitlines()),
        "faults": faults,
        "exit": server.returncode,
    }


def labkit(*words: str) -> list[str]:
    """The command line of a verb."""
    return [sys.executable, "-m", "labkit", *words]


def _listening_at(server: "subprocess.Popen[str]") -> str:
    assert server.stdout is not None
    for line in server.stdout:
        print(line, end="", flush=True)
        if line.startswith(LISTENING):
            return line.removeprefix(LISTENING).strip()
    raise SystemExit("the class did not start")


def _codes(slips: Path) -> dict[str, str]:
    """Read each student's code from the slips, which are lines of Python."""
    found = {}
    for line in slips.read_text(encoding="utf-8").splitlines():
        if "classroom.join(" in line:
            name, code = (line.split(f"{key}='")[1].split("'")[0] for key in ("name", "code"))
            found[name] = code
    return found


def _fault(what: str, command: list[str], more: dict[str, str]) -> list[str]:
    done = _run(command, more)
    print(f"{what}: exit {done.returncode}\n{done.stdout}", flush=True)
    return [] if done.returncode == 0 else [f"{what}: exit {done.returncode}"]


def _run(command: list[str], more: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        env={**os.environ, "PYTHONUTF8": "1", **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=LONGEST_S,
    )


if __name__ == "__main__":
    sys.exit(main())
