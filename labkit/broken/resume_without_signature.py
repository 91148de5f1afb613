"""The resume credential is signed, and the signature is not looked at."""

from typing import Any

from labkit.broken.planted import Planted
from labkit.rules.session import Identity
from labkit.wire.hub import Hub

FOUND_BY = ("auth/13",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Compare everything but the signature."""
        issue, admit, issued = hub.state.sessions.resume, hub.state.sessions.admit, dict[str, str]()

        def issue_and_keep(identity: Identity) -> str:
            credential = issue(identity)
            issued[credential.rpartition(".")[0]] = credential
            return credential

        def admit_unsigned(token: str, **how: Any) -> Any:
            return admit(issued.get(token.rpartition(".")[0], token), **how)

        hub.state.sessions.resume = issue_and_keep  # type: ignore[method-assign]
        hub.state.sessions.admit = admit_unsigned  # type: ignore[method-assign]
