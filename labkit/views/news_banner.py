"""A banner over the notebook with what the instructor sends: announcements, notes and hints.

It is part of no cell: its model draws it on the page as soon as the kernel creates it (news_banner.js), and a saved
notebook contains nothing of it. Dismissed in one notebook, a message disappears in all of this working copy.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from labkit.classroom.help.news import Item, News
from labkit.course.progress import NoHome

HERE = Path(__file__).parent


class BannerWidget(anywidget.AnyWidget):
    """The browser's half: news_banner.js and news_banner.css."""

    _esm = HERE / "news_banner.js"
    _css = HERE / "news_banner.css"
    items: Any = traitlets.List().tag(sync=True)


class NewsBanner:
    """The banner of one kernel."""

    def __init__(self) -> None:
        self.widget = BannerWidget()
        self.widget.on_msg(lambda _, message, __: self.dismiss(message["read"]))
        self._news: News | None = None

    def show(self, news: News, unread: Sequence[Item]) -> None:
        """Show these messages, and no others."""
        self._news = news
        self.widget.items = [{"id": item.id, "head": headline(item), "text": item.text} for item in unread]

    def dismiss(self, item_id: str) -> None:
        """Take a message away, as the button in the browser does."""
        self.widget.items = [item for item in self.widget.items if item["id"] != item_id]
        with suppress(NoHome):
            if self._news is not None:
                self._news.read(item_id)


def headline(item: Item) -> str:
    """Return what a message is, in a few words."""
    if item.kind == "announcement":
        return "Your instructor, to everybody"
    return f"Your instructor, {'a hint' if item.kind == 'hint' else 'to you'}: {item.exercise}"
