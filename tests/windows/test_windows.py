"""labkit on CPython for Windows: the short form, in `make test`. See `test_everything.py` and `test_course.py`."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from labkit.course.paths import original
from labkit.wire.audit.verify import verify
from tests.windows import wine
from tests.windows.conftest import SEEN
from tests.windows.house import TOKEN, House

pytestmark = [pytest.mark.timeout(400)]

RULE = "07-close-codes"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House("--audit", wine.windows_path(tmp_path / "room.db")) as made:
        yield made


@pytest.mark.parametrize(
    ("folders", "least"),
    [(("platform", "commands", "wire"), 100), pytest.param((), 400, marks=pytest.mark.matrix, id="all")],
)
def test_modules_import(folders: tuple[str, ...], least: int, record_property: Callable[[str, object], None]) -> None:
    """No module of ours needs what Windows lacks; those of an extra need only its packages."""
    code, printed = wine.run("-m", "tests.windows.inside", "imports", *folders, timeout_s=300)
    assert code == 0, printed[-2000:]
    found = json.loads(printed.splitlines()[-1])
    if not folders:
        record_property(f"{SEEN}modules", found["modules"])
    assert found["failed"] == {}
    assert found["modules"] > least
    assert all("nats" in name or "torture" in name for name in found["need an extra"])


async def _visit(house: House) -> tuple[int, int | None, str | None]:
    async with connect(house.url) as socket:
        for message in (
            {"type": "auth", "token": TOKEN},
            {"type": "join", "roomId": "room:demo"},
            {"type": "chat", "roomId": "room:demo", "requestId": "r1", "text": "h\u00e9llo \u2713"},
        ):
            await socket.send(json.dumps(message))
        kinds = []
        while "chat" not in kinds:
            received = json.loads(await socket.recv())
            kinds.append(received["type"])
        assert received["text"] == "h\u00e9llo \u2713" and received["seq"] == 1
        code = await asyncio.to_thread(house.stop)
        with suppress(ConnectionClosed):
            async for _ in socket:
                pass
        return code, socket.close_code, socket.close_reason


def test_server_serves_drains_and_leaves_an_intact_audit(house: House, tmp_path: Path) -> None:
    """A client on Linux with the article's messages; then the server's stdin closes, as when its parent dies."""
    code, close_code, reason = asyncio.run(_visit(house))
    assert (code, close_code) == (0, 1012), house.log
    assert str(reason).startswith("restart retry=")
    assert verify(tmp_path / "room.db").is_intact


@pytest.mark.alone("beside other tests, Wine needs longer to start a process than the judge waits")
def test_check_judges_an_answer_in_a_process_of_its_own(tmp_path: Path) -> None:
    answer = wine.windows_path(original() / "solutions" / f"{RULE}.ipynb")
    home = wine.windows_path(tmp_path)
    code, printed = wine.run("-m", "labkit", "check", RULE, "--answer", answer, timeout_s=300, LABKIT_HOME=home)
    assert (code, f"{RULE}: pass" in printed) == (0, True), printed
