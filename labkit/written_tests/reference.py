"""What our own server does in the same probes: it shows what a test must expect."""

import asyncio
import os
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import DEVNULL
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from labkit.review.finding import CannotReview
from labkit.review.promise import Profile
from labkit.review.promised_limits import Promised
from labkit.review.recording import Recording
from labkit.review.server_review import examine
from labkit.rules.limits import Limits
from labkit.wire.server import Server

TOKEN = "token-of-the-reference"
SHORT = {  # deadlines, so that nobody waits: what a test expects does not depend on them
    "auth_timeout_s": 1.0,
    "ping_interval_s": 0.8,
    "ping_timeout_s": 0.5,
    "close_deadline_s": 0.3,
}
AT_ONCE = 3
PATIENCE_S = "3"
SIZES = ("max_message_bytes", "rooms_per_connection")


async def reference(ids: Iterable[str], profile: Profile, promised: Promised) -> dict[str, Recording]:
    """Review our server with these probes; return the recording of each that held."""
    only = list(ids)
    if not only:
        return {}
    same = {name: getattr(promised, name) for name in SIZES if name in promised.declared}
    limits = Limits().set({**SHORT, **{name: int(value) for name, value in same.items()}})
    stated = replace(promised, **SHORT, declared=promised.declared | set(SHORT))
    try:
        async with Server(port=0, token=TOKEN, limits=limits) as server:
            report = await examine(server.url, tokens=[TOKEN], only=only, profile=profile, promised=stated)
    except (CannotReview, OSError):
        return {}
    return {one.id: one.recording for one in report if one.verdict == "held" and one.recording is not None}


async def held_by_ours(tests: Mapping[str, str]) -> set[str]:
    """Run these tests, each a file in Python, against our server; return the names of those that pass."""
    if not tests:
        return set()
    turns = asyncio.Semaphore(AT_ONCE)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        client = files("labkit.written_tests").joinpath("review_client.py").read_text(encoding="utf-8")
        (Path(folder) / "review_client.py").write_text(client, encoding="utf-8")
        async with Server(port=0, token=TOKEN, limits=Limits().set(SHORT)) as server:

            async def passes(number: int, text: str) -> bool:
                (Path(folder) / f"test_{number}.py").write_text(text, encoding="utf-8")
                environment = {**os.environ, "URL": server.url, "TOKEN": TOKEN, "PATIENCE_S": PATIENCE_S}
                run = f"import test_{number} as one; [f() for n, f in vars(one).items() if n.startswith('test_')]"
                async with turns:
                    child = await create_subprocess_exec(
                        *(sys.executable, "-c", run), cwd=folder, env=environment, stdout=DEVNULL, stderr=DEVNULL
                    )
                    return await child.wait() == 0

            results = await asyncio.gather(*(passes(number, text) for number, text in enumerate(tests.values())))
    return {name for name, is_held in zip(tests, results, strict=True) if is_held}
