"""A clock that moves only when it is told to: minutes of a rule's life in microseconds of ours."""


class Clock:
    """Seconds on a virtual clock; `now` is what the rules take as an argument."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def tick(self, seconds: float) -> float:
        """Let time pass; the new now."""
        self.now += seconds
        return self.now
