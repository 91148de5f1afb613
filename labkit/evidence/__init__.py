"""What a probe of the reviewer or a check of an exercise found, and how one runs. Knows neither of the two."""

from labkit.evidence.outcome import CannotTell, NotHeld, NotSeen, Outcome, Verdict, broken, held, unknown

__all__ = ["CannotTell", "NotHeld", "NotSeen", "Outcome", "Verdict", "broken", "held", "unknown"]
