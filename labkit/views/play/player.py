"""Show recordings in a notebook: a moving picture while an experiment is played, and a film strip afterwards."""

import asyncio
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.display import display

from labkit.bench.play.plan import DISK, HISTORY, OUTBOX
from labkit.bench.play.recording import Comparison, Recording
from labkit.bench.play.talk import Talk
from labkit.text.html import Markup, fill
from labkit.views.display import show
from labkit.views.play import compared, disk, disk_series, history, history_series, pipeline, series, strip, talk
from labkit.views.play.shapes import Picture, Shape, changes, svg

FRAMES_PER_S = 8
HERE = Path(__file__).parent
CSS = Markup((HERE / "play.css").read_text(encoding="utf-8"))
HEIGHT = pipeline.HEIGHT + series.HEIGHT
DRAWN = {
    OUTBOX: (pipeline.picture, series.picture),
    DISK: (disk.picture, disk_series.picture),
    HISTORY: (history.picture, history_series.picture),
}


class Screen(anywidget.AnyWidget):
    """The browser's half: play.js and play.css."""

    _esm = HERE / "play.js"
    _css = HERE / "play.css"
    svg: Any = traitlets.Unicode().tag(sync=True)
    seconds: Any = traitlets.Float(0.0).tag(sync=True)  # of the slider; 0 for none


class Projection:
    """A recording on a screen."""

    def __init__(self, run: Recording | Talk, seconds: float = 0.0) -> None:
        self.frames = 0
        self._run = run
        self._drawn = frame(run, seconds or run.now)
        self.screen = Screen(svg=svg(self._drawn, height(run), str(run.plan)), seconds=seconds)
        self.screen.on_msg(self._asked)

    def draw(self, at: float) -> None:
        """Send what changed, if anything did."""
        drawn = frame(self._run, at)
        changed = changes(self._drawn, drawn)
        if changed["set"] or changed["gone"]:
            self._drawn = drawn
            self.frames += 1
            self.screen.send({**changed, "words": _words(self._run, at)})

    def _asked(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Draw the slider's time, or everything for a screen that has just been opened."""
        if "at" in message:
            self.draw(min(max(0.0, float(message["at"])), self._run.now))
        else:
            self.screen.send({**changes({}, self._drawn), "words": ""})


class Player:
    """Draws recordings; `Recording.viewer` in a notebook."""

    async def watch(self, recording: Recording | Talk) -> None:
        """Show the moving picture until the experiment is over, then leave the film strip."""
        projection = Projection(recording)
        shown = show(projection.screen, str(recording.plan))
        try:
            while not recording.is_over:
                projection.draw(recording.now)
                await asyncio.sleep(1 / FRAMES_PER_S)
        finally:
            projection.screen.close()
            if shown is not None:
                shown.update({"text/plain": str(recording.plan)}, raw=True)
            display(still(recording), raw=True)  # type: ignore[no-untyped-call]

    def show(self, recording: Recording) -> None:
        """Show a finished recording with a slider."""
        show(Projection(recording, max(recording.now, 0.1)).screen, f"{recording!r}; {recording.story}")


def frame(run: Recording | Talk, at: float) -> Picture:
    """Return the moving picture at a time, with the charts below it."""
    if isinstance(run, Talk):
        return talk.picture(run, at)
    above, below = DRAWN[run.plan.about]
    return {**above(run, at), **_lower(below(run, at))}


def height(run: Recording | Talk) -> float:
    """Return the height of the moving picture."""
    return talk.height(run) if isinstance(run, Talk) else HEIGHT


def still(run: Recording | Talk) -> dict[str, str]:
    """Return the film strip with the charts, as what a notebook saves. Its text has no measured figures."""
    if isinstance(run, Talk):
        drawn = talk.picture(run, run.now)
        return {"text/html": part(drawn, height(run), run.story, run.text()), "text/plain": run.story}
    _, below = DRAWN[run.plan.about]
    drawn = {**strip.picture(run), **_lower(below(run, run.now))}
    return {"text/html": part(drawn, HEIGHT, run.story, run.text()), "text/plain": run.story}


def comparison(both: Comparison) -> str:
    """Return two recordings on the same axes as HTML."""
    story = f"before: {both.before.story}; after: {both.after.story}"
    return part(compared.picture(both), series.HEIGHT, story, both.text())


def part(drawn: Picture, height: float, story: str, text: str) -> str:
    """Return a picture as one element, with its text. Everything after the story may differ from run to run."""
    twin = fill("<details><summary>As text</summary><pre>{}</pre></details>", text)
    template = '<div class="labkit-play" data-story="{}"><style>{}</style>{}{}</div>'
    return str(fill(template, story, CSS, svg(drawn, height, story), twin))


def _lower(picture: Picture) -> Picture:
    """Move the charts below the picture."""
    return {f"chart {key}": _moved(shape) for key, shape in picture.items()}


def _moved(shape: Shape) -> Shape:
    return shape._replace(attributes={**shape.attributes, "transform": f"translate(0 {pipeline.HEIGHT})"})


def _words(run: Recording | Talk, at: float) -> str:
    """Return the last thing that happened, for a screen reader."""
    if isinstance(run, Talk):
        return str(run.verdicts[-1]) if run.verdicts else ""
    marks = [mark for mark in sorted(run.marks) if mark.at <= at]
    if not marks:
        return ""
    first, second = pipeline.headline(marks[-1])
    lost = run.lost_at(at)
    return " \u2013 ".join(filter(None, (first, second or (f"{lost} messages lost" if lost else ""))))
