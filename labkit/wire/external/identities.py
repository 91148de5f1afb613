"""All identities from elsewhere that one server accepts.

A token comes in `auth`. A cookie or a gateway's header comes with the handshake, and `{"type": "auth", "token":
"handshake"}` uses it, so a client says what it is about, and every connection still begins with `auth`.
"""

from collections.abc import Callable

from labkit.wire.external.claims import External, NotAccepted, Refusal, refuse
from labkit.wire.external.cookie import SessionCookie
from labkit.wire.external.gateway import Gateway
from labkit.wire.external.tokens import Tokens, looks_like_token

HANDSHAKE = "handshake"
Headers = Callable[[str], list[str]]  # by name: all values, in order


class Identities:
    """Reads identities. Whatever is None is not accepted."""

    def __init__(
        self, tokens: Tokens | None = None, cookie: SessionCookie | None = None, gateway: Gateway | None = None
    ) -> None:
        self._tokens = tokens
        self._cookie = cookie
        self._gateway = gateway

    def of_handshake(
        self, address: str, headers: Headers, now: float, *, is_own_page: bool, good_for_s: float
    ) -> External | Refusal | None:
        """Return the user of a handshake, why it has none, or None if it brings nothing of the kind.

        `is_own_page`: the page's Origin lets its cookie count. `good_for_s`: how long a gateway's word is good for. A
        gateway's header wins over a cookie.
        """
        try:
            if self._gateway is not None:
                users, *others = (headers(name) for name in self._gateway.headers)
                rooms = others[0] if others else []
                if users or rooms:
                    return self._gateway.read(address, users, rooms, now, good_for_s)
            if self._cookie is not None:
                return self._cookie.read(headers("Cookie"), now, is_own_page=is_own_page)
        except NotAccepted as refused:
            return refused.refusal
        return None

    def of_token(self, token: str, handshake: External | Refusal | None, now: float) -> External | None:
        """Return the user of a credential; None if it is not one of these kinds. Raises NotAccepted."""
        if token == HANDSHAKE:
            if handshake is None:
                raise refuse("the handshake brought no identity")
            if isinstance(handshake, Refusal):
                raise NotAccepted(handshake)
            return handshake
        if self._tokens is not None and looks_like_token(token):
            return self._tokens.read(token, now)
        return None
