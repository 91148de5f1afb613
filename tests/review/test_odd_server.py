"""A deliberately odd but correct server: other limits, names, codes and order are no faults of it."""

from pathlib import Path

import pytest

from labkit.review import examine
from tests.review.odd_server import DIALECT, PASSWORD, odd_server, url_of


@pytest.mark.timeout(180)
async def test_odd_but_correct_server_has_no_danger(tmp_path: Path) -> None:
    """Core finds nothing broken, and measures its limits; the article's promises are another matter."""
    dialect = tmp_path / "odd.toml"
    dialect.write_text(DIALECT)
    options = {"tokens": [PASSWORD], "dialect": dialect}
    async with odd_server() as server:
        core = await examine(url_of(server), profile="core", **options)
        names = ["auth/1", "validation/4", "validation/8", "auth/3"]
        article = await examine(url_of(server), profile="article", only=names, **options, patience_s=2)
    assert core.ids("broken") == [], core
    assert core.ids("unknown") == ["audit/1"], core
    assert "needs --log" in core["audit/1"].actual
    assert "names of up to 80 characters" in core["validation/4"].actual
    assert core["validation/8"].actual == "16384 bytes are accepted, 32768 are refused, in one frame and in fragments"
    assert core.verdict_text == "no fault found; 1 probe could not tell"
    assert article.ids("broken") == ["auth/1", "auth/3", "validation/4", "validation/8"]


async def test_stated_limit_is_a_promise_even_in_core(tmp_path: Path) -> None:
    """A limit that the dialect declares is judged: one byte more must not pass."""
    dialect = tmp_path / "odd.toml"
    for limit, verdict in ((16384, "held"), (8192, "broken")):
        dialect.write_text(f"{DIALECT}max_message_bytes = {limit}\n")
        async with odd_server() as server:
            only = ["validation/8"]
            report = await examine(url_of(server), profile="core", only=only, tokens=[PASSWORD], dialect=dialect)
        assert report["validation/8"].verdict == verdict, report
