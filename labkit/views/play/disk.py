"""One instant of an experiment about the disk: where the messages are, members at the top right, audit file below.

The tank between shows what members received and the file does not have. A kill turns the lost part of it red.
"""

from math import floor

from labkit.bench.play.actions import FILL
from labkit.bench.play.recording import BACK, DID, KILLED, DiskSample, Mark, Recording
from labkit.views.play.pipeline import DOT_EVERY_S, DOT_SPEED, FROM_PUBLISHER, MIDDLE, ROOM
from labkit.views.play.series import nice
from labkit.views.play.shapes import Picture, dot, line, rect, words

TO_MEMBERS, TO_FILE = 74, 194  # heights of the two ways out of the server
OUT, ARRIVED = 474, 636
TANK = (300, 44, 150, 174)
FLOW = (
    (100, MIDDLE, 144, MIDDLE),
    (248, MIDDLE, 300, MIDDLE),
    (450, TO_MEMBERS, 644, TO_MEMBERS),
    (450, TO_FILE, 644, TO_FILE),
)
BANDS = (
    ("publisher", 4, 22, 102, 222),
    ("server process", 130, 22, 344, 222),
    ("", 620, 22, 276, 104),
    ("", 620, 140, 276, 104),
)
LEAST_SCALE = 20.0


def picture(run: Recording, at: float) -> Picture:
    """Return the shapes at a time. Only messages come and go."""
    sample = run.last_of_disk(at)
    last = _last(run, at)
    is_down = last is not None and last.kind == KILLED
    return {
        **_bands(is_down=is_down),
        **{f"flow {number}": line("flow", *place) for number, place in enumerate(FLOW)},
        **_messages(run, at, is_down=is_down),
        **_server(run, sample, is_down=is_down),
        **tank(run, at, *TANK),
        **_ends(run, at, sample),
        **_headline(run, at, last, sample),
        "clock": words("clock", 892, 312, f"{at:.1f} s", "end"),
    }


def tank(run: Recording, at: float, x: float, y: float, width: float, height: float) -> Picture:
    """Return the tank of messages that members received and the file does not have, the lost ones below."""
    sample, lost = run.last_of_disk(at), run.lost_at(at)
    unit = height * 0.9 / scale(run)
    risk = max(sample.at_risk, lost)
    middle = x + width / 2
    return {
        "tank": rect("tank", x, y, width, height, 4),
        "tank risk": rect("risk", x + 12, y + height - risk * unit, width - 24, (risk - lost) * unit),
        "tank lost": rect("lost", x + 12, y + height - lost * unit, width - 24, lost * unit),
        "tank value": words("value", middle, y + height + 16, _risk(risk, lost), "middle"),
    }


def _risk(risk: int, lost: int) -> str:
    """Return the words below the tank."""
    if not lost:
        return f"{risk:,}"
    return f"{lost:,} lost" if risk == lost else f"{risk:,}, {lost:,} lost"


def scale(run: Recording) -> float:
    """Return how many messages the tank and its chart hold. It grows in steps, so that they seldom rescale."""
    return nice(max([LEAST_SCALE, run.plan.rate, *(each.at_risk for each in run.disk)]) * 1.05)


def is_full(run: Recording, at: float) -> bool:
    """Return whether the disk is full at a time."""
    done = [each.does for when, each in run.plan.actions if each.does and when <= at]
    return bool(done) and done[-1] == FILL


def _last(run: Recording, at: float) -> Mark | None:
    found = [mark for mark in sorted(run.marks) if mark.at <= at]
    return found[-1] if found else None


def _bands(*, is_down: bool) -> Picture:
    found: Picture = {}
    for number, (name, x, y, width, height) in enumerate(BANDS):
        is_killed = is_down and name == "server process"
        found[f"band {number}"] = rect("band killed" if is_killed else "band", x, y, width, height, 6)
        found[f"band name {number}"] = words("small", x + width / 2, y - 7, name, "middle")
    return found


def _server(run: Recording, sample: DiskSample, *, is_down: bool) -> Picture:
    name = run.plan.speakers[0] if len(run.plan.speakers) == 1 else f"{len(run.plan.speakers)} members"
    inverse = " inverse" if is_down else ""
    return {
        "publisher": rect("box", 10, MIDDLE - 26, 90, 52, 6),
        "publisher name": words("strong", 55, MIDDLE - 5, name, "middle"),
        "rate": words("small", 55, MIDDLE + 14, f"{run.plan.rate:g}/s", "middle"),
        "published": words("small", 55, MIDDLE + 44, f"{sample.published:,} sent", "middle"),
        "room": rect("box closed" if is_down else "box", 144, MIDDLE - 26, 104, 52, 6),
        "room name": words("strong" + inverse, 196, MIDDLE + 5, "\u2715 killed" if is_down else "room", "middle"),
        "tank name": words("strong", TANK[0] + TANK[2] / 2, 38, "received but not stored", "middle"),
    }


def _ends(run: Recording, at: float, sample: DiskSample) -> Picture:
    """Return the members and the file, each with its count."""
    full = is_full(run, at)
    inverse = " inverse" if full else ""
    refused = f"refused: {sample.refused:,}" if sample.refused else ""
    return {
        "members": rect("box", 644, TO_MEMBERS - 34, 240, 68, 6),
        "members name": words("strong", 764, TO_MEMBERS - 8, "members", "middle"),
        "members got": words("small", 764, TO_MEMBERS + 14, f"{sample.received:,} received", "middle"),
        "file": rect("box closed" if full else "box", 644, TO_FILE - 38, 240, 76, 6),
        "file name": words(
            "strong" + inverse, 764, TO_FILE - 16, "\u2715 audit file: disk full" if full else "audit file", "middle"
        ),
        "file got": words("small" + inverse, 764, TO_FILE + 6, f"{sample.stored:,} stored", "middle"),
        "file refused": words("small" + inverse, 764, TO_FILE + 26, refused, "middle"),
    }


def _headline(run: Recording, at: float, last: Mark | None, sample: DiskSample) -> Picture:
    lost = run.lost_at(at)
    css = {KILLED: "headline bad", BACK: "headline good"}.get(last.kind if last else DID, "headline")
    more = f"{lost:,} messages lost: received, and in no file" if lost else ""
    if not lost and last is not None and is_full(run, at) and sample.at_risk:
        more = f"{sample.at_risk:,} messages received, and in no file"
    return {
        "headline": words(css, 12, 280, last.words if last else ""),
        "headline more": words("headline bad", 12, 308, more),
    }


def _messages(run: Recording, at: float, *, is_down: bool) -> Picture:
    """Return the messages under way: a dot leaves the server where something arrived at that time."""
    found: Picture = {}
    for number in range(max(0, floor((at - 1) / DOT_EVERY_S)), floor(at / DOT_EVERY_S) + 1):
        born = number * DOT_EVERY_S
        x = FROM_PUBLISHER + (at - born) * DOT_SPEED
        if (x < ROOM[0] and not is_down) or ROOM[1] < x < TANK[0]:
            found[f"in {number}"] = dot("message", x, MIDDLE)
        before, after = run.last_of_disk(born - DOT_EVERY_S), run.last_of_disk(born)
        out = OUT + (at - born) * DOT_SPEED
        if out < ARRIVED and after.received > before.received:
            found[f"heard {number}"] = dot("message", out, TO_MEMBERS)
        if out < ARRIVED and after.stored > before.stored:
            found[f"kept {number}"] = dot("message", out, TO_FILE)
    return found
