"""The function of an exercise that calls a rule, in the answer's process."""

import asyncio
from pathlib import Path

import pytest

from labkit.course.running.answer_process import AnswerProcess


def test_driver_is_imported_before_the_first_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its imports take a second or more on a slow machine, which the first call must not pay for."""
    mark = tmp_path / "imported"
    monkeypatch.setenv("LABKIT_TEST_MARK", str(mark))
    request = {
        "source": "def f(x):\n    return x + 1",
        "name": "f",
        "kind": "rule",
        "settings": {},
        "drive": "tests.course.marking_driver:drive",
    }

    async def main() -> None:
        process = AnswerProcess()
        try:
            await process.load(request)
            assert process.fault is None and mark.exists()
            assert (await process.call(1)).value == 2
        finally:
            await process.close()

    asyncio.run(main())
