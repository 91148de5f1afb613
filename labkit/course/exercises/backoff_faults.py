"""How answers to 07-backoff go wrong, and what is said of each: to the board, and to its author in three steps."""

from labkit.course.exercise import Misconception

NO_SECONDS = Misconception(
    "wait-is-no-number",
    "A wait is no number of seconds, or asking for it raises.",
    (
        "Call `wait()` some times by hand, on one object, and look at what it returns.",
        "A path returns None, a generator or a list that has come to its end, or a name is missing.",
        "`wait` ends with `return self.rng.uniform(0, width)`, with the width of this try.",
    ),
)
SHARED = Misconception(
    "dice-or-count-shared",
    "The dice or the count belong to all clients: what one does changes how long another waits.",
    (
        "Where does the chance come from, and where is the number of tries kept?",
        "It is drawn from the module `random`, or the count stands in the class or in a global.",
        "In `__init__`: `self.rng = rng` and `self.tries = 0`; draw with `self.rng.uniform(...)`.",
    ),
)
ALL_AT_ONCE = Misconception(
    "everybody-at-once",
    "There is no chance in the wait: all who fell together knock together.",
    (
        "A thousand clients lose one server. What differs between them?",
        "Each computes the same number from the same try, so all come in the same moment.",
        "`self.rng.uniform(0, width)`: drawn anew for each wait.",
    ),
)
NARROW = Misconception(
    "jitter-too-narrow",
    "Chance moves the wait a little instead of making it: the crowd comes in a part of the time that there is.",
    (
        "How short can a wait be, and how long, within the width of this try?",
        "Something fixed is added before or after the draw, so a part of the width stays empty.",
        "Full jitter: `self.rng.uniform(0, width)`, and nothing added.",
    ),
)
WINDOW_IGNORED = Misconception(
    "window-ignored",
    "The first wait does not come from the window that the server told.",
    (
        "Look at the width of the very first wait: where does it come from?",
        "Only the server knows how many clients there are. A constant is right for one crowd only.",
        "With no try behind it, the width is `self.window_s`.",
    ),
)
NO_GROWTH = Misconception(
    "waits-do-not-double",
    "Further waits are not drawn from 1, 2, 4, 8, 16 seconds.",
    (
        "Write down the width of the second, third and fourth wait.",
        "The count is not raised with each wait, or the doubling begins with another power.",
        "For the n-th try after the first (n = 1, 2, ...): `2.0 ** (n - 1)`, and then count.",
    ),
)
NO_CAP = Misconception(
    "no-cap",
    "After a long outage a wait is longer than 30 s, or the doubling itself raises.",
    (
        "How wide is the fiftieth wait? And the twelve hundredth?",
        "2 ** 50 seconds are thirty million years; as a float, 2.0 ** 1200 raises OverflowError.",
        "`min(CAP_S, 2.0 ** min(tries, 10))`: bound the exponent, then the width.",
    ),
)
CAP_GATHERS = Misconception(
    "cap-gathers-the-crowd",
    "The cap is laid on the drawn wait, so that it brings together those whom chance had spread.",
    (
        "What becomes of all the waits that are drawn beyond 30 s?",
        "`min(30, drawn)` makes each of them exactly 30: everybody at once again, half a minute later.",
        "Cap the width, then draw: `self.rng.uniform(0, min(CAP_S, width))`.",
    ),
)
WINDOW_FORGOTTEN = Misconception(
    "window-forgotten",
    "After the first wait the window is forgotten, so a large crowd is pressed into one second.",
    (
        "The window is 45 s, as the crowd is large. How wide is the second wait?",
        "1 s: the same crowd, in a forty-fifth of the time that it needs.",
        "`max(self.window_s, ...)` around the width of every further wait; it may exceed the cap.",
    ),
)
NEVER_RESET = Misconception(
    "never-reset",
    "A client that was connected for an hour waits as if it had failed all day.",
    (
        "What does your `ended` do after a connection that was let in and lived?",
        "The count only ever grows.",
        "In `ended`: `if was_let_in and lived_s >= 10: self.tries = 0`.",
    ),
)
RESET_EARLY = Misconception(
    "reset-when-it-opens",
    "An opened connection counts as success, so a server that accepts and closes is called again without end.",
    (
        "A server lets in and closes at once, again and again. How often does your client call?",
        "It resets when the connection opens, or without asking both: was it let in, and did it live?",
        "`if was_let_in and lived_s >= 10:`, both, before the count is set to 0.",
    ),
)
