"""Every verb's `--help` has examples, and each of them runs as printed."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from labkit.broken.__main__ import main as broken
from labkit.broken_clients.__main__ import main as broken_client
from labkit.cli import main
from tests.examples import Block, Clone, Run


def verbs(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it, by what one types."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for verb in command.list_commands(context):
            below = command.get_command(context, verb)
            assert below is not None
            yield from verbs(below, f"{name} {verb}")


VERBS = dict(verbs(main, "labkit"))
VERBS |= {"python -m labkit.broken": broken, "python -m labkit.broken_clients": broken_client}

LISTENING = Run(until="listening on ws")
LAB = Run(until="copy and paste one of these URLs", ends_by=signal.SIGTERM)
ROSTER = "printf 'name,shown_as\\nana,otter\\nben,fox\\n' > roster.csv"
CLASS = "labkit class start physics"
USERS = "printf 'name,code,rooms\\nada,a-long-code,*\\n' > users.csv"
KEY_SET = f'umask 077; printf \'{{"keys":[{{"kty":"oct","k":"{"a" * 43}"}}]}}\' > keys.json'
CERTIFICATE = "openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj /CN=localhost -days 1"
BROKER = "exec nats-server --jetstream --addr localhost --port 4222 --store_dir nats"
DEPLOYING = Run(until="version 1: ", code=2)  # tests/bench/deploy and tests/commands/test_drill.py end one
REVIEWING = Run(until="(held|broken|unknown) +P", code=2)  # Ctrl-C: reports are written, and nobody can tell

# What cannot run here, and why. Each must be in a help text.
NEEDS_A_PACK = "needs a pack; tests/classroom/pack starts a class with a small one"
NEEDS_THE_INTERNET = "needs the internet, and a gigabyte; tests/classroom/pack makes a small one"
NOT_RUN = {
    "labkit class pack": NEEDS_THE_INTERNET,
    "labkit class pack --system windows,macos --python 3.13": NEEDS_THE_INTERNET,
    "labkit class start physics --lan --tls --pack labkit-pack.zip": NEEDS_A_PACK,
    "labkit audit room.db --verify --anchor 1234:5f0c...": "the row and hash are what an earlier --verify printed",
}
IN_A_CLASS = Run(after=CLASS)
IN_A_COPY = Run(first="labkit lab --only-copy")
HOW = {
    'labkit duel run --agent "my-agent --print"': Run(code=2),
    "labkit duel judge my-chat": Run(code=2),
    'labkit duel run --agent "my-agent --print" --prompt bare --language node --drafts 3 --keep my-drafts': Run(code=2),
    "labkit duel judge my-chat --how how.toml --json -": Run(code=2),
    'labkit duel record my-chat --prompt bare --by "my agent, version 3" --seconds 80 --into my-drafts': Run(code=2),
    'labkit duel record my-chat --prompt bare --by "my agent" --how how.toml --into my-drafts --no-review': Run(code=2),
    "labkit duel table my-drafts --json -": Run(code=2),
    "labkit class start physics --grade": LISTENING,
    "labkit class grade physics": IN_A_CLASS,
    "labkit class vote physics": IN_A_CLASS,
    "labkit class help physics": IN_A_CLASS,
    "labkit class help physics otter": Run(after=CLASS, code=2),
    "labkit class help physics otter --hint": Run(after=CLASS, code=2),
    'labkit class help physics otter --note "Count bytes, not frames."': Run(after=CLASS, code=2),
    "labkit class here physics": IN_A_CLASS,
    "labkit class here physics 04-validator": IN_A_CLASS,
    "labkit class here physics --none": IN_A_CLASS,
    "labkit class remove physics otter --erase": Run(first="labkit class code physics otter"),
    "labkit class solution physics": IN_A_CLASS,
    "labkit class solution physics 06-outbox": IN_A_CLASS,
    "labkit class solution physics 06-outbox --close": IN_A_CLASS,
    "labkit class grade physics --accept ana 06-outbox": Run(after=CLASS, code=2),
    "labkit class grade physics --follow": Run(after=CLASS, until="judging"),
    "labkit course path": IN_A_COPY,
    "labkit course path --all": IN_A_COPY,
    "labkit lab": LAB,
    "labkit lab ana-course --seed ana": LAB,
    "labkit lab --present": LAB,
    "labkit lab -- --no-browser --port 9000": LAB,
    "labkit serve": LISTENING,
    "labkit serve --port 0 --audit room.db": LISTENING,
    "labkit serve --set outbox_age_s=2 --set messages_per_s=off": LISTENING,
    "labkit serve --broker nats://localhost:4222": Run(until="listening on ws", beside=BROKER),
    "labkit serve --host 0.0.0.0 --users users.csv --certfile c.pem --keyfile k.pem": Run(
        until="listening on wss", first=f"{USERS}; {CERTIFICATE}"
    ),
    "labkit serve --token off --jwks keys.json --jwt-audience chat --jwt-issuer https://login.example": Run(
        until="listening on ws", first=KEY_SET
    ),
    "labkit cluster": LISTENING,
    "labkit cluster --servers 2 --ports": LISTENING,
    "labkit cluster --store rooms": LISTENING,
    "labkit review ws://localhost:8080": Run(until="held +P", code=2, beside="labkit serve"),
    "labkit review ws://localhost:8080 --profile core --only auth --only rooms/4 --tests found --task task.md": Run(
        beside="labkit serve", made=("task.md",)
    ),
    'labkit review ws://localhost:8080 --start "labkit serve"': REVIEWING,
    'labkit review ws://localhost:8080 --start "labkit serve --audit room.db" --audit room.db --html review.html': Run(
        until="held +P", code=2, made=("review.html", "room.db")
    ),
    'labkit review ws://localhost:8080 --start "labkit serve --set auth_timeout_s=1" --set auth_timeout_s=1': REVIEWING,
    'labkit review --client "python -m labkit.broken_clients ours"': REVIEWING,
    "labkit brief --for schema > messages.md": Run(made=("messages.md",)),
    "labkit ladder walk python": Run(until="written test", code=130),  # the whole walk takes minutes
    "labkit check 02-auth": Run(code=2),
    "labkit check 02-auth --answer my_handler.py --seed 7": Run(
        code=1, first="printf 'async def handler(ws):\\n    await ws.close()\\n' > my_handler.py"
    ),
    "labkit check 04-validator --answer exercises/04-validator.ipynb --json result.json": Run(
        code=2, made=("result.json",)
    ),
    "labkit course reset 02-auth": Run(first="labkit lab --only-copy"),
    "labkit course diff 02-auth": Run(code=2),
    "labkit course diff 02-auth --answer my_handler.py --peek": Run(
        first="printf 'async def handler(ws):\\n    await ws.close()\\n' > my_handler.py"
    ),
    "labkit listen room:demo": Run(
        until=": hello",
        code=130,
        beside="labkit serve & sleep 3; while sleep 1; do echo hello | labkit say room:demo; done",
    ),
    "labkit listen room:demo --json --events 100 > events.jsonl": Run(
        beside="labkit serve --set messages_per_s=off & sleep 3; while sleep 1; do seq 99 | labkit say room:demo; done",
        made=("events.jsonl",),
    ),
    "echo hello | labkit say room:demo": Run(beside="labkit serve"),
    "printf 'one\\ntwo\\n' | labkit say room:demo": Run(beside="labkit serve"),
    "labkit progress room:demo tests -- python -m pytest --version": Run(beside="labkit serve"),
    'labkit progress room:demo build --wait 2 -- echo "[100%] built"': Run(beside="labkit serve"),
    "labkit load": Run(until="sent, .* delivered", beside="labkit serve"),
    "labkit load --rooms 20 --members 50 --rate 400": Run(until="sent, .* delivered", beside="labkit serve"),
    "labkit load --closed --seconds 5": Run(beside="labkit serve --set messages_per_s=off"),
    "labkit load --url ws://localhost:9000 --json > load.json": Run(
        until="sent, .* delivered", beside="labkit serve --port 9000", made=("load.json",)
    ),
    "labkit storm --policy all --plot storms.png": Run(made=("storms.png",)),
    "labkit class start": LISTENING,
    "labkit class start physics": LISTENING,
    "labkit class start physics --roster roster.csv": Run(until="listening on ws", first=ROSTER),
    "labkit class start physics --lan --tls": Run(until="listening on wss"),
    "labkit class start physics --hand-out slips.txt --url wss://class.example.org": Run(
        until="listening on ws", first="rm -f physics.class.db*", made=("slips.txt",)
    ),
    "labkit class code physics zoe": Run(after=CLASS, first=ROSTER),
    "labkit class code physics ana": Run(after=CLASS, first=ROSTER),
    "labkit class code physics zoe yan --hand-out late.txt": Run(made=("late.txt",)),
    "labkit drill deploy": DEPLOYING,
    "labkit drill deploy --seed 7": DEPLOYING,
    "labkit drill deploy --decide-after 5 --json": DEPLOYING,
    "labkit drill deploy --decide-after 5 --seed 3": DEPLOYING,
    "labkit drill deploy --operator ./watch.sh": Run(
        until="version 1: ", code=2, first="printf '#!/bin/sh\\nsleep 5\\n' > watch.sh; chmod +x watch.sh"
    ),
    "labkit class drill physics": Run(beside=CLASS),
    "labkit class drill physics --crash": Run(beside=CLASS),
    "labkit class drill physics --plot drill.png": Run(beside=CLASS, code=2),  # nobody is in the class
    "labkit class board physics": Run(after=CLASS, first=ROSTER),
    "watch -n 5 labkit class board physics": Run(until="physics"),
    "labkit class export physics --csv > physics.csv": Run(after=CLASS, first=ROSTER, made=("physics.csv",)),
    "labkit class remove physics troll": Run(after=CLASS, first="labkit class code physics troll troll-1 troll-2"),
    "labkit doctor --class ws://localhost:8080": Run(beside=CLASS),
    "labkit doctor --browser": Run(until="open http://127", code=130),  # no browser of a person's here
    "labkit torture": Run(until=r"\d"),
    "labkit torture --seconds 600 --kills 100 --json": Run(until=r"\d"),
    "labkit torture --servers 3 --kills 6": Run(until=r"\d"),
    "labkit torture --seed 7 --keep evidence": Run(until=r"\d"),
    "labkit audit room.db --since 2026-11-23T08:00 --room demo": Run(after="labkit serve --audit room.db"),
    "labkit audit room.db --erase ada": Run(code=1),  # nobody of that name has been in the room
    "labkit audit room.db --broker nats://localhost:4222": Run(beside=BROKER),
    "python -m labkit.broken room_by_prefix": LISTENING,
    "python -m labkit.broken no_rate_limit --port 9000": LISTENING,
}


def examples(verb: str) -> Block:
    """What stands below "Examples:" in a verb's help."""
    text = VERBS[verb].get_help(click.Context(VERBS[verb], info_name=verb, max_content_width=200))
    told = text.partition("Examples:\n")[2].partition("\n\n")[0]
    return Block(verb, "sh", "\n".join(re.sub(r"^  ", "", line) for line in told.splitlines()))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("verb", VERBS)
def test_help_has_examples_that_run_as_printed(verb: str, tmp_path: Path) -> None:
    """In order, in one folder, with `labkit` and `python` from .venv on the PATH."""
    clone, lines = Clone(tmp_path, is_labkit_on_path=True), examples(verb).lines()
    assert lines, f"{verb} --help has no example"
    clone.environment["CLUSTER_KEY"] = 64 * "0"
    with clone.network():
        for line in lines:
            if line not in NOT_RUN:
                clone.run(line, HOW.get(line, Run()))


def test_what_is_not_run_and_how_are_in_the_help() -> None:
    """No line stays on a list after it has left the help."""
    lines = {line for verb in VERBS for line in examples(verb).lines()}
    assert lines >= NOT_RUN.keys() | HOW.keys(), (NOT_RUN.keys() | HOW.keys()) - lines
