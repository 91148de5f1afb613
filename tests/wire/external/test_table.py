"""The tables of docs/identity.md are what a server does: each row is presented to one, on both paths."""

import json
import logging
from pathlib import Path

import pytest

from labkit.wire.server import Server
from tests.docs.pages import ROOT, table
from tests.wire.external.issuer import identities
from tests.wire.external.presented import TABLES, Case
from tests.wire.raw import Ended, Raw, serving, upgrade

PAGE = (ROOT / "docs/identity.md").read_text(encoding="utf-8")
ROWS = [(kind, case) for kind, cases in TABLES.items() for case in cases]
NEAR, FAR = "127.0.0.1", "10.1.0.0/24"
NOTHING = ""


async def got(server: Server, case: Case) -> str:
    """What a client gets that presents this, as a cell of the table."""
    raw = await Raw.dial(server.url)
    raw.send(upgrade(**case.headers()).decode().encode("latin-1"))
    status = (await raw.head()).status
    if status != 101:
        return f"HTTP {status}"
    raw.say(type="auth", token=case.token())
    try:
        user = (await raw.hear("auth_ok"))["userId"]
        raw.say(type="join", roomId="room:a")
        answer = await raw.hear()
    except Ended as ended:
        return f"{ended.code} `{ended.reason}`"
    finally:
        raw.drop()
    return f"`{user}`, `room:a` {answer['access']}" if answer["type"] == "joined" else f"`{user}`, {answer['code']}"


def reasons(caplog: pytest.LogCaptureFixture) -> str:
    found = [str(record.why) for record in caplog.records if hasattr(record, "why")]
    return "; ".join(found)


def line(case: Case, answer: str, why: str) -> list[str]:
    return [case.shown, answer, why]


@pytest.mark.parametrize("fast_path", [True, False])
@pytest.mark.parametrize(("kind", "case"), ROWS, ids=[f"{kind}: {case.shown}" for kind, case in ROWS])
async def test_row_of_the_page_is_what_a_client_gets(
    kind: str, case: Case, fast_path: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    accepted = identities(tmp_path, NEAR if case.is_near else FAR)
    pages = ["https://app.example", "null"]
    async with serving(identities=accepted, allow_origins=pages, limits={"fast_path": fast_path}) as server:
        answer = await got(server, case)
    assert line(case, answer, reasons(caplog)) in table(PAGE, kind)


def test_page_shows_each_row_once_and_no_other() -> None:
    for kind, cases in TABLES.items():
        assert [row[0] for row in table(PAGE, kind)] == [case.shown for case in cases]
    assert len(ROWS) >= 60


@pytest.mark.parametrize("case", [case for _, case in ROWS if case.token() != "dev-token"], ids=lambda case: case.shown)
async def test_refusal_repeats_nothing_that_was_presented(
    case: Case, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the log nor the audit file has the token, the cookie or the header of a refused connection."""
    caplog.set_level(logging.DEBUG)
    audit = tmp_path / "room.db"
    async with serving(identities=identities(tmp_path, FAR), audit=audit) as server:
        answer = await got(server, case)
    secrets = [case.token(), *case.headers().values()]
    parts = {part for secret in secrets for part in secret.replace("=", ".").split(".") if len(part) > 12}
    parts -= {"//localhost:8080", "//localhost:3000"}
    written = json.dumps([record.__dict__ for record in caplog.records], default=str).encode()
    written += audit.read_bytes() + (Path(f"{audit}-wal").read_bytes() if Path(f"{audit}-wal").exists() else b"")
    assert answer and not [part for part in parts if part.encode() in written]


if __name__ == "__main__":  # prints the tables: python -m tests.wire.external.test_table
    import asyncio
    import tempfile

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if hasattr(record, "why"):
                WHY.append(str(record.why))

    WHY: list[str] = []
    logging.getLogger().addHandler(Kept())

    async def show() -> None:
        for kind, cases in TABLES.items():
            print(f"\n| {kind} | what the client gets | what the log says |\n|---|---|---|")
            for case in cases:
                WHY.clear()
                with tempfile.TemporaryDirectory() as folder:
                    accepted = identities(Path(folder), NEAR if case.is_near else FAR)
                    async with serving(identities=accepted, allow_origins=["https://app.example", "null"]) as server:
                        answer = await got(server, case)
                print(f"| {case.shown} | {answer} | {'; '.join(WHY)} |")

    asyncio.run(show())
