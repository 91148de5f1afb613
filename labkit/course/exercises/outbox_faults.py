"""How answers to 06-outbox go wrong, and what is said of each: to the board, and to its author in three steps."""

from labkit.course.exercise import Misconception

WRONG_BYTES = Misconception(
    "frames-lost-or-disordered",
    "What is taken is not what was offered, in the order in which it was offered.",
    (
        "Offer three frames, take them one by one, and compare.",
        "A frame is taken from the wrong end, given twice, or joined with another.",
        "`self.waiting.popleft()` from a `collections.deque`, appended on the right.",
    ),
)
RAISES = Misconception(
    "outbox-raises",
    "A full or empty outbox raises, so one slow member ends the loop that serves the room.",
    (
        "What happens when nothing is waiting, and what when the limit is reached?",
        "Full is an answer here, not an error: the caller decides what becomes of the member.",
        "Return False when it does not fit; return [] when nothing waits.",
    ),
)
NO_LIMIT = Misconception(
    "nothing-is-refused",
    "There is no limit in bytes, or it is looked at only after the frame was taken in.",
    (
        "A member never reads. How much do you hold for it in the end?",
        "The sum is not compared with max_bytes, or only after the append.",
        "`if self.held + len(frame) > self.max_bytes:`, before anything is kept.",
    ),
)
COUNTS_FRAMES = Misconception(
    "frames-are-counted",
    "Frames are counted instead of bytes, so a few large ones are megabytes, or many small ones are refused.",
    (
        "What is the unit of your limit?",
        "A frame may have ten bytes or sixty thousand; a count says nothing about memory.",
        "Sum up `len(frame)`.",
    ),
)
EXACT = Misconception(
    "limit-off-by-one",
    "Exactly the limit is refused, or one byte more is kept.",
    (
        "max_bytes is the most that may wait. Does a frame that just fits, fit?",
        "The comparison has an equals sign too many or too few.",
        "Refuse when `held + len(frame) > max_bytes`.",
    ),
)
NEVER_SHRINKS = Misconception(
    "taken-still-counts",
    "What was taken is still counted, so a member that reads well is refused after a while.",
    (
        "Follow the sum of bytes through an offer and a take.",
        "It is raised by offer, and not lowered by take.",
        "`self.held -= len(frame)` for each frame that take returns.",
    ),
)
NO_AGE = Misconception(
    "age-not-looked-at",
    "A member that stopped reading is kept, as what waits for it is small.",
    (
        "A quiet room, a dead member, three small frames. When do you notice?",
        "The limit in bytes alone takes hours to be reached in a quiet room.",
        "Keep the time with each frame: `self.waiting.append((now, frame))`, and look at the oldest.",
    ),
)
WRONG_AGE = Misconception(
    "age-of-the-wrong-frame",
    "The age is not that of the oldest frame that still waits.",
    (
        "Whose age do you look at: the first frame ever, the newest, or the oldest that still waits?",
        "A time is kept once and not renewed when frames are taken, or is renewed with every offer.",
        "`now - self.waiting[0][0] > self.max_age_s`, only while something waits.",
    ),
)
REFUSED_IS_KEPT = Misconception(
    "refused-yet-kept",
    "After a refusal something is still held, although the member is being closed and its memory is wanted back.",
    (
        "What does `held_bytes` say after offer has returned False?",
        "The frames that waited stay until somebody collects the object, for a member that gets none of them.",
        "Before `return False`: `self.waiting.clear()`, and set the sum to 0.",
    ),
)
OPENS_AGAIN = Misconception(
    "refused-and-accepted-again",
    "After a refusal a later frame is accepted, so the member would see a hole.",
    (
        "One frame was refused. May the next, smaller one be taken in?",
        "Then the member misses one in the middle, and does not know.",
        "`self.is_over = True` at the first refusal; an outbox that is over refuses all.",
    ),
)
TAKE_IGNORES_SIZE = Misconception(
    "take-ignores-its-limit",
    "take returns more than was asked for, or nothing when the first frame is larger than that.",
    (
        "take(100) with frames of 60 bytes: how many? And with one of 500?",
        "The limit is not looked at, or is looked at before the first frame.",
        "Take the first one in any case, and further ones while the sum stays within most_bytes.",
    ),
)
