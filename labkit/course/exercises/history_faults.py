"""How answers to 03-history go wrong, and what is said of each: to the board, and to its author in three steps."""

from labkit.course.exercise import Misconception

NOT_COUNTED = Misconception(
    "seq-with-holes",
    "The numbers of the events do not go 1, 2, 3, ...",
    (
        "What does the first publish return, and what the second?",
        "It begins with 0, skips a number, or is the length of the history, which stops growing when that is full.",
        "`self.seq += 1` in publish, from 0, whatever is kept; and return it.",
    ),
)
RAISES = Misconception(
    "history-raises",
    "A question about the past raises, so one client with an odd `since` ends the connection.",
    (
        "Ask for a seq that there never was, and of a room in which nothing was said.",
        "An index is out of range, or a comparison meets None.",
        "Answer `([], True)` for what you cannot give, and `([], False)` for nothing missed.",
    ),
)
NOT_ALL = Misconception(
    "missed-events-not-all",
    "Who asks for what it missed gets another part of it: one too few, one too many, or in another order.",
    (
        "The client has heard number 5 and asks since 5. Which is the first that it must get?",
        "The comparison is off by one, or positions in the list are taken for numbers.",
        "`[(seq, text) for seq, text in self.kept if seq > since_seq]`",
    ),
)
EDGE = Misconception(
    "edge-of-the-history",
    "At the edge of the history, a full answer is called a gap, or a gap a full answer.",
    (
        "Ten are kept: 11 to 20. Can you give everything to a client that heard 10? And 9?",
        "The oldest that is kept is compared with the wrong number.",
        "Everything can be given when `since_seq + 1 >= the oldest kept number`.",
    ),
)
HIDDEN = Misconception(
    "gap-is-hidden",
    "What is kept is given although a part is missing, or the gap is not told: the member shows a wrong screen.",
    (
        "Five of the eight missed events are still there. What do you answer?",
        "The last five, without a word: the client cannot know about the other three.",
        "When not all can be given: `return [], True`.",
    ),
)
EPOCH_IGNORED = Misconception(
    "epoch-ignored",
    "A number of another epoch is believed, so after a restart a client gets the wrong events, or none.",
    (
        "The server was started anew and counts from 1 again. What does seq 5 of before mean?",
        "Nothing: numbers of two epochs cannot be compared.",
        "`if epoch != self.epoch: return [], True`, first.",
    ),
)
FUTURE = Misconception(
    "future-is-believed",
    "A client claims to have heard more than was ever said, and is told that it missed nothing.",
    (
        "What do you answer to a seq that is larger than the newest?",
        "It cannot be true, so you do not know what this client knows.",
        "`if since_seq > self.seq: return [], True`",
    ),
)
SHARED_LIST = Misconception(
    "history-given-away",
    "The caller gets the history itself, and what it does to the list, it does to the room.",
    (
        "Empty the list that you got, and ask again.",
        "It is the same object that the room keeps.",
        "Return a new list: `list(...)` or a comprehension.",
    ),
)
