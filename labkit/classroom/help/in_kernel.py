"""Show the instructor's messages in a notebook as soon as they arrive.

The task runs on the kernel's own loop, so it waits while a cell blocks. The widgets belong to a higher layer and take a
second to import, so they are imported by name, when there is something to show.
"""

import asyncio
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

from labkit.classroom import membership as memberships
from labkit.classroom.help.news import News, Stamp
from labkit.course.progress import NoHome, home

LOOK_S = 0.25
AGE_S = 60.0  # how often to look for items that have expired, even if the file is unchanged
BANNER = "labkit.views.news_banner"
VIEWS = "labkit.views"
_following: "asyncio.Task[None] | None" = None


def is_kernel() -> bool:
    """Return whether this process is a notebook's kernel."""
    return "ipykernel" in sys.modules


def follow_news() -> None:
    """In a kernel, show news from now on. Idempotent. Does nothing without a running loop, as in a script."""
    global _following
    if not is_kernel() or (_following is not None and not _following.done()):
        return
    with suppress(RuntimeError):
        _following = asyncio.get_running_loop().create_task(_follow())


async def _follow() -> None:
    banner: Any = None
    seen: tuple[News, Stamp | None, int] | None = None
    looks = 0
    while True:
        looks += 1
        news = _news()
        now = None if news is None else (news, news.stamp(), int(looks * LOOK_S / AGE_S))
        if news is not None and now is not None and (seen is None or now[1:] != seen[1:]):
            seen = now
            unread = news.unread()
            if banner is None and unread:
                banner = import_module(BANNER).NewsBanner()
            if banner is not None:
                banner.show(news, unread)
        await asyncio.sleep(LOOK_S)


def _news() -> News | None:
    member = memberships.membership()
    with suppress(NoHome):
        return None if member is None else News(home(), member.class_id, member.name)
    return None
