"""The tanks of one member: its outbox by bytes and by age, with the limit, and the kernel's send buffer."""

from labkit.bench.play.recording import Recording, Sample
from labkit.views.play.shapes import Picture, Shape, line, rect, shares, size, words

LIMIT = 0.82  # the height of the limit in a tank
USUAL_KERNEL = 256 * 1024
MOST_GAP = 12.0


def outbox(run: Recording, sample: Sample, x: float, y: float, width: float, height: float) -> Picture:
    """Return a box with two columns, bytes and age, under one limit line."""
    by_bytes, by_age = shares(run, sample)
    gap = min(MOST_GAP, width * 0.06)
    column = (width - 3 * gap) / 2
    right = x + 2 * gap + column
    over = " over" if max(by_bytes, by_age) >= 0.95 else ""
    top = y + height * (1 - LIMIT)
    return {
        "outbox": rect("tank" if sample.is_connected else "tank closed", x, y, width, height, 4),
        "outbox bytes": _level("bytes", x + gap, y, column, height, by_bytes),
        "outbox age": _level("age", right, y, column, height, by_age),
        "outbox limit": line(f"limit{over}", x, top, x + width, top),
        **_limits(run, x + gap + column / 2, right + column / 2, top - 7),
        **_values(sample, x + gap + column / 2, right + column / 2, y + height + 16),
    }


def kernel(run: Recording, sample: Sample, x: float, y: float, width: float, height: float) -> Picture:
    """Return the kernel's send buffer, on the scale of the outbox's bytes: the tank is as high as its capacity."""
    known = sample.kernel_bytes
    most = 2 * run.plan.limits.send_buffer_bytes if run.plan.limits.send_buffer_bytes else USUAL_KERNEL
    tall = min(height, height * LIMIT * 1.04 * most / run.plan.limits.outbox_bytes)
    share = min(most, known or 0) / run.plan.limits.outbox_bytes
    return {
        "kernel": rect("tank", x, y + height - tall, width, tall, 4),
        "kernel level": _level("kernel", x + MOST_GAP, y, width - 2 * MOST_GAP, height, share),
        "kernel value": words(
            "value", x + width / 2, y + height + 16, "not measured" if known is None else size(known), "middle"
        ),
    }


def _level(css: str, x: float, y: float, width: float, height: float, share: float) -> Shape:
    filled = min(height - 2, height * LIMIT * share)
    return rect(css, x, y + height - filled, width, filled)


def _limits(run: Recording, left: float, right: float, y: float) -> Picture:
    age = run.plan.limits.outbox_age_s
    return {
        "limit bytes": words("tag bad", left, y, size(run.plan.limits.outbox_bytes), "middle"),
        "limit age": words("tag bad", right, y, f"{age:g} s" if age else "no limit", "middle"),
    }


def _values(sample: Sample, left: float, right: float, y: float) -> Picture:
    gone = not sample.is_connected
    return {
        "value bytes": words("value", left, y, "freed" if gone else size(sample.outbox_bytes), "middle"),
        "value age": words("value", right, y, "\u2013" if gone else f"{sample.outbox_age_s:.1f} s", "middle"),
    }
