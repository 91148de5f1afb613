"""A breach of RFC 6455 ends the process: nobody listens to the error event. A supervisor starts it again."""

from labkit.broken.planted import Planted, end_everybody
from labkit.wire.connection import Connection

FOUND_BY = ("protocol/1", "protocol/3", "protocol/6", "protocol/7", "protocol/8")


class Fragile(Connection):
    """Passes the parser's error on to everybody."""

    def _notice_protocol_close(self) -> None:
        if self.frames.parser_exc is not None and self.frames.close_rcvd is None and self.frames.close_sent is not None:
            end_everybody(self.hub)
        super()._notice_protocol_close()


class Broken(Planted):
    """Our server with this fault."""

    connection = Fragile
