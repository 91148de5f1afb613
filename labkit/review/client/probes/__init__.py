"""The probes of clients: one file a failure mode, in a folder a chapter.

entry  how does the client come in?
codes  does it do what the close code says?
waits  do its reconnects become a storm?
words  is what was said lost, or said twice?
line   does it notice a dead line, and live with a newer server?
"""

from labkit.review.probe import load

CLIENT_CHAPTERS = ("entry", "codes", "waits", "words", "line")
CLIENT_PROBES = load(__name__, CLIENT_CHAPTERS)
