"""JSON Web Tokens (RFC 7519), sent as `auth.token`.

A key decides the algorithm, never the token: a token that names another one, or none, is refused (RFC 8725, section
3.1). Claims are checked in `external.claims`, on our own clock.
"""

from collections.abc import Mapping
from typing import Any

import jwt
from jwt.types import Options

from labkit.rules.grants import Grants
from labkit.wire.external.claims import NO_ROOMS, ROOMS_CLAIM, External, NotAccepted, read_claims, refuse
from labkit.wire.external.token_keys import TokenKey

# The times are checked on our own clock
_OPTIONS: Options = {
    "require": ["exp", "sub"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_sub": False,
}
_WHY: dict[type[Exception], str] = {
    jwt.InvalidSignatureError: "the signature does not match the key",
    jwt.InvalidAlgorithmError: "its algorithm is not the one of the key",
    jwt.InvalidAudienceError: "it is for another audience, or names none; see --jwt-audience",
    jwt.InvalidIssuerError: "it comes from another issuer, or names none; see --jwt-issuer",
}
_SAME_AS_FORGED = "it is no token that a key of this server signed"


def looks_like_token(text: str) -> bool:
    """Return whether a credential is written like a signed token: a JSON object in Base64, and two more parts."""
    return text.startswith("eyJ") and text.count(".") == 2


class Tokens:
    """Checks tokens with fixed keys."""

    def __init__(
        self,
        keys: Mapping[str | None, TokenKey],
        *,
        audience: str | None = None,
        issuer: str | None = None,
        rooms_claim: str = ROOMS_CLAIM,
        default_rooms: Grants = NO_ROOMS,
    ) -> None:
        """`keys` by their id (`kid`). A key under None checks every token that names no key, and is then the only one.

        A token with an audience is refused unless `audience` names it.
        """
        self._keys = dict(keys)
        self._audience = audience
        self._issuer = issuer
        self._rooms_claim = rooms_claim
        self._default_rooms = default_rooms

    def read(self, token: str, now: float) -> External:
        """Check a token. Raises NotAccepted: 4419 if all but its expiry is right, otherwise 4403."""
        try:
            claims = self._verified(token)
        except NotAccepted:
            raise
        except jwt.MissingRequiredClaimError as error:
            raise refuse(f"the claim {error.claim} is missing") from None
        except jwt.PyJWTError as error:
            raise refuse(_WHY.get(type(error), _SAME_AS_FORGED)) from None
        except (ValueError, TypeError, RecursionError):  # what a stranger writes reaches the library's parsers
            raise refuse(_SAME_AS_FORGED) from None
        return read_claims(claims, now, self._rooms_claim, self._default_rooms)

    def _verified(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        key = self._key(header.get("kid"))
        return jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm],
            audience=self._audience,
            issuer=self._issuer,
            options=_OPTIONS,
        )

    def _key(self, key_id: object) -> TokenKey:
        """Return the key that a token names. The name is not signed yet, so it may only choose among our keys."""
        only = self._keys.get(None)
        if only is not None:
            return only
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if not isinstance(key_id, str) or key_id not in self._keys:
            raise refuse("it names no key of the key set, which was read when the server started")
        return self._keys[key_id]
