"""The configuration of a lab's server: users and their codes, secrets, limits, and a folder.

config.options(), config.environment()       for a server process
config.server(port)                          for a server in this process
"""

import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labkit.rules.limits import Limits
from labkit.rules.origin import OPAQUE
from labkit.wire.http.users import read_users
from labkit.wire.server import Server

ALL_ROOMS = "*"


class LabConfig:
    """The configuration of one lab. No two labs share a secret or a file.

    The dev token is random, so a page opened from a file may connect: only the learner can have given it the token.
    """

    def __init__(self, users: tuple[str, ...], rooms: Mapping[str, str], limits: dict[str, Any]) -> None:
        """`rooms` maps users who may not enter every room to their grants. Raises BadLimit."""
        self.token, self.ops_token = secrets.token_urlsafe(12), secrets.token_urlsafe(12)
        self.codes = {user: secrets.token_urlsafe(9) for user in users}
        self._limits: dict[str, Any] = {}
        self.limit(limits)
        self.folder = Path(tempfile.mkdtemp(prefix="labkit-"))
        self.audit = self.folder / "audit.db"
        self._users = self.folder / "users.csv"
        self._users.touch(0o600)
        lines = [f"{user},{code},{rooms.get(user, ALL_ROOMS)}" for user, code in self.codes.items()]
        self._users.write_text("\n".join(["name,code,rooms", *lines, ""]), encoding="utf-8")

    def limit(self, limits: dict[str, Any]) -> None:
        """Change limits for the next start. Raises BadLimit here rather than in the server process."""
        self.limits = Limits().set(self._limits | limits)
        self._limits |= limits

    def options(self) -> list[str]:
        """Return the options for `labkit serve`. Secrets are not among them, because process lists show options."""
        lines = [f"{name}={'off' if value is None else value}" for name, value in self._limits.items()]
        settings = [part for line in lines for part in ("--set", line)]
        return ["--users", str(self._users), "--audit", str(self.audit), "--allow-origin", OPAQUE, *settings]

    def environment(self) -> dict[str, str]:
        """Return the secrets as environment variables for `labkit serve`."""
        return {"DEV_TOKEN": self.token, "OPS_TOKEN": self.ops_token}

    def server(self, port: int, **own: Any) -> Server:
        """Create a server with this configuration in this process, and perhaps with classes of your own."""
        return Server(
            "127.0.0.1",
            port,
            token=self.token,
            users=read_users(self._users),
            ops_token=self.ops_token,
            allow_origins=[OPAQUE],
            audit=self.audit,
            limits=self.limits,
            **own,
        )

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
