"""Refuse a Python that is too old in one sentence, where pip would name some dependency that it cannot find."""

import sys

from hatchling.metadata.plugin.interface import MetadataHookInterface


class OldPython(MetadataHookInterface):
    """Runs first of all that pip does with a clone."""

    def update(self, metadata):  # noqa: D102
        if sys.version_info < (3, 11):  # noqa: UP036
            sys.exit(
                "labkit needs Python 3.11 or newer, and this is Python {}.{}; install a newer one, and use its own "
                "pip: python3.13 -m pip, or on Windows py -3.13 -m pip".format(*sys.version_info)
            )
