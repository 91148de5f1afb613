"""The picture of a talk: each text on its way to the validator, and from there to the browsers of the room, or not."""

from labkit.bench.play.talk import BROWSERS, NOTHING, PUBLISHED, READS, Talk, Verdict
from labkit.views.play.shapes import WIDTH, Picture, dot, line, rect, words

TOP, ROW = 34.0, 25.0
GATE, ROOM, OUTCOME = 250.0, 400.0, 500.0
FLIGHT_S = 0.25


def height(talk: Talk) -> float:
    """Return the height of the picture."""
    return TOP + ROW * len(talk.names) + 44


def picture(talk: Talk, at: float) -> Picture:
    """Return the shapes at a time."""
    bottom = TOP + ROW * len(talk.names)
    found: Picture = {
        "band sender": rect("band", 4, 22, 196, bottom - 18, 6),
        "band room": rect("band", ROOM - 10, 22, 86, bottom - 18, 6),
        "sender": words("small", 102, 15, "what is sent", "middle"),
        "gate name": words("small strong", GATE + 33, 15, "validator", "middle"),
        "room name": words("small", ROOM + 33, 15, f"{BROWSERS} browsers", "middle"),
        "outcome": words("small", OUTCOME, 15, "what happens"),
        "gate": rect("box", GATE, 22, 66, bottom - 18, 6),
    }
    for number, name in enumerate(talk.names):
        verdict = talk.verdicts[number] if number < len(talk.verdicts) and talk.verdicts[number].at <= at else None
        for key, shape in _row(name, verdict, at, TOP + ROW * number + ROW / 2).items():
            found[f"{key} {number}"] = shape
    seen = [each for each in talk.verdicts if each.at + FLIGHT_S <= at and each.answer]
    wrong = sum(not each.is_right for each in seen)
    found["count"] = words("headline bad" if wrong else "headline", 8, bottom + 32, f"{wrong} of {len(seen)} misjudged")
    found["clock"] = words("clock", WIDTH - 8, bottom + 32, f"{at:.1f} s", "end")
    return found


def _row(name: str, verdict: Verdict | None, at: float, y: float) -> Picture:
    """Return one text. Its shapes always exist, so that they can change."""
    is_judged = verdict is not None and bool(verdict.answer) and at >= verdict.at + FLIGHT_S
    is_bad = is_judged and verdict is not None and not verdict.is_right
    css = "small strong bad" if is_bad else "small"
    goes_on = is_judged and verdict is not None and verdict.answer == PUBLISHED
    found = {
        "name": words(css, 14, y + 4, name),
        "way": line(f"way {'open' if goes_on else 'shut'}{' wrong' if is_bad else ''}", 200, y, _end(verdict, at), y),
        "what": words(css, OUTCOME, y + 4, _outcome(verdict) if is_judged and verdict is not None else ""),
    }
    throws = is_judged and verdict is not None and verdict.room not in (READS, NOTHING)
    for browser in range(BROWSERS):
        x = ROOM + browser * 24
        found[f"browser {browser}"] = rect(_browser(verdict, is_judged=is_judged), x, y - 8, 18, 16, 3)
        found[f"cross {browser}"] = words("strong inverse", x + 9, y + 5, "\u2715" if throws else "", "middle")
    if verdict is not None and at < verdict.at + 1 and not is_judged:
        found["flying"] = dot("message", _end(verdict, at), y)
    return found


def _end(verdict: Verdict | None, at: float) -> float:
    """Return how far a text has come."""
    if verdict is None:
        return 200
    share = min(1.0, (at - verdict.at) / FLIGHT_S)
    is_through = verdict.answer == PUBLISHED and share == 1
    return ROOM if is_through else 200 + share * (GATE - 200)


def _browser(verdict: Verdict | None, *, is_judged: bool) -> str:
    if verdict is None or not is_judged or verdict.room == NOTHING:
        return "browser"
    return "browser reads" if verdict.room == READS else "browser throws"


def _outcome(verdict: Verdict) -> str:
    """Return in words what happened, and in which way it is wrong."""
    if verdict.fault:
        return f"{verdict.answer.partition(':')[0]}: {verdict.fault.partition(':')[0]}"
    happened = verdict.room if verdict.answer == PUBLISHED else verdict.answer
    if verdict.answer == PUBLISHED and not verdict.is_valid and verdict.room == READS:
        return f"{happened}, but it is invalid"
    return happened
