"""The probes: one file a failure mode, in a folder a chapter. The chapters are the questions of a review.

auth        can a client join or chat before auth?
secrets     can secrets leak into URLs, logs or error messages?
rooms       can a client send to, or hear from, a room that is not its own?
storms      can reconnects become a storm?
heartbeat   are dead connections removed?
slow        are slow consumers handled?
audit       is there a log outside delivery?
validation  is every message judged by type, size and content?
protocol    does the server survive peers that break RFC 6455?
"""

from labkit.review.probe import load

CHAPTERS = ("auth", "secrets", "rooms", "storms", "heartbeat", "slow", "audit", "validation", "protocol")
PROBES = load(__name__, CHAPTERS)
