"""Each try gets a new requestId, so the server cannot know a chat again, and says it twice."""

import uuid

from labkit.broken_clients.planted import Planted
from labkit.wire.client.publisher import Publisher

FOUND_BY = ("words/1",)


class Renaming(Publisher):
    """Names what was not confirmed anew."""

    def disconnected(self) -> None:
        """Nothing is on its way any more."""
        super().disconnected()
        for publication in self.unsent:
            self.unsent.done(publication)
            old, publication.request_id = publication.request_id, str(uuid.uuid4())
            publication.body = publication.body.replace(old.encode(), publication.request_id.encode())
            self.unsent.add(publication, {})


class Broken(Planted):
    """Our client with this fault."""

    publisher = Renaming
