"""The film strip: the three to five moments that matter, side by side, as high as the moving picture."""

from textwrap import wrap

from labkit.bench.play.actions import STOPPED, WELL
from labkit.bench.play.plan import DISK, HISTORY
from labkit.bench.play.recording import BACK, KILLED, Mark, Moment, Recording
from labkit.views.play import disk, history
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
        left = number * (width + GAP)
        found |= prefixed(
            f"{number}",
            _frame(run, moment, left, width) | INSIDE.get(run.plan.about, _outbox)(run, moment, left, width),
        )
    return found


def _frame(run: Recording, moment: Moment, x: float, width: float) -> Picture:
    return {
        "frame": rect(_css(run, moment), x + 1, 1, width - 2, HEIGHT - 2, 6),
        **_title(run, moment, x + 12, width),
    }


def _disk(run: Recording, moment: Moment, x: float, width: float) -> Picture:
    sample = run.last_of_disk(moment.at)
    refused = f"refused: {sample.refused:,}" if sample.refused else ""
    return {
        "tank name": words("small", x + width / 2, 96, "received but not stored", "middle"),
        **disk.tank(run, moment.at, x + width / 2 - 50, 104, 100, 136),
        "got": words("small", x + 12, 278, f"{sample.received:,} received"),
        "kept": words(
            "small bad" if disk.is_full(run, moment.at) else "small", x + 12, 295, f"{sample.stored:,} stored"
        ),
        "refused": words("small", x + 12, 312, refused),
    }


def _history(run: Recording, moment: Moment, x: float, width: float) -> Picture:
    here, watched = history.place(run, moment.at), run.plan.watched
    state = run.network(watched, moment.at)
    return {
        "bar name": words("small", x + 12, 112, "messages"),
        **history.bar(run, here, x + 12, 120, width - 24, 44),
        "missed": words("strong bad", x + 12, 190, history.missed(here)),
        "network": words(
            "small bad" if state == STOPPED else "small", x + 12, 278, f"network: {'works' if state == WELL else state}"
        ),
        "remembers": words("small", x + 12, 295, f"room: no. {here.oldest:,} to {here.newest:,}"),
        "got": words("small", x + 12, 312, f"{watched}: up to no. {here.received:,}"),
    }


def _outbox(run: Recording, moment: Moment, x: float, width: float) -> Picture:
    sample = run.last(run.plan.watched, moment.at)
    tank = (width - 30) / 3.3
    return {
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
    """Mark the moments after a close or a kill, and after a return."""
    ending = _last_end(run, moment.at) if run.plan.about_disk else run.ending(run.plan.watched, moment.at)
    if run.plan.about_disk and disk.is_full(run, moment.at):
        return "frame closed-frame"
    if run.plan.about == HISTORY and history.place(run, moment.at).missing:
        return "frame closed-frame"
    if ending is None:
        return "frame"
    return {BACK: "frame back-frame"}.get(ending.kind, "frame closed-frame")


def _last_end(run: Recording, at: float) -> Mark | None:
    return next(
        (mark for mark in sorted(run.marks, reverse=True) if mark.at <= at and mark.kind in (KILLED, BACK)), None
    )


INSIDE = {DISK: _disk, HISTORY: _history}
