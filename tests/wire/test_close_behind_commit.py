"""A close that was decided, and waits behind what the disk has not taken yet."""

from pathlib import Path
from typing import Any

from tests.wire.raw import Raw, serving, until


async def test_refusal_waiting_for_the_disk_outlives_auth_timeout(tmp_path: Path) -> None:
    """The disk is slower than the auth timeout: the client is told 4403 (stop) all the same, not 1006 (come again)."""
    async with serving(audit=tmp_path / "room.db", limits={"auth_timeout_s": 0.3}) as server:
        audit = server.hub.state.queue._audit
        assert audit is not None
        submit, held = audit.submit, list[tuple[Any, ...]]()
        audit.submit = lambda *work: held.append(work)  # type: ignore[method-assign]
        raw, silent = await Raw.open(server.url), await Raw.open(server.url)
        raw.say(type="auth", token="wrong-token")
        await until(lambda: bool(held))
        later = await Raw.open(server.url)  # its timeout comes after that of the first two
        await until(lambda: len([one for one in server.hub.state.connections.values() if one.closing]) == 2)
        audit.submit = submit  # type: ignore[method-assign]
        for work in held:
            submit(*work)
        assert await raw.ending() == (4403, "auth failed")
        assert [(await one.ending())[0] for one in (silent, later)] == [4401, 4401]
