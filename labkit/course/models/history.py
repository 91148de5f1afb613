"""What 03-history asks for, as a class, and the situations in which an answer is compared with it."""

from random import Random

from labkit.course.models.situations import Situation, Step, call, fill, make, spoil

Event = tuple[int, str]
HUGE = 10**30
# Pairs that differ by one thing: case, white space, a leading zero, an alphabet, normalisation, a beginning, an end.
ALIKE = (
    ("a1", "A1"),
    ("a1", "a1 "),
    ("a1", " a1"),
    ("a1", "a1\n"),
    ("a1", "a01"),
    ("a1", "a\u0661"),
    ("a1", "\u04301"),
    ("\u00e9", "e\u0301"),
    ("a1", "a10"),
    ("a10", "a1"),
    ("1a", "a"),
    ("stra\u00dfe", "strasse"),
    ("a1", "\ufeffa1"),
)
TEXTS = ("", "x", "y", "x", "\U0001f40b", "\ud83d", "1", "None", " ")


class Reference:
    """What the text asks for."""

    def __init__(self, epoch: str, keeps: int) -> None:
        self.epoch = epoch
        self.keeps = keeps
        self.texts: list[str] = []
        self.is_given_away = False  # a caller changed what it returned

    @property
    def newest(self) -> int:
        """The number of the newest event; 0 for none."""
        return len(self.texts)

    @property
    def forgotten(self) -> int:
        """How many events are no longer kept."""
        return max(0, self.newest - self.keeps)

    def publish(self, text: str) -> int:
        """Number the event, and keep it."""
        self.texts.append(text)
        return self.newest

    def since(self, epoch: str | None, seq: int) -> tuple[list[Event], bool]:
        """Return what was missed, or that it cannot be given."""
        if epoch != self.epoch or not self.forgotten <= seq <= self.newest:
            return [], True
        return [(number, self.texts[number - 1]) for number in range(seq + 1, self.newest + 1)], False


def permits(situation: Situation) -> bool:
    """Whether it keeps to the text: a room has an epoch and keeps at least one event."""
    return all(step[2][0] and step[2][1] >= 1 for step in situation if step[0] == "make")


def publish(rng: Random, room: str = "room") -> Step:
    """Publish a text; some are equal to others."""
    return call(f"{room}.publish", rng.choice(TEXTS))


def since(epoch: str | None, seq: int, room: str = "room") -> Step:
    """Ask for what was missed."""
    return call(f"{room}.since", epoch, seq)


def draw_seq(rng: Random) -> Situation:
    """Publish into a room that keeps few of them."""
    return (make("room", "e", rng.randint(1, 5)), *(publish(rng) for _ in range(rng.randint(1, 20))))


def draw_missed(rng: Random) -> Situation:
    """Questions in a room that still keeps everything, each by a client that missed something."""
    steps, count = [make("room", "e", 50)], 0
    for _ in range(rng.randint(2, 14)):
        steps.append(publish(rng))
        count += 1
        if rng.random() < 0.4:
            steps.append(since("e", rng.choice((0, count - 1, rng.randrange(count)))))
    return (*steps, since("e", rng.randrange(count)))


def draw_nothing_missed(rng: Random) -> Situation:
    """Questions by a client that received everything, which may be nothing."""
    steps, count = [make("room", "e", rng.choice((1, 2, 50)))], 0
    for _ in range(rng.randint(0, 8)):
        if rng.random() < 0.3:
            steps.append(since("e", count))
        else:
            steps.append(publish(rng))
            count += 1
    return (*steps, since("e", count))


def draw_gap(rng: Random) -> Situation:
    """Questions about events long forgotten, never one at the edge."""
    keeps = rng.randint(1, 6)
    count = keeps + rng.choice((2, 3, rng.randint(2, 30)))
    steps = [make("room", "e", keeps), *(publish(rng) for _ in range(count))]
    for _ in range(rng.randint(1, 3)):
        steps.append(since("e", rng.choice((0, count - keeps - 2, rng.randint(0, count - keeps - 2)))))
    return tuple(steps)


def draw_edge(rng: Random) -> Situation:
    """Questions by a client that missed one event less than is kept, exactly as many, or one more."""
    keeps = rng.randint(1, 6)
    steps = [make("room", "e", keeps)]
    for count in range(1, keeps + rng.choice((0, 1, rng.randint(0, 9))) + 1):
        steps.append(publish(rng))
        seq = max(0, count - keeps) + rng.choice((-1, 0, 1))
        if 0 <= seq <= count and rng.random() < 0.5:
            steps.append(since("e", seq))
    return (*steps, since("e", max(0, count - keeps - rng.randint(0, 1))))


def draw_epoch(rng: Random) -> Situation:
    """Questions from another epoch, which may look like the room's, about events still kept; or in an empty room."""
    mine, other = rng.choice(ALIKE) if rng.random() < 0.7 else ("a1", rng.choice(("b", "", None, "a" * 200)))
    keeps, count = rng.choice((1, 3, 50)), rng.choice((0, 0, 1, rng.randint(2, 9)))
    steps = [make("room", mine, keeps), *(publish(rng) for _ in range(count))]
    for _ in range(rng.randint(1, 3)):
        steps.append(since(other, rng.choice((max(0, count - keeps), count, max(0, count - 1), count + 1))))
    return tuple(steps)


def draw_future(rng: Random) -> Situation:
    """Questions about numbers that were never published, also in an empty room."""
    count = rng.choice((0, 1, rng.randint(2, 9)))
    steps = [make("room", "e", rng.choice((1, 3, 50))), *(publish(rng) for _ in range(count))]
    for _ in range(rng.randint(1, 3)):
        steps.append(since("e", rng.choice((count + 1, count + 1, count + 2, count + 500, HUGE))))
    return tuple(steps)


def draw_own(rng: Random) -> Situation:
    """Two rooms, of one epoch or two; questions of all kinds; and lists that the caller clears or fills."""
    rooms = {"one": Reference("e", rng.randint(1, 5)), "two": Reference(rng.choice("ef"), rng.randint(1, 5))}
    steps = [make(name, room.epoch, room.keeps) for name, room in rooms.items()]
    for _ in range(rng.randint(3, 14)):
        name = rng.choice(("one", "two"))
        room = rooms[name]
        seq = rng.choice((rng.randint(room.forgotten, room.newest), room.forgotten, room.newest, room.newest + 1))
        asked = since(room.epoch, seq, name)
        steps.append(rng.choice((publish(rng, name), publish(rng, name), asked, spoil(asked, 0), fill(asked, 0))))
        if steps[-1][1].endswith(".publish"):
            room.publish(*steps[-1][2])
    return (*steps, *(since(room.epoch, room.forgotten, name) for name, room in rooms.items()))
