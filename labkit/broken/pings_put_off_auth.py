"""The auth timer starts again with every byte, as an idle timeout would."""

from labkit.broken.planted import Planted
from labkit.rules.session import State
from labkit.wire.connection import Connection

FOUND_BY = ("auth/5",)


class Patient(Connection):
    """Counts any byte as a sign of good will."""

    def data_received(self, data: bytes) -> None:
        """Bytes came: begin to wait anew."""
        super().data_received(data)
        if self.session.state is State.AUTHENTICATING:
            self._start_deadline(self.hub.state.limits.auth_timeout_s)


class Broken(Planted):
    """Our server with this fault."""

    connection = Patient
