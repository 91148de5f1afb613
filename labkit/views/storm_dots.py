"""A storm as dots, one per client: all fall at the drop, and come back when their policy lets them in.

    dots = StormDots(storms, "article", "ours")     # policies beside each other, on one clock
    await dots.live(seconds=8)                      # afterwards, a strip of the moments that matter stays
    print(dots.text())

A dot is *back* (the policy's color), *connecting* (within the last 100 ms, nearly black) or *away* (pale). The browser
gets all tries at once, and plays them.
"""

import asyncio
from array import array
from bisect import bisect_left, bisect_right
from itertools import accumulate
from math import ceil, inf, isqrt
from pathlib import Path
from typing import Any, NamedTuple

import anywidget
import traitlets
from IPython.display import display
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from labkit.bench.storm.policies import POLICIES
from labkit.bench.storm.run import Storms
from labkit.bench.storm.tally import MOST_DOTS, StormResult
from labkit.text.digits import digits
from labkit.views.display import show
from labkit.views.still_charts import DPI, png
from labkit.views.storm import WIDTH_IN, color_of

HERE = Path(__file__).parent
CONNECTING_S = 0.1
Color = tuple[float, float, float]
NOBODY: Color = (1.0, 1.0, 1.0)
AWAY, CONNECTING, YOURS = "#dfe3ea", "#111827", "#0ea5e9"
CELL_IN, HEAD_IN = 2.0, 0.6
ANSWER_S = 2.0  # how long a browser may take to ask for the tries


class Shares(NamedTuple):
    """How many clients are in each state at a time."""

    back: int
    connecting: int


class Screen(anywidget.AnyWidget):
    """The browser's half: storm_dots.js and storm_dots.css."""

    _esm = HERE / "storm_dots.js"
    _css = HERE / "storm_dots.css"
    plan: Any = traitlets.Dict().tag(sync=True)


class StormDots:
    """Storms as dots; without names, all of them."""

    def __init__(self, storms: Storms, *policies: str) -> None:
        known = {each.policy: each for each in storms}
        unknown = [name for name in policies if name not in known]
        if unknown:
            raise ValueError(f"there is no storm with the policy {unknown[0]!r}; there are {', '.join(known)}")
        self.results = [known[name] for name in policies or known]
        if any(not each.back_at for each in self.results):
            raise ValueError(f"dots need a storm of at most {MOST_DOTS:,} clients; use the picture of the storms")
        self.moments = _moments(self.results)

    async def live(self, seconds: float = 8.0) -> None:
        """Play the storm within `seconds`, then leave the strip. Where no browser looks on, leave it at once."""
        screen, asked = Screen(plan=self._plan(seconds)), asyncio.Event()
        screen.on_msg(lambda *_: asked.set())
        shown = show(screen, repr(self))
        try:
            await asyncio.wait_for(asked.wait(), ANSWER_S)
            screen.send({"plays": True}, buffers=self._buffers())
            await asyncio.sleep(seconds)
        except TimeoutError:
            pass
        finally:
            screen.close()
            if shown is not None:
                shown.update({"text/plain": repr(self)}, raw=True)
            display({"image/png": png(self.figure()), "text/plain": repr(self)}, raw=True)  # type: ignore[no-untyped-call]

    def figure(self) -> Figure:
        """Draw the strip: a row per policy, a column per moment."""
        rows, columns = len(self.results), len(self.moments)
        made = Figure(figsize=(WIDTH_IN, HEAD_IN + CELL_IN * rows), dpi=DPI, layout="constrained")
        for row, line in zip(self.results, made.subplots(rows, columns, squeeze=False)):
            for at, ax in zip(self.moments, line):
                ax.imshow(colors_at(row, at), interpolation="nearest")
                counts = shares(row, at)
                ax.set(xticks=[], yticks=[], xlabel=f"{counts.back:,} back\n{counts.connecting:,} connecting")
                if row is self.results[0]:
                    ax.set_title(f"{digits(at)} s", fontsize="medium")
            line[0].set_ylabel(row.policy)
        made.supxlabel("in color: back; black: connecting; pale: away", fontsize="small")
        return made

    def text(self) -> str:
        """Describe the strip as text, one line per policy and moment."""
        lines = []
        for row in self.results:
            for at in self.moments:
                counts = shares(row, at)
                lines.append(
                    f"{row.policy} at {digits(at)} s: {counts.back:,} of {row.clients:,} back, "
                    f"{counts.connecting:,} connecting"
                )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<dots of {self.results[0].clients} clients: {', '.join(each.policy for each in self.results)}>"

    def _plan(self, seconds: float) -> dict[str, Any]:
        drawn = [{"policy": each.policy, "clients": each.clients, "color": _color(each)} for each in self.results]
        return {"storms": drawn, "moments": self.moments, "seconds": seconds, "connecting": CONNECTING_S}

    def _buffers(self) -> list[bytes]:
        """Return float32 per storm: when each client was back (endless: never), when each try was, and whose."""
        found = []
        for each in self.results:
            found.append(array("f", (inf if at is None else at for at in each.back_at)).tobytes())
            found.append(array("f", (at for at, _ in each.tries)).tobytes())
            found.append(array("f", (number for _, number in each.tries)).tobytes())
        return found


def colors_at(result: StormResult, at: float) -> list[list[Color]]:
    """Return a square of colors, n rows of n: each client by its number; white where nobody is."""
    side = isqrt(result.clients - 1) + 1
    back, dots = to_rgb(_color(result)), [to_rgb(AWAY)] * result.clients
    for number in _connecting(result, at):
        dots[number] = to_rgb(CONNECTING)
    for number, since in enumerate(result.back_at):
        if since is not None and since <= at:
            dots[number] = back
    dots += [NOBODY] * (side * side - result.clients)
    return [dots[start : start + side] for start in range(0, side * side, side)]


def shares(result: StormResult, at: float) -> Shares:
    """Return how many clients are back, and how many of the others connect."""
    back = {number for number, since in enumerate(result.back_at) if since is not None and since <= at}
    return Shares(len(back), len(set(_connecting(result, at)) - back))


def _color(result: StormResult) -> str:
    """Return the policy's color; a function of your own has one that no policy has."""
    return color_of(result.policy) if result.policy in POLICIES else YOURS


def _connecting(result: StormResult, at: float) -> list[int]:
    first = bisect_right(result.tries, (at - CONNECTING_S, inf))
    return [number for _, number in result.tries[first : bisect_right(result.tries, (at, inf))]]


def _moments(results: list[StormResult]) -> list[float]:
    """Return the drop, the first storm's worst crowd, when half of the last one's clients are back, and the ends."""
    first = results[0].arrivals
    crowd = (first.index(max(first)) + 1) / 10 if first else 0.0
    ends = [_all_back(each) for each in results]
    return sorted({0.0, crowd, _half_back(results[-1]), min(ends), max(ends)})


def _half_back(result: StormResult) -> float:
    counts = list(accumulate(result.let_in))
    return (bisect_left(counts, counts[-1] / 2) + 1) / 10 if counts else 0.0


def _all_back(result: StormResult) -> float:
    """Return when the last client that came back was in; where clients are missing, when the last one tried."""
    last = max((at for at in result.back_at if at is not None), default=0.0)
    if result.back < result.clients:
        last = max(last, result.tries[-1][0] if result.tries else 0.0)
    return ceil(10 * last) / 10
