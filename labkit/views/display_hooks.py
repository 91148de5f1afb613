"""Tell Jupyter how to display results of lower layers, which have no code for pictures.

`register` runs when `labkit.views` is imported in a kernel; elsewhere it does nothing.
"""

from collections.abc import Callable
from typing import Any

from IPython import get_ipython
from matplotlib.figure import Figure

from labkit import classroom
from labkit.bench.play.recording import Comparison as TwoRecordings
from labkit.bench.play.recording import Recording
from labkit.bench.slow.trace import SlowComparison
from labkit.bench.storm.run import Storms
from labkit.bench.timeline.merge import Timeline
from labkit.bench.transports.compare import Comparison
from labkit.review import Report
from labkit.review.html import part
from labkit.views import sentences, slow_policies, storm, timeline, transports
from labkit.views.play import player
from labkit.views.still_charts import png

PICTURES: dict[type, Callable[[Any], Figure]] = {
    Comparison: transports.picture,
    SlowComparison: slow_policies.picture,
    Storms: storm.picture,
    Timeline: timeline.picture,
}
PARTS: dict[type, Callable[[Any], str]] = {
    Report: part,
    Recording: lambda run: player.still(run)["text/html"],
    TwoRecordings: player.comparison,
}


def register() -> None:
    """Register PICTURES as PNG and PARTS as HTML without scripts, keep their repr as text, and install `sentences`.

    In a class, also begin to report, and to show what the instructor sends.
    """
    shell = get_ipython()
    if shell is None:
        return
    formatter = shell.display_formatter.formatters["image/png"]
    for kind, draw in PICTURES.items():
        formatter.for_type(kind, lambda value, draw=draw: png(draw(value)))
    for kind, write in PARTS.items():
        shell.display_formatter.formatters["text/html"].for_type(kind, write)
    Recording.viewer = player.Player()
    classroom.start()
    sentences.install(shell)
