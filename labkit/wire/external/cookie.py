"""A session cookie that a web application sets: the claims of `external.claims`, signed with a key that both share.

A browser sends a cookie with every handshake, also with one that a foreign page began. So a cookie counts only where
`Origin` proves that the page belongs to the server (`Admission.owns_cookies`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from labkit.rules.grants import Grants
from labkit.wire.external.claims import NO_ROOMS, ROOMS_CLAIM, External, read_claims, refuse
from labkit.wire.keyfile import Key

SALT = "labkit.session-cookie"
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 6265, section 4.1.1


class SessionCookie:
    """Signs and checks the cookie. Raises ValueError if no cookie can have that name."""

    def __init__(
        self, name: str, key: Key, *, rooms_claim: str = ROOMS_CLAIM, default_rooms: Grants = NO_ROOMS
    ) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r:.100} is no name of a cookie; use letters, digits, - and _")
        self.name = name
        self._serializer = URLSafeSerializer(key.secret, salt=SALT)
        self._rooms_claim = rooms_claim
        self._default_rooms = default_rooms

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return the value that a web application sets. docs/identity.md shows it without labkit."""
        signed = self._serializer.dumps(dict(claims))
        return signed.decode() if isinstance(signed, bytes) else signed

    def read(self, headers: Sequence[str], now: float, *, is_own_page: bool) -> External | None:
        """Check the values of the `Cookie` headers. Return None without the cookie. Raises NotAccepted."""
        values = [value for header in headers for name, value in _pairs(header) if name == self.name]
        if not values:
            return None
        if not is_own_page:
            raise refuse("the cookie came without an Origin of this server; name the page's with --allow-origin")
        if len(values) > 1:  # another host of the domain can add one, and the order is the browser's
            raise refuse("the cookie came more than once")
        try:
            claims = self._serializer.loads(values[0])
        except (BadData, UnicodeEncodeError, RecursionError):
            raise refuse("the cookie's signature does not match the key") from None
        if not isinstance(claims, dict):
            raise refuse("the cookie holds no claims")
        return read_claims(claims, now, self._rooms_claim, self._default_rooms)


def _pairs(header: str) -> list[tuple[str, str]]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return [(name.strip(), value.strip()) for name, _, value in pairs]
