"""The film strip: the three to five moments that matter, side by side, as high as the moving picture."""

from textwrap import wrap

from labkit.bench.play.actions import STOPPED, WELL
from labkit.bench.play.recording import BACK, CLOSED, Moment, Recording
from labkit.views.play.pipeline import HEIGHT
from labkit.views.play.shapes import WIDTH, Picture, prefixed, rect, size, words
from labkit.views.play.tanks import kernel, outbox

GAP = 8
LETTER = 7.8


def picture(run: Recording) -> Picture:
    """Return the shapes of the strip."""
    moments = run.moments()
    width = (WIDTH - GAP * (len(moments) - 1)) / len(moments)
    found: Picture = {}
    for number, moment in enumerate(moments):
        found |= prefixed(f"{number}", _frame(run, moment, number * (width + GAP), width))
    return found


def _frame(run: Recording, moment: Moment, x: float, width: float) -> Picture:
    sample = run.last(run.plan.watched, moment.at)
    tank = (width - 30) / 3.3
    return {
        "frame": rect(_css(run, moment), x + 1, 1, width - 2, HEIGHT - 2, 6),
        **_title(run, moment, x + 12, width),
        "outbox name": words("small", x + 10 + 1.15 * tank, 96, "outbox", "middle"),
        "kernel name": words("small", x + width - 10 - tank / 2, 96, "kernel", "middle"),
        **outbox(run, sample, x + 10, 104, 2.3 * tank, 136),
        **kernel(run, sample, x + width - 10 - tank, 104, tank, 136),
        **_state(run, moment, x + 12),
    }


def _title(run: Recording, moment: Moment, x: float, width: float) -> Picture:
    found = {"at": words("clock", x, 30, f"{moment.at:.1f} s")}
    css = "strong bad" if "closed" in _css(run, moment) else "strong"
    for number, row in enumerate(wrap(moment.words, int((width - 20) / LETTER))[:2]):
        found[f"words {number}"] = words(css, x, 51 + 17 * number, row)
    return found


def _state(run: Recording, moment: Moment, x: float) -> Picture:
    watched = run.plan.watched
    sample = run.last(watched, moment.at)
    network = run.network(watched, moment.at)
    found = {
        "network": words(
            "small bad" if network == STOPPED else "small",
            x,
            278,
            f"network: {'works' if network == WELL else network}",
        ),
        "got": words("small", x, 295, f"{sample.delivered:,} of {sample.published:,} received"),
    }
    closed = next((mark for mark in run.closes if mark.member == watched), None)
    if closed is not None and "closed" in _css(run, moment):
        found["freed"] = words("small bad", x, 312, f"{size(closed.freed_bytes)} freed")
    return found


def _css(run: Recording, moment: Moment) -> str:
    """Mark the moments after a close and after a return."""
    ending = run.ending(run.plan.watched, moment.at)
    if ending is None:
        return "frame"
    return {CLOSED: "frame closed-frame", BACK: "frame back-frame"}[ending.kind]
