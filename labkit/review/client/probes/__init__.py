"""The probes of clients: one folder per chapter, with related failure modes in one file.

entry  does the client authenticate and join in the right order?
codes  does it react to each close code as the protocol requires?
waits  can its reconnects become a storm?
words  are messages lost or sent twice?
line   does it notice a dead connection, and tolerate a newer server?
"""

from labkit.review.probe import load

CLIENT_CHAPTERS = ("entry", "codes", "waits", "words", "line")
CLIENT_PROBES = load(__name__, CLIENT_CHAPTERS)
