"""The probes: one folder per chapter, with related failure modes in one file. Each chapter answers a question.

auth        can a client join or chat before auth?
secrets     can secrets leak into URLs, logs or error messages?
rooms       can a client send to, or receive from, a room that it has not joined?
storms      can reconnects become a storm?
heartbeat   are dead connections removed?
slow        are slow consumers handled?
audit       are events recorded outside delivery?
validation  is every message validated by type, size and content?
protocol    does the server survive clients that violate RFC 6455?
"""

from labkit.review.probe import load

CHAPTERS = ("auth", "secrets", "rooms", "storms", "heartbeat", "slow", "audit", "validation", "protocol")
PROBES = load(__name__, CHAPTERS)
