"""Rows 16 and 17 and the exit codes: what the README prints, and what each verb says."""

import json
import re
import shutil
import socket
import subprocess
import time

import pytest
from websockets.exceptions import ConnectionClosed

from tests.black_box.kit import Kit
from tests.black_box.talking import Member, code_of

FRESH_SHELL = {"PATH": "/usr/local/bin:/usr/bin:/bin"}

# Row 16: the README as it is printed


def readme(kit: Kit) -> str:
    return (kit.checkout / "README.md").read_text(encoding="utf-8")


def blocks(kit: Kit) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", readme(kit), re.S)


def test_every_line_of_the_readme_finds_its_command_in_a_fresh_shell(kit: Kit) -> None:
    lines = [line.strip() for block in blocks(kit) for line in block.splitlines()]
    bare = [line for line in lines if re.match(r"(labkit|python -m labkit)\b", line)]
    assert not [line for line in bare if not shutil.which(line.split()[0], path=FRESH_SHELL["PATH"])]


def test_broken_server_of_the_readme_starts(kit: Kit) -> None:
    found = re.search(r"[^\s`]*python -m labkit\.broken \w+", readme(kit))
    assert found
    command, *words = found[0].split()
    where = kit.checkout / command if "/" in command else shutil.which(command, path=FRESH_SHELL["PATH"])
    assert where, f"{command}: not found"
    kit.start(*words, program=str(where), cwd=kit.checkout, env=FRESH_SHELL | {"PORT": "0"})


def test_loop_for_ci_ends_when_the_server_ends_at_once(kit: Kit) -> None:
    block = next(one for one in blocks(kit) if "review" in one and ("until curl" in one or "--start" in one))
    line = block.strip().splitlines()[0] if "until" in block else re.sub(r'--start ".*?"', '--start "false"', block)
    (kit.folder / ".venv").symlink_to(kit.checkout / ".venv")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = line.replace("8080", str(port)).replace("node server.mjs", "false")
    try:
        done = subprocess.run(
            ["sh", "-c", command], cwd=kit.folder, env=kit.environment(), capture_output=True, timeout=60
        )
    except subprocess.TimeoutExpired:
        pytest.fail("it waits for ever")
    assert done.returncode == 2, done.stderr


def test_storm_of_the_readme_has_as_many_clients_as_it_says(kit: Kit) -> None:
    found = re.search(r"\S*labkit (storm --policy all[^\n#]*)#([^\n]*)", readme(kit))
    assert found
    said = int(re.findall(r"[\d,]+", found[2])[0].replace(",", ""))
    words = [one for one in found[1].split() if one != "--plot" and not one.endswith(".png")]
    rows = [json.loads(line) for line in kit.run(*words, "--json").stdout.splitlines() if line.startswith("{")]
    assert {one["clients"] for one in rows} == {said}


def test_closed_load_against_a_default_server_names_the_rate_limit(kit: Kit) -> None:
    server = kit.serve()
    words = ("--closed", "--seconds", "5", "--members", "1", "--url", server.url, "--token", "dev-token")
    done = kit.run("load", *words)
    assert done.returncode == 1 and "rate" in done.stdout + done.stderr


# Row 17: what people meet first


def test_server_says_where_its_page_is_and_how_to_get_in(kit: Kit) -> None:
    server = kit.start("serve", "--port", "0")
    assert f"http://localhost:{server.port}/" in server.printed.decode() and b"token" in server.printed


def test_restart_of_a_plain_server_brings_people_back_under_their_names(kit: Kit) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ("serve", "--port", port)
    server = kit.start(*words, env={"DEV_TOKEN": "dev-token"})
    ana = Member(server.url)
    server.ends()
    server = kit.start(*words, env={"DEV_TOKEN": "dev-token"})
    try:
        again = Member(server.url, ana.ok["resume"])
    except ConnectionClosed as closed:
        pytest.fail(f"its session gets {code_of(closed)}")
    assert again.ok["userId"] == ana.ok["userId"]


def test_missing_broker_is_named_at_once(kit: Kit) -> None:
    kit.serve("--audit", "room.db").ends()
    began = time.monotonic()
    kit.run("audit", "room.db", "--verify")
    patience_s = 3 * (time.monotonic() - began) + 12  # a start on a busy machine
    try:
        done = kit.run("audit", "room.db", "--broker", "nats://127.0.0.1:9", timeout=patience_s)
    except subprocess.TimeoutExpired:
        pytest.fail("it is silent")
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_client_without_a_server_says_so(kit: Kit) -> None:
    program = (
        "import asyncio, labkit\nasync def main():\n    connected = labkit.connect('ws://localhost:9', 'dev-token')\n"
        "    print('listening on ws://localhost:9', flush=True)\n    async with connected as client:\n        pass\n"
        "asyncio.run(main())\n"
    )
    client = kit.start("-c", program, program="python", stderr=subprocess.STDOUT)
    client.printed = b""
    ends_at = time.monotonic() + 8  # 2 s, and the patience of a busy machine
    while not client.printed and time.monotonic() < ends_at:
        client.printed = client.piece(0.5)
    assert client.printed


def test_table_of_a_storm_shows_what_was_refused(kit: Kit) -> None:
    assert "refused" in kit.run("storm", "--policy", "article", "--clients", "3000").stdout


def test_panel_without_data_says_why(kit: Kit) -> None:
    setup = (
        "import importlib.util\n"
        "name = 'labkit.samples' if importlib.util.find_spec('labkit.samples') else 'labkit.metrics'\n"
        "Store = importlib.import_module(name).Store\nfrom labkit.views import Chart, LivePanel\n"
        "panel = LivePanel(Store(), [Chart('round trip', 'ms', 'round trip ms: {}', ('ana',))])"
    )
    shown = "print('WHY', [one.get_text() for one in panel.freeze().texts])"
    assert re.search("WHY.*Nothing was measured", kit.kernel([setup, "await panel.live(seconds=3)", shown]))


def test_report_for_an_impossible_path_is_refused_before_the_review(kit: Kit) -> None:
    words = ("--only", "auth", "--html", "nowhere/at/all.html")
    done = kit.run("review", kit.serve().url, *words)
    assert done.returncode == 2 and "auth/1" not in done.stdout


def test_numbers_have_the_digits_that_people_read(kit: Kit) -> None:
    load = "from labkit.bench.capacity import LoadPlan\n"
    load += "print(LoadPlan('ws://localhost:8080', rate=10**1.5, seconds=10**1.5))"
    done = kit.python(load)
    assert "load" in done.stdout and not re.search(r"\d\.\d{3,}", done.stdout), done.stdout + done.stderr


def test_wrong_word_in_a_dialect_is_refused(kit: Kit) -> None:
    (kit.folder / "d.toml").write_text('[types]\njion = "tune"\n')
    done = kit.run("review", kit.serve().url, "--only", "auth/1", "--dialect", "d.toml")
    assert done.returncode == 2 and "jion" in done.stderr


def test_code_1005_is_explained(kit: Kit) -> None:
    assert "UNKNOWN" not in kit.run("explain", "1005").stdout


def test_class_that_does_not_start_leaves_nothing(kit: Kit) -> None:
    where = kit.folder / "empty"
    where.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = ("class", "start", "c", "--tls", "--port", taken.getsockname()[1], "--hand-out", "slips")
        done = kit.run(*words, cwd=where)
    assert done.returncode == 2 and not list(where.iterdir())


# The exit codes: our own trouble is 2 in every verb

PLANTED = """\
import sys, runpy, click
real = click.Command.invoke
def invoke(self, context):
    if isinstance(self, click.Group):
        return real(self, context)
    raise RuntimeError("planted")
click.Command.invoke = invoke
sys.argv = ["labkit", *sys.argv[1:]]
runpy.run_module("labkit", run_name="__main__")
"""
VERBS = ("serve", "cluster", "lab", "review ws://localhost:1", "check 02-auth", "course list", "course build", "load")
VERBS += ("storm", "class start", "class board", "torture", "audit x.db", "explain")


@pytest.mark.parametrize("verb", VERBS)
def test_crash_in_a_verb_leaves_with_2_and_one_sentence(verb: str, kit: Kit) -> None:
    (kit.folder / "x.db").write_text("")
    done = kit.run("-c", PLANTED, *verb.split(), program="python", timeout=60)
    assert done.returncode == 2 and "Traceback" not in done.stderr and done.stderr.count("\n") <= 3, done.stderr
