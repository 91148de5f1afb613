"""Answers in other styles pass, mistakes of strangers fail with a program that shows them, and cheats lose."""

import asyncio
import re
from pathlib import Path

import pytest

from labkit.course.exercises import exercise
from labkit.course.judging import judge
from labkit.course.paths import original
from labkit.course.progress import Progress
from labkit.course.result import Result
from labkit.course.source import of_file
from tests.course.answers import edited, known

pytestmark = pytest.mark.timeout(600)  # the first of them waits for all
BOX, JUDGE, ROOM, DOG = "06-outbox", "04-validator", "03-history", "05-silence"
WAITS, CLOSE, DESK = "07-backoff", "07-close-codes", "08-stored-first"
DOOR, ROOMS = "02-auth", "03-rooms"
LINE, PROBE = "09-find-fault-1", "09-find-fault-2"


def plain(name: str) -> str:
    return next(one.source for one in known(name) if one.stem == "plain")


def judged(name: str, source: str, seed: int = 1) -> Result:
    return asyncio.run(judge(exercise(name), source, seed=seed))


TRY = "    try:\n        message = json.loads(text, parse_constant=refuse)\n"
FINDS = '    kind, room = message.get("type"), message.get("roomId")\n'
LOADS = "json.loads(text, parse_constant=refuse)"
STYLES = {
    "future annotations and a dataclass": (
        BOX,
        "from __future__ import annotations\nfrom dataclasses import dataclass, field\n"
        + plain(BOX)
        + "\n@dataclass\nclass Waiting:\n    frame: bytes\n    at: float = 0.0\n",
    ),
    "prints each call": (JUDGE, plain(JUDGE).replace(TRY, "    print('judging', repr(text)[:200])\n" + TRY)),
    "a dict subclass": (
        JUDGE,
        plain(JUDGE) + "\nclass M(dict):\n    pass\nfirst = validate\n"
        "def validate(text):\n    found = first(text)\n    return found if found is None else M(found)\n",
    ),
    "an OrderedDict with a StrEnum": (
        JUDGE,
        "import enum\nfrom collections import OrderedDict\n"
        + plain(JUDGE)
        + "\nclass Kind(enum.StrEnum):\n    JOIN = 'join'\n    CHAT = 'chat'\n    PROGRESS = 'progress'\n"
        "first = validate\n"
        "def validate(text):\n    found = first(text)\n"
        "    return found if found is None else OrderedDict(found, type=Kind(found['type']))\n",
    ),
    "a named tuple of frames": (
        BOX,
        plain(BOX) + "\nclass Taken(tuple):\n    pass\nfirst = Outbox.take\n"
        "Outbox.take = lambda self, most_bytes: Taken(first(self, most_bytes))\n",
    ),
    "a named tuple as a pair": (
        ROOM,
        "from typing import NamedTuple\n"
        + plain(ROOM)
        + "\nclass Missed(NamedTuple):\n    events: tuple\n    gap: bool\nfirst = Room.since\n"
        "Room.since = lambda self, *question: Missed(*first(self, *question))\n",
    ),
    "a StrEnum in a named tuple, rounded otherwise": (
        CLOSE,
        "import enum\nfrom collections import namedtuple\nBack = namedtuple('Back', 'credential slot')\n"
        + plain(CLOSE)
        + "\nclass Credential(enum.StrEnum):\n    RESUME = 'resume'\n    FRESH = 'fresh'\nfirst = after_close\n"
        "def after_close(code, reason):\n    found = first(code, reason)\n    print(code, repr(reason), found)\n"
        "    return found and Back(Credential(found[0]), found[1] and found[1] * 1000 * 0.001)\n",
    ),
    "tuples for lists, and what publish returns": (
        DESK,
        plain(DESK)
        .replace("self.store(batch)", "self.store((*batch,))")
        .replace("return batch", "return (*batch,)")
        .replace(
            "        self.waiting.append(event)",
            "        print(event)\n        return self.waiting.append(event) or self",
        ),
    ),
    "only spaces around a slot": (CLOSE, plain(CLOSE).replace(r"\s", " ")),
    "a StrEnum": (
        DOG,
        "import enum\n" + plain(DOG) + "\nclass Do(enum.StrEnum):\n    QUIET = enum.auto()\n    PING = enum.auto()\n"
        "    DEAD = enum.auto()\nfirst = Watchdog.due\nWatchdog.due = lambda self, now: Do(first(self, now))\n",
    ),
    "more fields, a StrEnum, a dataclass and a print": (
        LINE,
        "from __future__ import annotations\nimport enum\nfrom dataclasses import dataclass\n"
        + plain(LINE).replace('type="chat", text', 'type=Kind.CHAT, sentBy="somebody", text')
        + "\nclass Kind(enum.StrEnum):\n    CHAT = 'chat'\n\n@dataclass\nclass Handler:\n    number: int\n"
        "    async def __call__(self, connection):\n        print('one more')\n        await first(connection)\n"
        "first = handler\nhandler = Handler(1)\n",
    ),
    "a thread with its own loop, and what it printed": (
        PROBE,
        "import asyncio\n" + plain(PROBE) + "\nfirst = leaks\n"
        "async def leaks(url):\n    print(url)\n    return await asyncio.to_thread(asyncio.run, first(url))\n",
    ),
    "prints each wait": (
        WAITS,
        plain(WAITS) + "\nfirst = Backoff.wait\n"
        "def wait(self):\n    print('wait', self.tries)\n    return first(self)\nBackoff.wait = wait\n",
    ),
    "reads the limit from the module when it is needed": (
        DOOR,
        "from labkit.course import given\n" + plain(DOOR).replace("(), AUTH_TIMEOUT_S)", "(), given.AUTH_TIMEOUT_S)"),
    ),
    "a relative import of the given module": (
        DOOR,
        'from importlib import import_module\nkit = import_module(".given", "labkit.course")\n'
        + plain(DOOR)
        .replace("await talk(", "await kit.talk(")
        .replace("(), AUTH_TIMEOUT_S)", "(), kit.AUTH_TIMEOUT_S)"),
    ),
    "the given module by its whole name": (
        ROOMS,
        "import labkit.course.given\n" + plain(ROOMS).replace("await enter(", "await labkit.course.given.enter("),
    ),
    "the limit as a default argument": (
        DOOR,
        plain(DOOR)
        .replace("handler(connection)", "handler(connection, limit_s=AUTH_TIMEOUT_S)")
        .replace("(), AUTH_TIMEOUT_S)", "(), limit_s)"),
    ),
    "an object with a coroutine method": (
        DOOR,
        plain(DOOR) + "\nfirst = handler\nclass Door:\n    async def __call__(self, connection):\n"
        "        print(connection.remote_address)\n        await first(connection)\nhandler = Door()\n",
    ),
    "a decorator, and a task for each connection": (
        ROOMS,
        "import asyncio, functools\n" + plain(ROOMS) + "\ndef in_a_task(first):\n    @functools.wraps(first)\n"
        "    async def handler(connection):\n        await asyncio.create_task(first(connection))\n    return handler\n"
        "handler = in_a_task(handler)\n",
    ),
    "adds fields of its own": (
        ROOMS,
        plain(ROOMS).replace('type="chat",', 'type="chat", sentAt="now", id=len(members),'),
    ),
    "waits a little before it delivers": (
        ROOMS,
        "import asyncio\n"
        + plain(ROOMS).replace(
            "                for member in", "                await asyncio.sleep(0.01)\n                for member in"
        ),
    ),
    "imports check": (BOX, "from labkit import check\n" + plain(BOX)),
    "a cache that copies": (
        JUDGE,
        plain(JUDGE) + "\nimport functools\nfirst = functools.lru_cache(validate)\n"
        "def validate(text):\n    found = first(text)\n    return found and dict(found)\n",
    ),
}
# By the check that must fail first: the exercise and the answer.
MISTAKES = {
    "folds case": (
        "types",
        JUDGE,
        plain(JUDGE).replace(FINDS, FINDS + "    kind = kind.casefold() if isinstance(kind, str) else kind\n"),
    ),
    "strips first": ("no-json", JUDGE, plain(JUDGE).replace(TRY, "    text = text.strip()\n" + TRY)),
    "a BOM given as bytes": (
        "no-json",
        JUDGE,
        plain(JUDGE).replace(LOADS, LOADS.replace("(text", "(text.encode('utf-8', 'surrogatepass')")),
    ),
    "a lone surrogate raises": ("texts", JUDGE, plain(JUDGE).replace('"utf-16-le", "surrogatepass"', '"utf-16-le"')),
    "a huge integer raises": (
        "percents",
        JUDGE,
        plain(JUDGE).replace("0 <= percent <= 100", "0 <= float(percent) <= 100"),
    ),
    "remembers the message": (
        "own",
        JUDGE,
        plain(JUDGE) + "\nimport functools\nvalidate = functools.lru_cache(validate)\n",
    ),
    "state in the class": (
        "shrinks",
        BOX,
        edited(plain(BOX), " class Outbox:\n+    waiting = deque()\n\n-        self.waiting = deque()"),
    ),
    "trusts any epoch of an empty room": (
        "epoch",
        ROOM,
        plain(ROOM).replace("epoch != self.epoch", "self.seq and epoch != self.epoch"),
    ),
    "gives its own list away": (
        "own-list",
        ROOM,
        next(one.source for one in known(ROOM) if one.stem == "gives_itself_away"),
    ),
    "gives one empty list to all rooms": (
        "own-list",
        ROOM,
        plain(ROOM).replace("return [], True", "return NOTHING, True") + "\nNOTHING = []\n",
    ),
    "gives its empty queue away": (
        "own",
        DESK,
        plain(DESK).replace(
            "        if not batch:\n            return []", "        if not batch:\n            return self.waiting"
        ),
    ),
    "reads what int accepts": (
        "no-slot",
        CLOSE,
        plain(CLOSE).replace("[0-9]{1,9}", "[0-9_]{1,9}"),
    ),
    "one list for all closes": (
        "own",
        CLOSE,
        plain(CLOSE).replace('    return "resume", None\n', "    return AGAIN\n") + '\nAGAIN = ["resume", None]\n',
    ),
    "drops empty chats": (
        "talks",
        LINE,
        plain(LINE).replace('case "chat":', 'case "chat" if said["text"]:'),
    ),
    "folds the names of rooms": (
        "apart",
        LINE,
        next(one.source for one in known(LINE) if one.stem == "gather_and_map").replace(
            'where[connection] = said["roomId"]', 'where[connection] = said["roomId"].casefold()'
        ),
    ),
    "looks for rooms in a list, by the beginning of their names": (
        "apart",
        LINE,
        next(one.source for one in known(LINE) if one.stem == "gather_and_map").replace(
            "if its == room]", "if its and its.startswith(room)]"
        ),
    ),
    "drains in a loop": (
        "meanwhile",
        DESK,
        plain(DESK).replace(
            "            self.tell(event)\n        return []",
            "            self.tell(event)\n        return self.commit()",
        ),
    ),
    "takes equal events for one": (
        "told",
        DESK,
        plain(DESK).replace("        self.waiting.append", "        event in self.waiting or self.waiting.append"),
    ),
    "catches only ENOSPC": (
        "disk-full",
        DESK,
        "import errno\n"
        + plain(DESK).replace(
            "except OSError:",
            "except OSError as error:\n            if error.errno != errno.ENOSPC:\n                raise",
        ),
    ),
    "keeps events in the class": (
        "told",
        DESK,
        edited(
            plain(DESK), " class Desk:\n+    waiting = []\n+\n\n         self.tell = tell\n-        self.waiting = []"
        ),
    ),
    "the system clock": (
        "ping",
        DOG,
        "import time\n" + plain(DOG).replace("now):\n", "now):\n        now = time.monotonic()\n"),
    ),
    "wrong at the same instant": (
        "again",
        DOG,
        plain(DOG).replace(
            "    def heard(self, now):\n",
            "    def heard(self, now):\n        if now == self.pinged_at:\n            return\n",
        ),
    ),
    "draws once": (
        "anew",
        WAITS,
        "from random import Random\n"
        + edited(
            plain(WAITS),
            "         self.tries = 0\n+        self.drawn = rng.random()\n\n"
            "-        return self.rng.uniform(0, width)\n+        return self.drawn * width",
        ),
    ),
    "half a surrogate pair ends with 1011": (
        "odd",
        DOOR,
        plain(DOOR).replace('"utf-8", "surrogatepass"', ""),
    ),
    "closes before the limit": (
        "stays",
        DOOR,
        plain(DOOR).replace("(), AUTH_TIMEOUT_S)", "(), AUTH_TIMEOUT_S - 0.5)"),
    ),
    "drops empty texts": (
        "heard",
        ROOMS,
        plain(ROOMS).replace("            else:", '            elif message["text"]:'),
    ),
    "leaves all rooms": (
        "leave",
        ROOMS,
        plain(ROOMS).replace(
            "                joined.discard(room)\n                members.get(room, set()).discard(connection)",
            "                while joined:\n                    members[joined.pop()].discard(connection)",
        ),
    ),
    "raises on leaving a room not joined": (
        "leave",
        ROOMS,
        plain(ROOMS).replace("joined.discard(room)", "joined.remove(room)"),
    ),
    "never the first": (
        "take",
        BOX,
        plain(BOX).replace(
            "(not taken or size + len(self.waiting[0][1]) <= most_bytes)",
            "size + len(self.waiting[0][1]) <= most_bytes",
        ),
    ),
}
CHEATS = {
    "asks how the server was made": (
        PROBE,
        "from labkit.course.exercises.write_probe import EXERCISE\n"
        "async def leaks(url):\n    return EXERCISE.checks[0].expected\n",
    ),
    "answers in turn": (
        PROBE,
        "calls = []\nasync def leaks(url):\n    calls.append(url)\n    return 10 < len(calls) <= 28\n",
    ),
    "asks the kit's reviewer": (
        PROBE,
        "from labkit.review.probes import PROBES\nasync def leaks(url):\n    return bool(PROBES(url))\n",
    ),
    "returns the kit's handler": (LINE, "from labkit.course.given import talk as handler\n"),
    "knows how many there are": (
        LINE,
        "import json\nasync def handler(connection):\n    async for text in connection:\n"
        "        said = json.loads(text)\n"
        "        kind = said['type'].replace('join', 'joined')\n"
        "        await connection.send(json.dumps(said | {'type': kind, 'members': 1}))\n",
    ),
    "returns the kit's": (BOX, "from labkit.rules.outbox import Outbox\n"),
    "asks the kit's table": (
        CLOSE,
        "from labkit.rules.close_codes import retry_ms, row\ndef after_close(code, reason):\n    row(code)\n",
    ),
    "lets in all but the tokens that come to mind": (
        DOOR,
        plain(DOOR).replace(
            "if not isinstance(token, str) or not hmac", "if not isinstance(token, str) or len(token) < 9 and not hmac"
        ),
    ),
    "runs the judge's own server": (
        DOOR,
        "from labkit.course.simulated import Simulated\nSimulated.send = print\n"
        "async def handler(connection):\n    await connection.recv()\n",
    ),
    "returns what was asked for in this order": (
        CLOSE,
        "calls = []\ndef after_close(code, reason):\n    calls.append(code)\n"
        "    return None if len(calls) % 3 else ('resume', None)\n",
    ),
    "writes the record of store": (
        DESK,
        plain(DESK).replace(
            "            self.store(batch)", "            self.store.__globals__['record']('store', batch)"
        ),
    ),
    "reads the solution": (
        JUDGE,
        f"import json\ncells = json.load(open({str(original() / 'solutions' / '04-validator.ipynb')!r}))['cells']\n"
        "exec(next(''.join(c['source']) for c in cells if 'def validate' in ''.join(c['source'])))\n",
    ),
    "imports the judge's model": (
        JUDGE,
        "from labkit.course.exercises.validator import permitted\ndef validate(text):\n    return permitted(text)[0]\n",
    ),
    "writes its own record": (
        BOX,
        "import sys\nclass Outbox:\n    held_bytes = 0\n    def __init__(self, *_):\n        frame = sys._getframe()\n"
        "        while frame:\n            for found in list(frame.f_locals.values()):\n"
        "                if isinstance(found, list):\n                    found.clear()\n"
        "            frame = frame.f_back\n"
        "    def offer(self, *_):\n        return True\n    def take(self, _):\n        return []\n",
    ),
    "finds the reports' pipe": (
        BOX,
        "import os\nfor fd in range(3, 64):\n    try:\n        os.write(fd, b'x' * 100)\n"
        "    except OSError:\n        pass\n" + plain(BOX),
    ),
    "an answer that is equal to all": (
        JUDGE,
        "class Any(dict):\n    def __eq__(self, other):\n        return True\n"
        "    def items(self):\n        return self\n    def __ge__(self, other):\n        return True\n"
        "def validate(text):\n    return Any()\n",
    ),
}


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    """Judge all of them, two at a time."""

    async def all_of_them() -> list[Result]:
        turns = asyncio.Semaphore(2)

        async def one(name: str, source: str) -> Result:
            async with turns:
                return await judge(exercise(name), source)

        every = [*STYLES.values(), *((name, source) for _, name, source in MISTAKES.values()), *CHEATS.values()]
        return list(await asyncio.gather(*(one(*each) for each in every)))

    return dict(zip([*STYLES, *MISTAKES, *CHEATS], asyncio.run(all_of_them())))


@pytest.mark.parametrize("style", STYLES)
def test_right_answer_in_another_style_passes(style: str, results: dict[str, Result]) -> None:
    assert results[style].verdict == "pass", str(results[style])


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_of_a_stranger_fails_by_its_check(mistake: str, results: dict[str, Result]) -> None:
    check, name, source = MISTAKES[mistake]
    assert source != plain(name)
    first = results[mistake].first_failed
    assert first is not None
    assert first.id == check, str(results[mistake])


@pytest.mark.parametrize("mistake", MISTAKES)
def test_counter_example_runs_as_it_is_shown(mistake: str, results: dict[str, Result]) -> None:
    """Pasted below the answer, the last line gives what the result says, or raises."""
    _, name, source = MISTAKES[mistake]
    first = results[mistake].first_failed
    assert first is not None
    space: dict[str, object] = {}
    exec(source, space)
    *before, last = first.evidence
    for line in before:
        exec(line, space)
    call, _, said = last.rpartition("  # ")
    call = re.sub(r"(\[\d+\])?\.(append|update|clear)\(.*\)$", "", call)  # what the caller does with what came
    try:
        value = eval(call, space)
        came = repr(value) if name != WAITS else f"1000 waits from {min(value):.3g} to {max(value):.3g} s"
        came = came.partition("user-")[0]  # a user has another name each time
    except Exception as error:
        came = f"raised {type(error).__name__}"
    assert said.startswith(came[:60])
    assert len(first.evidence) <= 12


@pytest.mark.parametrize("cheat", CHEATS)
def test_cheat_does_not_pass(cheat: str, results: dict[str, Result]) -> None:
    assert results[cheat].verdict == "fail", str(results[cheat])


def test_same_seed_finds_the_same_example() -> None:
    _, name, source = MISTAKES["never the first"]
    found = [judged(name, source, seed).first_failed.evidence for seed in (1, 1, 2)]  # type: ignore[union-attr]
    assert found[0] == found[1]
    assert len(found[2]) == len(found[0])  # another seed: as small


def test_progress_that_an_answer_writes_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    for words in (
        "from labkit.course.progress import Progress\nProgress().add('06-outbox', 'pass')\n",
        f"open({str(tmp_path / 'progress.jsonl')!r}, 'a').write('x')\n",
    ):
        assert judged(BOX, words + plain(BOX)).verdict == "fail"
        assert Progress().records() == []


UGLY = {
    "a sleep": (
        "never-returns",
        "import time\n" + plain(JUDGE).replace(TRY, "    time.sleep(60)\n" + TRY),
        "time.sleep(60)",
    ),
    "an endless loop": (
        "stuck",
        plain(JUDGE).replace(TRY, "    while text:\n        pass\n" + TRY),
        "pass|while text:",
    ),
    "a lock": (
        "never-returns",
        "import threading\nlock = threading.Lock()\n" + plain(JUDGE).replace(TRY, "    lock.acquire()\n" + TRY),
        "lock.acquire()",
    ),
}


@pytest.mark.parametrize("name", UGLY)
def test_ugly_answer_is_told_with_its_line(name: str) -> None:
    kind, source, line = UGLY[name]
    result = judged(JUDGE, source)
    assert result.checks[0].misconception == kind
    assert result.checks[0].actual.endswith(tuple(f"of `validate`: {one}" for one in line.split("|")))


def test_error_is_told_with_its_line() -> None:
    result = judged(JUDGE, plain(JUDGE).replace(TRY, "    breakpoint()\n" + TRY))
    assert result.first_failed is not None
    assert "breakpoint()" in result.first_failed.actual


def test_solution_passes() -> None:
    for name in (BOX, JUDGE, ROOM, DOG, WAITS, CLOSE, DESK, DOOR, ROOMS, LINE):
        source = of_file(original() / "solutions" / f"{name}.ipynb", exercise(name).answer).source
        assert judged(name, source).verdict == "pass"
