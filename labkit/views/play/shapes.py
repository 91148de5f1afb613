"""SVG shapes with keys, so that the next picture can be sent as the changes to this one."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from labkit.bench.play.recording import Recording, Sample
from labkit.text.digits import digits
from labkit.text.html import Markup, fill, join

WIDTH = 900
HATCH = Markup(
    '<defs><pattern id="labkit-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="under" width="6" height="6"/><path class="hatch" d="M0 0V6"/></pattern></defs>'
)


class Shape(NamedTuple):
    """One SVG element."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


Picture = dict[str, Shape]


def rect(css: str, x: float, y: float, width: float, height: float, corner: float = 0) -> Shape:
    """Return a rectangle."""
    return Shape("rect", _attributes(css, x=x, y=y, width=max(0.0, width), height=max(0.0, height), rx=corner))


def line(css: str, x1: float, y1: float, x2: float, y2: float) -> Shape:
    """Return a line."""
    return Shape("line", _attributes(css, x1=x1, y1=y1, x2=x2, y2=y2))


def path(css: str, drawn: str) -> Shape:
    """Return a path."""
    return Shape("path", {"class": css, "d": drawn})


def dot(css: str, x: float, y: float) -> Shape:
    """Return a message."""
    return Shape("circle", _attributes(css, cx=x, cy=y, r=4.0))


def words(css: str, x: float, y: float, text: str, anchor: str = "start") -> Shape:
    """Return a text."""
    return Shape("text", {**_attributes(css, x=x, y=y), "text-anchor": anchor}, text)


def svg(picture: Picture, height: float, label: str) -> Markup:
    """Return a picture as an SVG element that is as wide as its place."""
    body = join("{}", ((_element(key, shape),) for key, shape in picture.items()))
    head = '<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>'
    return fill(head, WIDTH, f"{height:g}", label, HATCH, body)


def changes(before: Picture, after: Picture) -> dict[str, Any]:
    """Return what turns one picture into the next."""
    changed = [[key, *shape] for key, shape in after.items() if before.get(key) != shape]
    return {"set": changed, "gone": [key for key in before if key not in after]}


def size(number: float) -> str:
    """Return a number of bytes in kB or MB."""
    return f"{digits(number / 1e6)} MB" if number >= 1e6 else f"{number / 1000:.0f} kB"


def shares(run: Recording, sample: Sample) -> tuple[float, float]:
    """Return how full an outbox is, as shares of its byte limit and of its age limit."""
    limits = run.plan.limits
    if not sample.is_connected:
        return 0.0, 0.0
    age = sample.outbox_age_s / limits.outbox_age_s if limits.outbox_age_s else 0.0
    return sample.outbox_bytes / limits.outbox_bytes, age


def _element(key: str, shape: Shape) -> Markup:
    attributes = join(' {}="{}"', shape.attributes.items())
    return fill('<{} data-key="{}"{}>{}</{}>', shape.tag, key, attributes, shape.text, shape.tag)


def _attributes(css: str, **numbers: float) -> dict[str, str]:
    return {"class": css, **{name: f"{round(number, 1):g}" for name, number in numbers.items()}}


def prefixed(prefix: str, picture: Mapping[str, Shape]) -> Picture:
    """Return a picture whose keys begin with a prefix."""
    return {f"{prefix} {key}": shape for key, shape in picture.items()}
