"""The log on stderr: JSON lines, whatever is written there, and by whom."""

import json
import subprocess
import sys

EVERYTHING = """
import asyncio, gc, logging, threading, warnings
from labkit.wire.log import logging_to_stderr

class Bad:
    def __del__(self):
        raise ValueError("in a finalizer")

def fail():
    raise ValueError("in a thread")

async def main():
    asyncio.get_running_loop().call_exception_handler({"message": "in a loop"})

with logging_to_stderr():
    logging.getLogger("labkit.here").info("one of ours", extra={"number": 1})
    logging.getLogger("another").info("not asked for")
    logging.getLogger("another").warning("of a library")
    warnings.warn("a warning")
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    Bad()
    asyncio.run(main())
print("done")
"""
FLOOD = """
import logging, sys
from labkit.wire.log import logging_to_stderr
with logging_to_stderr():
    for number in range(20_000):
        logging.getLogger("labkit.here").info("line", extra={"number": number})
    print("written")
    sys.stdin.readline()
"""


def test_what_python_and_libraries_say_is_json_as_well() -> None:
    """Warnings, exceptions that nobody caught, and what asyncio reports: each is one line."""
    done = subprocess.run([sys.executable, "-c", EVERYTHING], capture_output=True, text=True, timeout=20, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["from"] for line in lines] == [
        "labkit.here",
        "another",
        "py.warnings",
        "labkit.wire.log",
        "labkit.wire.log",
        "asyncio",
    ]
    assert "in a thread" in lines[3]["exc_info"] and "in a finalizer" in lines[4]["exc_info"]
    assert done.stdout == "done\n"


def test_unread_log_lines_are_counted_in_a_later_record() -> None:
    """Every line is JSON and in order, and no line is unaccounted for."""
    pipe = subprocess.PIPE
    child = subprocess.Popen([sys.executable, "-c", FLOOD], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert child.stdout is not None and child.stdout.readline() == "written\n"
    lines = [json.loads(line) for line in child.communicate("\n", timeout=20)[1].splitlines()]
    kept = [line["number"] for line in lines if line["from"] == "labkit.here"]
    reports = [line for line in lines if "dropped" in line]
    assert kept == sorted(set(kept)) and {line["level"] for line in reports} == {"WARNING"}
    assert len(kept) + sum(line["dropped"] for line in reports) == 20_000 and len(reports) < 10
