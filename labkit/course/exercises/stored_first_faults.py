"""How answers to 08-stored-first go wrong, and what is said of each: to the board, and to its author in three steps."""

from labkit.course.exercise import Misconception

RAISES = Misconception(
    "full-disk-raises",
    "A disk that is full raises out of commit, and ends the loop that serves everybody.",
    (
        "What does `store` do when the disk is full, and who catches it?",
        "The OSError leaves commit, so the server ends, or the next commit never comes.",
        "`try: self.store(batch)` ... `except OSError: return batch`",
    ),
)
NOT_TOLD = Misconception(
    "stored-but-not-told",
    "What was stored is not told to everybody, each once and in the order in which it came.",
    (
        "Publish three events, commit, and look at what `tell` was called with.",
        "An event is told from the wrong end, twice, or never; or it stays in the queue.",
        "`for event in batch: self.tell(event)`, behind the store.",
    ),
)
TOLD_FIRST = Misconception(
    "told-before-stored",
    "Members hear of an event that is not stored yet; if the process ends here, nobody can prove that it was.",
    (
        "In which line does the first member hear of it, and in which is it stored?",
        "tell is called in publish, or in front of store.",
        "In commit: first `self.store(batch)`, and only behind it the loop with tell.",
    ),
)
ONE_BY_ONE = Misconception(
    "one-commit-an-event",
    "Every event is stored by itself, and a disk makes a few hundred commits a second.",
    (
        "How often is `store` called for ten events in one tick?",
        "It stands inside the loop, or in publish.",
        "`self.store(batch)` once, with the whole list.",
    ),
)
EMPTY = Misconception(
    "empty-commit",
    "With nothing to store, the disk is asked all the same, sixty times a second.",
    (
        "What does commit do when nobody said anything?",
        "`store([])` is a commit like any other.",
        "`if not self.waiting: return []`",
    ),
)
TOLD_UNSTORED = Misconception(
    "told-although-not-stored",
    "The disk was full, and the members were told nevertheless.",
    (
        "Follow commit when `store` raises.",
        "The error is caught, and the loop that tells runs on.",
        "Return from the except branch; tell nobody.",
    ),
)
REFUSED_SILENTLY = Misconception(
    "refused-without-a-word",
    "Nobody learns which events were not stored, so no sender can be answered `unavailable`.",
    (
        "What does commit return when the disk was full? And when all went well?",
        "It returns nothing, or something else than the list of those that were refused.",
        "Refused: `return batch`. Stored: `return []`.",
    ),
)
TRIED_AGAIN = Misconception(
    "refused-yet-stored-later",
    "An event that was refused is stored with the next commit: its sender says it again, and it is there twice.",
    (
        "After a refusal, what waits for the next commit?",
        "The batch is still in the queue, although its senders were told that it is not stored.",
        "Take the batch out of the queue before you store it: `batch, self.waiting = self.waiting, []`.",
    ),
)
LOST_MEANWHILE = Misconception(
    "published-meanwhile-is-lost",
    "What is published while commit tells others is lost, or told without having been stored.",
    (
        "`tell` may lead to another publish. Where does that event go?",
        "The queue is emptied after the loop, or the loop runs over the queue itself, which grows.",
        "`batch, self.waiting = self.waiting, []`, before anything else; then work with batch only.",
    ),
)
