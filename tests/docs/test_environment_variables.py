"""Every environment variable of ours is in a document or in the help of a verb."""

import re
from collections.abc import Iterator

import click

from labkit.cli import main
from tests.docs.pages import ROOT
from tests.package import modules

OURS = re.compile(r"[\"'](LABKIT_[A-Z_]+|DEV_TOKEN|OPS_TOKEN|CLUSTER_KEY|BROKER_TOKEN|XDG_STATE_HOME)[\"']")


def helps(command: click.Command, context: click.Context) -> Iterator[str]:
    """The help of a verb and of all below it."""
    yield command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from helps(below, click.Context(below, parent=context, info_name=name))


def test_every_variable_that_people_may_set_is_documented() -> None:
    used = {name for path in modules() for name in OURS.findall(path.read_text(encoding="utf-8"))}
    assert {"LABKIT_HOME", "LABKIT_SEED", "OPS_TOKEN"} <= used  # the pattern finds them
    pages = [path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]]
    told = "\n".join([*pages, *helps(main, click.Context(main, info_name="labkit"))])
    assert sorted(name for name in used if not re.search(rf"\b{name}\b", told)) == []
