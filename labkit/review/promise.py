"""Whose promise a probe judges. A danger harms users, whatever was promised; a convention is a matter of taste."""

from typing import Literal

Profile = Literal["core", "article", "full", "client"]
PROFILES = ("core", "article", "full")  # each contains the ones before it
DANGER = "dangerous in any server"
ARTICLE = "the article's server"
KIT = "labkit's protocol"


def rfc(section: str) -> str:
    """Return the name of a promise of RFC 6455, the standard that every WebSocket server claims to follow."""
    return f"RFC 6455 {section}"


def is_convention(promise: str) -> bool:
    """Return whether a server that never promised this may do otherwise without harm."""
    return promise in (ARTICLE, KIT)
