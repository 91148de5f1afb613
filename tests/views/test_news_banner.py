"""The banner over a notebook: what is new, until it is dismissed anywhere."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labkit.classroom.help import in_kernel
from labkit.classroom.help.news import Item, News
from labkit.classroom.membership import Membership
from labkit.views.news_banner import NewsBanner


def item(name: str, kind: str = "announcement", exercise: str = "") -> Item:
    return Item(name, kind, exercise, f"text of {name}", datetime.now(UTC).isoformat())  # type: ignore[arg-type]


def test_banner_names_who_it_is_for(tmp_path: Path) -> None:
    news = News(tmp_path, "physics", "ana")
    news.add([item("a"), item("n", "note", "06-outbox"), item("h", "hint", "06-outbox")])
    banner = NewsBanner()
    banner.show(news, news.unread())
    assert [one["head"] for one in banner.widget.items] == [
        "Your instructor, to everybody",
        "Your instructor, to you: 06-outbox",
        "Your instructor, a hint: 06-outbox",
    ]
    assert banner.widget.items[1]["text"] == "text of n"


def test_dismissed_message_is_read_for_every_kernel(tmp_path: Path) -> None:
    news = News(tmp_path, "physics", "ana")
    news.add([item("a"), item("b")])
    banner = NewsBanner()
    banner.show(news, news.unread())
    banner.dismiss("a")
    assert [one["id"] for one in banner.widget.items] == ["b"]
    assert [one.id for one in News(tmp_path, "physics", "ana").unread()] == ["b"]


async def test_kernel_follows_the_file_without_being_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when another kernel's sender wrote it, and when another notebook dismissed it."""
    shown: list[list[str]] = []

    class Banner(NewsBanner):
        def show(self, news: News, unread: list[Item]) -> None:
            shown.append([one.id for one in unread])

    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    monkeypatch.setattr("labkit.views.news_banner.NewsBanner", Banner)
    monkeypatch.setattr(in_kernel, "is_kernel", lambda: True)
    monkeypatch.setattr(in_kernel, "LOOK_S", 0.01)
    monkeypatch.setattr(in_kernel, "_following", None)
    in_kernel.follow_news()
    following = in_kernel._following
    assert following is not None
    try:
        Membership("ws://127.0.0.1:1", "ana", "code", "physics").keep()
        news = News(tmp_path, "physics", "ana")
        for act, expected in (
            (lambda: news.add([item("a")]), ["a"]),
            (lambda: news.add([item("b")]), ["a", "b"]),
            (lambda: news.read("a"), ["b"]),
        ):
            act()
            async with asyncio.timeout(10):
                while not shown or shown[-1] != expected:
                    await asyncio.sleep(0.01)
        in_kernel.follow_news()
        assert in_kernel._following is following
    finally:
        following.cancel()


def test_script_without_loop_follows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_kernel, "is_kernel", lambda: True)
    monkeypatch.setattr(in_kernel, "_following", None)
    in_kernel.follow_news()
    assert in_kernel._following is None
