"""The options of `labkit serve` for identities that another system vouches for."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labkit.commands.failing import CannotRun
from labkit.rules.grants import BadGrant, Grants
from labkit.wire.keyfile import KeyFileError, load_key

if TYPE_CHECKING:  # it imports PyJWT, which most servers do not need
    from labkit.wire.external.identities import Identities

_FILE = click.Path(path_type=Path)
_OPTIONS = (
    click.option("--jwt-key", type=_FILE, help="Accept JSON Web Tokens: a public key (PEM) or a shared secret."),
    click.option("--jwks", type=_FILE, help="Accept JSON Web Tokens: a key set, read at start."),
    click.option("--jwt-audience", metavar="NAME", help="The audience (aud) that each token must name."),
    click.option("--jwt-issuer", metavar="NAME", help="The issuer (iss) that each token must name."),
    click.option("--session-cookie", metavar="NAME", help="Accept a signed cookie of this name. Needs --cookie-key."),
    click.option("--cookie-key", type=_FILE, help="The key of the cookie: 64 hex digits."),
    click.option("--gateway", multiple=True, metavar="ADDRESS", help="A gateway's address or network. Repeatable."),
    click.option("--gateway-header", metavar="NAME", help="The header in which a gateway names the user."),
    click.option("--gateway-rooms", metavar="NAME", help="The header in which a gateway names the user's rooms."),
    click.option("--rooms-claim", metavar="NAME", help="The claim that names the user's rooms.  [default: rooms]"),
    click.option(
        "--default-rooms", metavar="ROOMS", help="Rooms for users whose identity names none, such as 'room:* news=r'."
    ),
)
# Options that have no effect unless at least one of the listed options is given
_NEEDS = {
    "jwt_audience": ("jwt_key", "jwks"),
    "jwt_issuer": ("jwt_key", "jwks"),
    "session_cookie": ("cookie_key",),
    "cookie_key": ("session_cookie",),
    "gateway": ("gateway_header",),
    "gateway_header": ("gateway",),
    "gateway_rooms": ("gateway_header",),
    "rooms_claim": ("jwt_key", "jwks", "session_cookie"),
    "default_rooms": ("jwt_key", "jwks", "session_cookie", "gateway_header"),
}


def identity_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def identities_of(token: str, **options: Any) -> "Identities | None":
    """Return the identities that the options accept, or None if they accept none.

    `token`: the dev token. Raises CannotRun.
    """
    for name, others in _NEEDS.items():
        if options.get(name) and not any(options.get(other) for other in others):
            raise CannotRun(f"{_flag(name)} has no effect without {' or '.join(map(_flag, others))}")
    if options.get("jwt_key") and options.get("jwks"):
        raise CannotRun("--jwt-key and --jwks both name keys; put them all into the key set, and omit --jwt-key")
    if not any(options.get(name) for name in ("jwt_key", "jwks", "session_cookie", "gateway_header")):
        return None
    return _made(token, options)


def ways_of(**options: Any) -> list[str]:
    """Return how users sign in with these identities, one phrase for each way."""
    ways = ["token: a JSON Web Token"] if options["jwt_key"] or options["jwks"] else []
    if options["session_cookie"] or options["gateway_header"]:
        ways.append("token: handshake, with the cookie or through the gateway")
    return ways


def _made(token: str, options: dict[str, Any]) -> "Identities":
    from labkit.wire.external.claims import ROOMS_CLAIM
    from labkit.wire.external.cookie import SessionCookie
    from labkit.wire.external.gateway import Gateway
    from labkit.wire.external.identities import HANDSHAKE, Identities
    from labkit.wire.external.token_keys import BadTokenKey, read_key, read_key_set
    from labkit.wire.external.tokens import Tokens

    if token == HANDSHAKE:
        raise CannotRun(f"--token {HANDSHAKE} would hide the identity that a handshake brings; choose another")
    rooms = _default_rooms(options["default_rooms"])
    claim = options["rooms_claim"] or ROOMS_CLAIM
    tokens = cookie = gateway = None
    try:
        if options["jwt_key"] or options["jwks"]:
            keys = read_key(options["jwt_key"]) if options["jwt_key"] else read_key_set(options["jwks"])
            whose = {"audience": options["jwt_audience"], "issuer": options["jwt_issuer"]}
            tokens = Tokens(keys, rooms_claim=claim, default_rooms=rooms, **whose)
        if options["session_cookie"]:
            key = load_key(options["cookie_key"])
            cookie = SessionCookie(options["session_cookie"], key, rooms_claim=claim, default_rooms=rooms)
        if options["gateway_header"]:
            names = options["gateway_header"], options["gateway_rooms"]
            gateway = Gateway(options["gateway"], names[0], rooms_header=names[1], default_rooms=rooms)
    except (BadTokenKey, KeyFileError, ValueError) as error:
        raise CannotRun(str(error)) from None
    return Identities(tokens, cookie, gateway)


def _default_rooms(text: str | None) -> Grants:
    try:
        return Grants.from_text(text or "")
    except BadGrant as error:
        raise CannotRun(f"--default-rooms: {error}") from None


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
