"""What our own server does in the same probes: it shows what a test must expect."""

from collections.abc import Iterable
from dataclasses import replace

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
