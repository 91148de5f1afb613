"""Faults in how a client connects and joins."""

import asyncio
from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.wire.client.link import Link
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.state import ClientState


class LobbyBeforeAuthOk(Planted):
    """The client joins a room as soon as the connection is open, before `auth_ok`."""

    found_by = ("entry/1",)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, on_state=self._join_lobby_early, **options)

    def _join_lobby_early(self, state: ClientState) -> None:
        if state is ClientState.AUTHENTICATING:  # call_soon sends it right after auth
            asyncio.get_running_loop().call_soon(self._send, {"type": "join", "roomId": "lobby"})


class ChatsBeforeJoined(Planted):
    """The client sends chats right after `join`, before `joined`, so the server closes with 1008."""

    found_by = ("entry/2",)

    async def join(self, room_id: str) -> ClientRoom:
        room = self._new_room(room_id)
        self._requests.join(room_id, None)
        return room

    def _is_in(self, room_id: str) -> bool:
        return self.state is ClientState.OPEN and room_id in self.rooms


class TokenInTheUrl(Planted):
    """The client also sends its token in the URL's query, where every server on the way logs it."""

    found_by = ("entry/3",)

    def __init__(self, url: str, ticket: str, **options: Any) -> None:
        self.link = lambda url, *others: Link(f"{url}/?token={ticket}", *others)
        super().__init__(url, ticket, **options)
