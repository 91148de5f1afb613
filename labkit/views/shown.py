"""How Jupyter shows the values of the lower floors: they know nothing of pictures, so it is said here.

`register` runs when `labkit.views` is imported in a kernel; elsewhere it does nothing.
"""

from collections.abc import Callable
from typing import Any

from IPython import get_ipython
from matplotlib.figure import Figure

from labkit.bench.slow_trace import SlowComparison
from labkit.bench.storm import Storms
from labkit.bench.timeline import Timeline
from labkit.bench.transports import Comparison
from labkit.views import slow_policies, storm, timeline, transports
from labkit.views.frozen import png

PICTURES: dict[type, Callable[[Any], Figure]] = {
    Comparison: transports.picture,
    SlowComparison: slow_policies.picture,
    Storms: storm.picture,
    Timeline: timeline.picture,
}


def register() -> None:
    """Show each of PICTURES as a PNG; its repr stays its text."""
    shell = get_ipython()
    if shell is None:
        return
    formatter = shell.display_formatter.formatters["image/png"]
    for kind, draw in PICTURES.items():
        formatter.for_type(kind, lambda value, draw=draw: png(draw(value)))
