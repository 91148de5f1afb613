"""Every fenced shell or Python block of the documents runs as printed, in a fresh clone after `make setup`."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.examples import ROOT, Block, Clone, Run, blocks_of
from tests.package import DRAFTS

DOCUMENTS = subprocess.run(
    ["git", "ls-files", "*.md", f":!{DRAFTS}"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split()
BLOCKS = [block for path in DOCUMENTS for block in blocks_of(path)]
LAB = Run(until="copy and paste one of these URLs", ends_by=signal.SIGTERM)
SERVER = ".venv/bin/labkit serve --quiet"
CLASS = ".venv/bin/labkit class start physics"
ROSTER = "printf 'name\\nana\\n' > roster.csv"
KEY_SET = f'umask 077; printf \'{{"keys":[{{"kty":"oct","k":"{"a" * 43}"}}]}}\' > keys.json'

# What cannot run here, and why. Each line must be in a document.
NOT_RUN = {
    "make test": "it runs this file",
    ".venv/bin/python -m pytest": "`make test` runs these tests",
    "docker compose -f deploy/compose.yaml up --build": "needs a Docker daemon; tests/deploy reads the file",
    "make bench": "half an hour, alone on the machine",
    ".venv/bin/python -m benchmarks W2 --rounds 3": "compiles with gcc, and measures for minutes on two free cores",
    ".venv/bin/python -m benchmarks W1a --servers ours,article": "the same, and needs Node's ws",
    ".venv/bin/python -m benchmarks.holding_up": "measures for minutes on two free cores",
    ".venv/bin/python -m benchmarks.inside": "measures for a minute on a free core",
    ".venv/bin/python -m benchmarks.ledger": "measures for minutes on two free cores",
    "labkit class pack": "needs the internet, and a gigabyte; tests/classroom/pack makes a small one",
    "--pack labkit-pack.zip": "needs a pack; tests/classroom/pack starts a class with a small one",
    "classroom.join(": "address, code and fingerprint are those of the reader's slip; tests/classroom joins",
    "board = ClassBoard(": "asks for the code of the reader's class; tests/views/test_class_board.py shows one",
    "labkit duel judge labkit/drafts/python/bare-1": "a minute or more; tests/duel/test_table.py judges this draft",
    "labkit duel run --agent": "needs an agent; tests/commands/test_duel.py runs it with a stub",
    "c.Spawner.default_url": "the configuration of JupyterHub, which gives `c`",
}
HOW = {
    "make lab": Run(until=LAB.until, ends_by=LAB.ends_by, code=-LAB.ends_by),  # make dies of it, too
    ".venv/bin/labkit lab ~/ana-course --seed ana": LAB,
    ".venv/bin/labkit lab --present": LAB,
    ".venv/bin/labkit serve": Run(until="listening on ws://localhost:8080"),
    ".venv/bin/labkit serve --audit room.db": Run(until="listening on ws://localhost:8080", made=("room.db",)),
    ".venv/bin/labkit load --members 50 --rate 400": Run(until="sent, .* delivered", beside=SERVER),
    ".venv/bin/labkit storm --policy all --clients 10000 --plot storm.png": Run(made=("storm.png",)),
    ".venv/bin/labkit cluster --servers 3": Run(until="listening on ws://localhost:8080"),
    ".venv/bin/labkit torture --servers 3 --kills 6": Run(until=r"[1-9]\d* acked"),
    ".venv/bin/python -m labkit.broken room_by_prefix": Run(until="listening on ws://localhost:8080"),
    ".venv/bin/labkit serve --jwks keys.json --jwt-audience chat --jwt-issuer https://login.example": Run(
        until="listening on ws://localhost:8080", first=KEY_SET
    ),
    ".venv/bin/labkit serve --session-cookie session --cookie-key cookie.key": Run(
        until="listening on ws://localhost:8080"
    ),
    ".venv/bin/labkit serve --host 0.0.0.0 --token off --gateway 10.1.0.2 --gateway-header X-User "
    "--gateway-rooms X-User-Rooms": Run(until="listening on ws://0.0.0.0:8080"),
    "from itsdangerous import": Run(first="umask 077; openssl rand -hex 32 > cookie.key"),
    ".venv/bin/labkit check 02-auth": Run(code=2),
    ".venv/bin/labkit duel table my-drafts": Run(code=2),
    "labkit check 02-auth": Run(code=2),
    ".venv/bin/labkit course path": Run(first=".venv/bin/labkit lab --only-copy"),
    "labkit course reset 02-auth": Run(first="labkit lab --only-copy"),
    "labkit course diff 02-auth": Run(code=2),
    ".venv/bin/labkit class start physics --roster roster.csv --lan --tls": Run(until="/board", first=ROSTER),
    ".venv/bin/labkit class board physics": Run(after=CLASS, first=ROSTER),
    ".venv/bin/labkit class start physics --roster roster.csv --lan --tls --grade": Run(until="/board", first=ROSTER),
    ".venv/bin/labkit class grade physics": Run(after=CLASS, first=ROSTER),
    ".venv/bin/labkit class grade physics --accept otter 06-outbox": Run(after=CLASS, first=ROSTER, code=2),
    ".venv/bin/labkit class help physics": Run(after=CLASS, first=ROSTER),
    ".venv/bin/labkit class help physics otter": Run(code=2),
    ".venv/bin/labkit class help physics otter --hint": Run(code=2),
    '.venv/bin/labkit class help physics otter --note "Count bytes, not frames."': Run(code=2),
    ".venv/bin/labkit class here physics 04-validator": Run(after=CLASS, first=ROSTER),
    ".venv/bin/labkit class remove physics otter --erase": Run(
        after=CLASS, first=".venv/bin/labkit class code physics otter"
    ),
    '.venv/bin/labkit class vote physics --ask "Which fills first?" --option ours --option "the kernel\'s"': Run(
        after=CLASS
    ),
    ".venv/bin/labkit class solution physics 06-outbox": Run(after=CLASS, first=ROSTER),
    ".venv/bin/labkit class solution physics 06-outbox --close": Run(after=CLASS, first=ROSTER),
    ".venv/bin/labkit class solution physics": Run(after=CLASS, first=ROSTER),
    ".venv/bin/labkit class drill physics": Run(beside=CLASS),
    ".venv/bin/labkit class drill physics --crash": Run(beside=CLASS),
    ".venv/bin/labkit class export physics --csv > physics.csv": Run(after=CLASS, first=ROSTER, made=("physics.csv",)),
    "with labkit.Lab(": Run(),  # its server is its own
    "labkit.storm(policy=my_backoff": Run(),
    "import labkit": Run(until="hi", beside=SERVER),
}
WHERE_LABKIT_IS_ON_PATH = ("exercises/README.md",)  # read in a terminal of JupyterLab


def reason(line: str) -> str | None:
    return next((why for start, why in NOT_RUN.items() if start in line), None)


def how(line: str) -> Run:
    return HOW.get(line) or next((run for start, run in HOW.items() if "\n" in line and start in line), Run())


@pytest.mark.timeout(400)
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.where)
def test_block_runs_as_printed(block: Block, tmp_path: Path) -> None:
    """Line by line, on a terminal; what does not end by itself is ended by Ctrl-C when it has shown what it is for."""
    clone = Clone(tmp_path, is_labkit_on_path=block.where.startswith(WHERE_LABKIT_IS_ON_PATH))
    with clone.network():
        for line in block.lines():
            if reason(line) is None:
                clone.run(line, how(line), block.language)


def test_what_is_not_run_and_how_are_in_the_documents() -> None:
    """No line stays on a list after it has left the documents."""
    lines = [line for block in BLOCKS for line in block.lines()]
    for start in NOT_RUN:
        assert any(start in line for line in lines), start
    for start in HOW:
        assert any(start == line or ("\n" in line and start in line) for line in lines), start
