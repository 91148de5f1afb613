"""Run All in miniature: ok, error and lost cells are distinguished."""

from labkit.bench.queued_cells import answers


def test_queued_cells_statuses_follow_the_cells() -> None:
    assert answers(["a = 1", "a + 1", "b"], seconds=20) == ["ok", "ok", "error"]


def test_queued_cells_swallowed_cell_is_lost() -> None:
    cells = ["import asyncio, nest_asyncio; nest_asyncio.apply()", "asyncio.run(asyncio.sleep(0.3))", "c = 3"]
    assert answers(cells, seconds=3) == ["ok", "ok", "lost"]
