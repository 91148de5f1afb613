"""`labkit class pack`: build one file that installs the course without internet access."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import click

from labkit.classroom.pack.making import CannotPack, download, plan, write
from labkit.classroom.pack.targets import PYTHONS, SYSTEMS, targets
from labkit.commands.failing import CannotRun
from labkit.commands.output import OutputFile
from labkit.platform.caches import cache_folder

EXAMPLES = """\b
Examples:
  labkit class pack                                   # every system and version of Python
  labkit class pack --system windows,macos --python 3.13
"""
EVERY_S = 1.0
MB = 1_000_000


def _listed(known: tuple[str, ...]) -> Callable[[click.Context, click.Parameter, str], tuple[str, ...]]:
    """Return a callback that parses a comma-separated list, in which `3.11..3.13` is a range."""

    def read(_ctx: click.Context, _option: click.Parameter, text: str) -> tuple[str, ...]:
        chosen: list[str] = []
        for word in filter(None, (word.strip().lower() for word in text.split(","))):
            first, dots, last = word.partition("..")
            if first not in known or (dots and last not in known):
                raise click.BadParameter(f"{word!r} is not one of {', '.join(known)}")
            chosen += known[known.index(first) : known.index(last or first) + 1]
        if not chosen:
            raise click.BadParameter(f"no such name; choose from {', '.join(known)}")
        return tuple(dict.fromkeys(chosen))

    return read


@click.command(epilog=EXAMPLES)
@click.option("--out", type=OutputFile(), default=Path("labkit-pack.zip"), show_default=True)
@click.option(
    "--python",
    "pythons",
    default="3.11..3.14",
    show_default=True,
    callback=_listed(PYTHONS),
    help="Python versions, separated by commas or as a range.",
)
@click.option(
    "--system", "systems", default=",".join(SYSTEMS), show_default=True, callback=_listed(SYSTEMS), help="Systems."
)
def pack(out: Path, pythons: tuple[str, ...], systems: tuple[str, ...]) -> None:
    """Build a pack: the course, the packages that it needs on each system, and their checksums.

    Building needs the internet and uv; installing needs neither. Downloads are cached, and resumed if they break off.
    `labkit class start --pack FILE` offers the pack to the class at /setup. To install from a USB stick, unpack it and
    run `python3 install.py`.
    """
    out = out.absolute()
    if not out.parent.is_dir():
        raise CannotRun(f"there is no folder {out.parent}; make it first, or name another with --out")
    cache = cache_folder("wheels")
    try:
        with tempfile.TemporaryDirectory(prefix="labkit-pack-") as folder:
            planned = plan(targets(pythons, systems), Path(folder), lambda line: click.echo(line, err=True))
            download(planned.wheels, cache, _Shown())
            write(planned, cache, out)
    except CannotPack as error:
        raise CannotRun(str(error)) from None
    size = out.stat().st_size / MB
    click.echo(f"{out}: {size:.0f} MB, {len(planned.wheels) + 1} wheels for {len(planned.by_target)} targets")
    click.echo(f"offer it: labkit class start --lan --tls --pack {out.name}")


class _Shown:
    """Prints how much has been downloaded, about once per second."""

    def __init__(self) -> None:
        self._at = monotonic()

    def __call__(self, there: int, total: int) -> None:
        now = monotonic()
        if now - self._at >= EVERY_S and total:
            self._at = now
            click.echo(f"downloaded {there / MB:.0f} of {total / MB:.0f} MB", err=True)
