"""The traffic of a probe as values, from which a test can be written. It contains no credential and no room of its run.

`$TOKEN`, `$OPS_TOKEN` and `$RESUME` stand for credentials, `$UNIQUE` for the part of a name that differs in each run.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from labkit.review.transcript import Step, Transcript

UNIQUE = "$UNIQUE"
KNOWN_SECRETS = ("$TOKEN", "$OPS_TOKEN", "$RESUME")
REPEATABLE = ("open", "text", "frame", "raw", "receive", "end")
PAUSE_S = 0.4  # a shorter gap is only the time that an answer took
OWN_HEADERS = ("host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version")


class Act(NamedTuple):
    """What one connection did, `times` times, after a pause of so many seconds; frames are Latin-1 text."""

    peer: str
    kind: str
    value: Any
    times: int = 1
    pause_s: float = 0


@dataclass(frozen=True, slots=True)
class Recording:
    """The acts of a probe in their order. `marked`: the act that shows a fault."""

    acts: tuple[Act, ...]
    marked: int
    refusals: tuple[int, ...]
    canary: Act | None  # a healthy connection, if that ended too


def recorded(transcript: Transcript) -> Recording | None:
    """Return what can be repeated, or None if something cannot: plain HTTP, a flood, a pace, a foreign secret."""
    steps = transcript.steps
    kinds = {step.did.kind if step.did is not None else "" for step in steps}
    is_paced = any(step.lasted_s > PAUSE_S for step in steps)
    if not steps or transcript.is_full or is_paced or not kinds <= set(REPEATABLE):
        return None
    gaps = [0.0, *(second.at - first.at for first, second in pairwise(steps))]
    acts = tuple(_act(transcript, step, gap) for step, gap in zip(steps, gaps, strict=True))
    unknown = [name for name in transcript.secrets.values() if name not in KNOWN_SECRETS]
    if any(name in str(act.value) for act in acts for name in unknown):
        return None
    canary = Act("canary", "open", _request(transcript, transcript.canary_request))
    at = len(steps) - 1 if transcript.marked is None else transcript.marked
    return Recording(acts, at, transcript.refusals, canary if transcript.canary_request else None)


def _act(transcript: Transcript, step: Step, gap_s: float) -> Act:
    assert step.did is not None
    peer, kind, value = step.did
    match kind:
        case "open":
            value = _request(transcript, value)
        case "text":
            value = _named(transcript, value)
        case "frame":
            value = (value[0], _named(transcript, value[1].decode("latin-1")), value[2])
        case "raw":
            value = _named(transcript, value.decode("latin-1"))
        case "receive":
            value = {name: _named(transcript, one) if isinstance(one, str) else one for name, one in value.items()}
    is_sent = kind not in ("receive", "end")
    return Act(peer, kind, value, step.times, round(gap_s, 1) if is_sent and gap_s > PAUSE_S else 0)


def _named(transcript: Transcript, text: str) -> str:
    """Replace each credential, and the part of a name that differs in each run, with what stands for it."""
    hidden = transcript.hide(text)
    return hidden.replace(transcript.unique, UNIQUE) if transcript.unique else hidden


def _request(transcript: Transcript, head: str) -> tuple[str, dict[str, str]]:
    """Return the path and the unusual headers of a handshake; "" for the path that the URL has, secrets included."""
    first, *lines = head.strip().splitlines() or ["GET / HTTP/1.1"]
    headers = dict(_named(transcript, line).partition(": ")[::2] for line in lines)
    path, where = first.split(" ")[1], urlsplit(transcript.url)
    own = (where.path or "/") + (f"?{where.query}" if where.query else "")
    return "" if path == own else _named(transcript, path), {
        name: value for name, value in headers.items() if name.lower() not in OWN_HEADERS
    }
